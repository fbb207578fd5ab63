"""Examines a deployed handler from outside, as a portal and a browser would meet it."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from worker_py_tool.bundle import manifest, origins
from worker_py_tool.doctor.findings import Examination
from worker_py_tool.errors import ToolError

REQUESTS = 20
"""How often the page is posted, to see how fast it comes."""


@dataclass(frozen=True, slots=True)
class Questions:
    """What the doctor is asked.

    Attributes:
        url: the handler's address, as it is or will be registered.
        portals: origins that have to be able to frame the page.
        requests: how often the page is posted.
        bundle: the directory of the bundle that ought to be there, when it is at hand.
        boot: load the page in an installed browser too.
        strict: ask for what production wants beyond that it works.
    """

    url: str
    portals: Sequence[str] = ()
    requests: int = REQUESTS
    bundle: Path | None = None
    boot: bool = False
    strict: bool = False


def examine(questions: Questions) -> Examination:
    """Examine a handler.

    Raises:
        ToolError: the address or an option makes no sense, or nothing answers there.
    """
    from worker_py_tool.doctor.assets import Assets  # these need what `needs` has installed
    from worker_py_tool.doctor.http import Host
    from worker_py_tool.doctor.page import examine_headers, examine_page, examine_policy
    from worker_py_tool.doctor.strict import examine_strictly
    from worker_py_tool.doctor.versions import tell_versions

    check_address(questions.url)
    portals = [origins.origin(text, "--portal") for text in questions.portals]
    expected = manifest.read(questions.bundle) if questions.bundle else None
    seen = Examination(questions.url)
    judge_address(seen)
    host = Host()
    page = examine_page(host, seen, questions.requests)
    if page is None:
        return seen
    assets = Assets(host, questions.url, page, seen)
    assets.find(expected)
    examine_headers(page, seen)
    examine_policy(page, seen, portals, assets.policy, assets.client_origin)
    assets.examine(portals)
    tell_versions(page.content, seen)
    if questions.strict:
        examine_strictly(page, seen)
    if questions.boot:
        _boot(seen, page.content, portals)
    return seen


def _boot(seen: Examination, page: bytes, portals: Sequence[str]) -> None:
    from worker_py_tool.doctor.boot import examine_boot
    from worker_py_tool.setup import chromium

    executable = chromium.find_installed()
    if executable is None:
        remedy = (
            "Install Chromium or Chrome, or name its program in WORKER_PY_CHROMIUM; or leave this out by --no-boot."
        )
        seen.warn("boot", "not tried: there is no browser here", remedy)
    else:
        examine_boot(seen, executable, page, portals)


def check_address(url: str) -> None:
    """Refuse what is no address of a handler.

    Raises:
        ToolError: as said.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ToolError(f"{url}: not an http(s) address", "Give the handler's, such as https://app.example/")


def judge_address(seen: Examination) -> None:
    """Tell whether a portal would take this address."""
    parts = urlsplit(seen.url)
    name = parts.hostname or ""
    if is_loopback(name):
        seen.warn(
            "address", f"{name} is this machine", "The portal refuses such a handler: give it a public name for use."
        )
    elif is_ip_address(name) or "." not in name:
        seen.fail("address", f"{name} is no public domain name", "The portal refuses such a handler: give it a domain.")
    elif parts.scheme == "http":
        seen.fail(
            "address",
            "the page is served without encryption",
            "An https portal cannot frame it, and tokens would travel readable: serve it by https.",
        )
    else:
        seen.ok("address", f"https, and {name} is a domain name")


def is_ip_address(name: str) -> bool:
    """Whether a host is named by its number."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(name: str) -> bool:
    """Whether a host is this machine."""
    if is_ip_address(name):
        return ipaddress.ip_address(name).is_loopback
    return name == "localhost" or name.endswith(".localhost")
