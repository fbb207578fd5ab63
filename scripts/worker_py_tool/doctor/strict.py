"""What `doctor --strict` asks for beyond that the handler works: what many operators should not do without."""

import re
from typing import Any

from worker_py_tool.doctor.findings import Examination
from worker_py_tool.doctor.http import Answer
from worker_py_tool.doctor.page import embedded_json
from worker_py_tool.doctor.policy import parse
from worker_py_tool.json_content import json_object

MONTHS_S = 15_552_000
"""Half a year: what `Strict-Transport-Security` should say at least."""
_LOOPBACK = re.compile(r"http://(localhost|127\.|\*\.localhost)")


def examine_strictly(page: Answer, seen: Examination) -> None:
    """Judge the page's configuration, its policy, and how it is encrypted."""
    _judge_transport(page, seen)
    _judge_portals(page, seen)
    config = json_object(embedded_json(page.content, "worker-py-config") or b"")
    if config is None:
        seen.fail("config", "the page says nothing of its build", "Serve the bundle's index.html as it is.")
        return
    _judge_build(config, seen)
    _judge_reports(config, seen)


def _judge_transport(page: Answer, seen: Examination) -> None:
    said = page.header("strict-transport-security")
    age = re.search(r"max-age=\"?(\d+)", said, re.IGNORECASE)
    if age is not None and int(age[1]) >= MONTHS_S:
        seen.ok("transport", said)
    else:
        shown = said or "Strict-Transport-Security is missing"
        remedy = f"Send Strict-Transport-Security: max-age={2 * MONTHS_S}, once all of the name is served by https."
        seen.fail("transport", f"{shown}: a browser may be led to plain http", remedy)


def _judge_portals(page: Answer, seen: Examination) -> None:
    policies = parse(page.headers.get("content-security-policy", ()))
    frames = [one["frame-ancestors"] for one in policies if "frame-ancestors" in one]
    framed = frames[0] if frames else ["*"]
    others = [each for each in framed if each in ("*", "https:", "http:") or _LOOPBACK.match(each)]
    if others:
        remedy = "Build with --portal for each portal: others can frame the page then, and draw over it."
        seen.fail("portals", f"framed by {' '.join(others)}", remedy)
    else:
        seen.ok("portals", "only the portals that were named may frame the page")


def _judge_build(config: dict[str, Any], seen: Examination) -> None:
    if config.get("live"):
        seen.fail("live", "pages may bring other Python for the app", "Build it by worker-py build: this is a demo's.")
    else:
        seen.ok("live", "the app is the one that was built")
    client = str(config.get("bx24_url", ""))
    if client.startswith("http://"):
        seen.fail("client", f"{client} comes without encryption", "Give --bx24-url an https address, or a file.")
    else:
        seen.ok("client", client or "in the bundle")


def _judge_reports(config: dict[str, Any], seen: Examination) -> None:
    report = config.get("report")
    if not isinstance(report, dict):
        remedy = "Build with --report-to: see docs/reports.md."
        seen.fail("reports", "nobody hears of what fails in the browsers", remedy)
    elif report.get("messages"):
        remedy = "Build without --report-messages: what exceptions say may hold numbers and names of calls."
        seen.fail("reports", "the sink gets what exceptions say", remedy)
    elif str(report.get("url", "")).startswith("http://"):
        seen.fail("reports", "reports travel without encryption", "Give --report-to an https address.")
    else:
        seen.ok("reports", "failures are reported, without a word of a call")
