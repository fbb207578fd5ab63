"""Origins as the command line takes them, and the Content-Security-Policy made of them."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from worker_py_tool.errors import ToolError

LOOPBACK_PORTALS = ("http://localhost:*", "http://*.localhost:*", "http://127.0.0.1:*")
ANY_PORTAL = ("https:", *LOOPBACK_PORTALS)
"""Without --portal: any https parent, and the loopback addresses of demos and tests."""
CONNECT_SCHEMES = ("wss", "https", "ws", "http")

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_HOST = rf"(?:(?:\*\.)?{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])"
_LOOPBACK = re.compile(r"(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])(?::.*)?")
_SUFFIX = re.compile(r"(?:(?:co|com|net|org|gov|edu|ac|or|ne|go|gob|in)\.[a-z]{2}|[a-z]{2,}|xn--[a-z0-9-]+|[\d.]+)")
"""What a registry gives names under, so that a pattern for it means anybody."""
_OWN_SUFFIX = frozenset({"localhost", "local", "lan", "internal", "intranet", "corp", "home", "private"})
"""Under these a network gives its own names."""
_ORIGIN = re.compile(rf"(?P<scheme>[a-z]+)://{_HOST}(?::(?:\d{{1,5}}|\*))?")


def origin(text: str, option: str, schemes: Sequence[str] = ("https", "http")) -> str:
    """Check an origin or origin pattern from the command line; a policy is no place for anything else.

    Args:
        text: As given, such as `https://*.bitrix24.com`; one slash at its end is forgiven.
        option: The option it came from, for the message.
        schemes: What it may begin with.

    Raises:
        ToolError: It is no origin, or a pattern for everybody's.
    """
    candidate = text.strip().lower().removesuffix("/")
    match = _ORIGIN.fullmatch(candidate)
    if match is None or match["scheme"] not in schemes:
        raise ToolError(
            f"{option} {text}: not an origin",
            f"Give scheme and host, with a port where there is one, such as {schemes[0]}://portal.example or {schemes[0]}://*.portal.example",
        )
    _, pattern, suffix = candidate.partition("://*.")
    suffix = re.sub(r":(?:\d+|\*)$", "", suffix)
    if pattern and _SUFFIX.fullmatch(suffix) and suffix not in _OWN_SUFFIX:
        raise ToolError(
            f"{option} {text}: anybody may have a name under {suffix}",
            f"Name the sites that you mean, such as {match['scheme']}://*.company.{suffix}",
        )
    return candidate


def is_insecure(portal: str) -> bool:
    """Whether the pages of a portal, and all that they frame, are no secure context: plain http, and not this machine.

    Args:
        portal: An origin or a pattern of some.
    """
    host = portal.partition("://")[2].rstrip("/")
    return portal.lower().startswith("http://") and not _LOOPBACK.fullmatch(host.lower())


def origin_of(url: str, option: str) -> str:
    """The origin of an absolute http(s) address.

    Raises:
        ToolError: It has none.
    """
    parts = urlsplit(url)
    return origin(f"{parts.scheme}://{parts.netloc}", option)


def content_security_policy(portals: Sequence[str], scripts: Sequence[str], connect: Sequence[str]) -> str:
    """The policy of the placement page and of its workers, which need the header of their own.

    Args:
        portals: Who may frame the page; its REST requests go there too.
        scripts: Sources of scripts beside the bundle's own files: the page's inline one, and where BX24 comes from.
        connect: What the integrator's page scripts talk to.
    """
    directives = {
        "default-src": ["'none'"],
        "script-src": ["'self'", "'wasm-unsafe-eval'", *scripts],
        "worker-src": ["'self'"],
        "connect-src": ["'self'", *portals, *connect],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "media-src": ["'self'", "blob:", "mediastream:"],
        "frame-ancestors": list(portals),
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(dict.fromkeys(values))}" for name, values in directives.items())
