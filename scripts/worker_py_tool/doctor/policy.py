"""Reads a Content-Security-Policy as a browser does, as far as the placement page depends on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

Policy = Mapping[str, Sequence[str]]
"""Directives by name, in lower case, with their sources."""

FALLBACKS = {
    "script-src": ("default-src",),
    "worker-src": ("child-src", "script-src", "default-src"),
    "connect-src": ("default-src",),
    "style-src": ("default-src",),
}
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a policy.

    Attributes:
        fatal: whether the page or its security breaks.
        text: what is wrong.
    """

    fatal: bool
    text: str


def parse(headers: Sequence[str]) -> list[Policy]:
    """Read the values of the header; each policy in them holds on its own.

    Args:
        headers: the values of all headers of the name; commas part policies in one value.
    """
    policies: list[Policy] = []
    for text in (part for header in headers for part in header.split(",")):
        policy: dict[str, list[str]] = {}
        for directive in text.split(";"):
            name, *sources = directive.split() or [""]
            if name and name.lower() not in policy:  # a browser takes the first
                policy[name.lower()] = sources
        if policy:
            policies.append(policy)
    return policies


def sources(policy: Policy, name: str) -> Sequence[str] | None:
    """The sources of a directive, or of what stands in for it; None when nothing restricts it."""
    for candidate in (name, *FALLBACKS.get(name, ())):
        if candidate in policy:
            return policy[candidate]
    return None


def allows(policy: Policy, name: str, origin: str) -> bool:
    """Whether a directive lets an origin through; ``'self'`` is no origin: ask for it by that word."""
    listed = sources(policy, name)
    return listed is None or any(one == origin or _covers(one, origin) for one in listed)


def _covers(source: str, origin: str) -> bool:
    if source.startswith("'"):
        return False
    if source == "*":
        return True
    if source.endswith(":") and "//" not in source:
        return origin.startswith(f"{source}//")
    wanted, given = urlsplit(origin), urlsplit(source if "://" in source else f"https://{source}")
    if given.scheme != wanted.scheme and (given.scheme, wanted.scheme) not in (("http", "https"), ("ws", "wss")):
        return False
    return _host_covers(given.netloc, wanted.netloc, given.scheme, wanted.scheme)


def _host_covers(given: str, wanted: str, given_scheme: str, wanted_scheme: str) -> bool:
    given_host, given_port = _split(given, given_scheme)
    wanted_host, wanted_port = _split(wanted, wanted_scheme)
    upgraded = given_port == str(DEFAULT_PORTS[given_scheme]) and wanted_port == str(DEFAULT_PORTS[wanted_scheme])
    if given_port not in ("*", wanted_port) and not upgraded:
        return False
    if given_host.startswith("*."):
        return wanted_host.endswith(given_host[1:])
    return given_host == wanted_host


def _split(netloc: str, scheme: str) -> tuple[str, str]:
    host, colon, port = netloc.rpartition(":")
    if not colon or "]" in port:
        return netloc.lower(), str(DEFAULT_PORTS.get(scheme, ""))
    return host.lower(), port


def flaws(policy: Policy, *, portals: Sequence[str] = (), scripts: Sequence[str] = ()) -> list[Flaw]:
    """What is wrong with a policy for the page, or for its worker.

    Args:
        policy: one policy.
        portals: whom REST requests go to.
        scripts: origins that the page loads scripts from.
    """
    found = [
        Flaw(True, f"{name} lacks 'self': {why}") for name, why in NEEDS_SELF if not allows(policy, name, "'self'")
    ]
    script = sources(policy, "script-src")
    if script is not None and not {"'wasm-unsafe-eval'", "'unsafe-eval'"} & set(script):
        found.append(Flaw(True, "script-src lacks 'wasm-unsafe-eval': Python cannot start"))
    found += [
        Flaw(True, f"script-src does not allow {origin}, where the page loads a script from")
        for origin in scripts
        if not allows(policy, "script-src", origin)
    ]
    found += [
        Flaw(True, f"connect-src does not allow {origin}: REST requests fail")
        for origin in portals
        if not allows(policy, "connect-src", origin)
    ]
    if "sandbox" in policy:
        found.append(Flaw(True, "sandbox takes the page's origin or its scripts away"))
    return found + _laxities(script)


NEEDS_SELF = (
    ("script-src", "the page's own scripts are refused"),
    ("worker-src", "the worker that runs Python is refused"),
    ("connect-src", "Python cannot be loaded"),
)


def _laxities(script: Sequence[str] | None) -> list[Flaw]:
    if script is None:
        return [Flaw(False, "there is no script-src: any script may run")]
    strict = any(one.startswith(("'nonce-", "'sha256-", "'sha384-", "'sha512-")) for one in script)
    lax = [one for one in script if one in ("'unsafe-eval'", "*", "https:", "http:", "data:", "blob:")]
    if "'unsafe-inline'" in script and not strict:
        lax.append("'unsafe-inline'")
    return [Flaw(False, f"script-src allows {one}, which nothing here needs") for one in lax]


def framing_flaw(policies: Sequence[Policy], portals: Sequence[str]) -> str:
    """Why a portal could not frame the page, or why anybody could; empty when all is well."""
    listed = [policy["frame-ancestors"] for policy in policies if "frame-ancestors" in policy]
    if not listed:
        return "frame-ancestors is missing: any page may frame this one"
    if any(set(one) <= {"'none'", "'self'"} for one in listed):
        return f"frame-ancestors {' '.join(listed[0])}: no portal may frame the page"
    for portal in portals:
        if not all(allows(policy, "frame-ancestors", portal) for policy in policies if "frame-ancestors" in policy):
            return f"frame-ancestors does not cover {portal}: the browser shows nothing there"
    return ""
