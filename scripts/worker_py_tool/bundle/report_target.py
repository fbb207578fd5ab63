"""Where the reports of a bundle go: a DSN of Sentry's kind, or the address of our own sink."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from worker_py_tool.bundle import origins
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import version

OPTION = "--report-to"
INGEST = "reports/envelope"
"""Where our own sink takes them, under its address."""
_EXAMPLES = f"A DSN looks like https://KEY@sentry.example/42, our own sink like https://app.example/{INGEST}"


@dataclass(frozen=True, slots=True)
class ReportTarget:
    """What the page has to know of a sink.

    Attributes:
        url: Where entries are posted; without an origin: that of the page.
        several: It takes several entries in one request.
        dsn: As it was given; None for our own sink.
    """

    url: str
    several: bool
    dsn: str | None = None

    @property
    def origin(self) -> str | None:
        """What the page must be allowed to connect to; None when that is its own host."""
        return None if self.url.startswith("/") else origins.origin_of(self.url, OPTION)


def read(text: str) -> ReportTarget:
    """Read what `--report-to` says.

    Args:
        text: `https://KEY@HOST[/PATH]/PROJECT`, an address, or a path on the page's own host.

    Raises:
        ToolError: It is none of them.
    """
    if re.fullmatch(r"/[\w./-]*", text) and not text.startswith("//"):
        return ReportTarget(text, several=True)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ToolError(f"{OPTION} {text}: not an address", _EXAMPLES) from None
    if parts.scheme not in ("https", "http") or not parts.hostname or re.search(r"\s", text):
        raise ToolError(f"{OPTION} {text}: neither a DSN nor an http(s) address", _EXAMPLES)
    host = parts.hostname if port is None else f"{parts.hostname}:{port}"
    if parts.username is None:
        return _checked(ReportTarget(text, several=True))
    path, _, project = parts.path.rpartition("/")
    if parts.password is not None:
        raise ToolError(f"{OPTION}: the DSN holds a secret, and every browser would have it", "Use the public DSN.")
    if not re.fullmatch(r"\w+", parts.username) or not re.fullmatch(r"\d+", project) or parts.query or parts.fragment:
        raise ToolError(f"{OPTION} {text}: not a DSN", _EXAMPLES)
    query = f"sentry_key={parts.username}&sentry_version=7&sentry_client={quote(f'worker-py/{version()}')}"
    url = f"{parts.scheme}://{host}{path}/api/{project}/envelope/?{query}"
    return _checked(ReportTarget(url, several=False, dsn=text))


def _checked(target: ReportTarget) -> ReportTarget:
    origin = target.origin
    if origin is not None and origins.is_insecure(origin):
        raise ToolError(f"{OPTION} {origin}: a page that came by https cannot send to plain http", "Use https.")
    return target
