"""scripts/doctor: the command line of `doctor`."""

import argparse
import json
import textwrap
from collections.abc import Set
from pathlib import Path

from worker_py_tool.bundle import origins, project
from worker_py_tool.command_line import REPEATABLE
from worker_py_tool.doctor.examine import REQUESTS, Questions, check_address, examine
from worker_py_tool.doctor.findings import Examination, Verdict
from worker_py_tool.errors import ToolError
from worker_py_tool.process import say
from worker_py_tool.setup.bootstrap import Need

DESCRIPTION = (
    "Examine a deployed handler from outside. Status 0: nothing is broken; 1: something is; 2: it "
    "could not be examined."
)

MARKS = {Verdict.OK: "✓", Verdict.WARN: "!", Verdict.FAIL: "✗"}
WIDTH = 110


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1000:
        raise argparse.ArgumentTypeError("give a number from 1 to 1000")
    return number


def add_options(options: argparse.ArgumentParser) -> None:
    """What its command line takes."""
    add = options.add_argument
    add("url", metavar="URL", help="the handler's address, as it is registered with the portal")
    add("--json", action="store_true", help="print the findings as JSON")
    add(
        "--portal",
        metavar="ORIGIN",
        **REPEATABLE,
        help="a portal that has to be able to frame the page; repeatable, may be a pattern (default: those of "
        "[tool.worker-py] in the pyproject.toml of this directory)",
    )
    add(
        "--requests",
        metavar="N",
        type=_count,
        default=REQUESTS,
        help=f"how often to post the page (default: {REQUESTS})",
    )
    add("--bundle", metavar="DIR", type=Path, help="the bundle that ought to be there, to compare all files with")
    add(
        "--boot",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="load the page in an installed browser, and see whether Python comes up (default: yes)",
    )
    add(
        "--strict",
        action="store_true",
        help="for production: what is worth a look counts as broken, and more is asked for (encryption for good, named "
        "portals, reports without messages)",
    )


def needs(options: argparse.Namespace) -> Set[Need]:
    """The HTTP client."""
    return {Need.DOCTOR}


def run(options: argparse.Namespace) -> int:
    """Examine, and print what was found."""
    try:
        check_address(options.url)
        portals = options.portal or project.read(None).portal
        questions = Questions(options.url, portals, options.requests, options.bundle, options.boot, options.strict)
        for text in portals:
            origins.origin(text, "--portal")
        seen = examine(questions)
    except ToolError as problem:
        if options.json:
            print(json.dumps({"url": options.url, "ok": False, "error": str(problem)}))
        else:
            say(f"error: {problem}")
        return 2
    print(json.dumps(seen.as_json(), indent=2, ensure_ascii=False) if options.json else shown(seen))
    return 1 if seen.failed or (options.strict and seen.warned) else 0


def shown(seen: Examination) -> str:
    """The findings for a person: one line each, and the remedy below what is not in order."""
    width = max(len(one.check) for one in seen.findings)
    lines = []
    for one in seen.findings:
        lines += _wrapped(f"{MARKS[one.verdict]} {one.check:<{width}}  ", one.detail)
        if one.remedy:
            lines += _wrapped(" " * (width + 4) + "→ ", one.remedy)
    counts = {verdict: sum(one.verdict is verdict for one in seen.findings) for verdict in Verdict}
    broken, warned = counts[Verdict.FAIL], counts[Verdict.WARN]
    lines += ["", f"{seen.url}: {counts[Verdict.OK]} in order, {warned} worth a look, {broken} broken"]
    return "\n".join(lines)


def _wrapped(first: str, text: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=" " * len(first), break_long_words=False
    ) or [first]
