"""The doctor's HTTP: follows no redirect, asks for the encoding it wants to see, and measures.

urllib3, because it does exactly what it is told: it decodes Brotli and gzip when asked, keeps repeated headers apart,
and needs nothing else.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import urllib3

from worker_py_tool.errors import ToolError

TIMEOUT = urllib3.Timeout(connect=10, read=20)
LARGEST = 256 << 20
"""No file of a bundle is larger; more is not read."""
CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        url: what was asked for.
        status: the HTTP status.
        headers: names in lower case, each with all its values.
        content: decoded.
        broken: why the content could not be decoded or read to its end; empty when it could.
        seconds: from the request, connecting included, to the last byte.
    """

    url: str
    status: int
    headers: Mapping[str, tuple[str, ...]]
    content: bytes
    broken: str
    seconds: float

    def header(self, name: str) -> str:
        """A header's values, joined as HTTP allows; empty when it is not there."""
        return ", ".join(self.headers.get(name, ()))


class Host:
    """Asks hosts."""

    def __init__(self) -> None:
        self._kept = _pool()

    def ask(self, method: str, url: str, *, form: bytes | None = None, encoding: str = "identity") -> Answer:
        """Send a request. A form goes over a connection of its own, as from a browser that was never here.

        Args:
            method: GET or POST.
            url: an absolute address.
            form: the body, a form's.
            encoding: for Accept-Encoding.

        Raises:
            ToolError: nothing answers.
        """
        headers = {"Accept-Encoding": encoding, "User-Agent": "worker-py doctor"}
        if form is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Connection": "close"}
        pool = self._kept if form is None else _pool()
        parts = urlsplit(url)
        target = url
        if parts.scheme == "http" and (parts.hostname or "").endswith(".localhost"):
            target = url.replace(parts.netloc, f"127.0.0.1:{parts.port or 80}", 1)  # as browsers take such names
            headers["Host"] = parts.netloc
        started = time.perf_counter()
        try:
            response = pool.request(method, target, body=form, headers=headers, redirect=False, preload_content=False)
        except urllib3.exceptions.HTTPError as problem:
            raise unreachable(url, problem) from problem
        content, broken = _read(response)
        seconds = time.perf_counter() - started
        response.release_conn()
        if pool is not self._kept:
            pool.clear()
        found = {name.lower(): tuple(response.headers.getlist(name)) for name in response.headers}
        return Answer(url, response.status, found, content, broken, seconds)


def _pool() -> urllib3.PoolManager:
    """Connections; one that the host has closed since is opened again, once, and nothing else is tried twice."""
    return urllib3.PoolManager(timeout=TIMEOUT, retries=urllib3.Retry(total=1, connect=0, status=0, redirect=0))


def _read(response: urllib3.BaseHTTPResponse) -> tuple[bytes, str]:
    content = bytearray()
    try:
        for part in response.stream(CHUNK, decode_content=True):
            content += part
            if len(content) > LARGEST:
                response.close()
                return bytes(content), f"it is larger than {LARGEST >> 20} MB"
    except urllib3.exceptions.HTTPError as problem:
        response.close()
        return bytes(content), str(problem)
    return bytes(content), ""


_REFUSED = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.NameResolutionError)


def unreachable(url: str, problem: Exception) -> ToolError:
    """Say in words why nothing answers."""
    if isinstance(problem, urllib3.exceptions.MaxRetryError) and problem.reason:
        problem = problem.reason
    text = str(problem)
    parts = urlsplit(url)
    where = f"{parts.scheme}://{parts.netloc}/"
    if isinstance(problem, urllib3.exceptions.SSLError):
        return ToolError(f"{where}: TLS fails: {text}", "Browsers refuse it too: renew or complete the certificate.")
    if isinstance(problem, urllib3.exceptions.TimeoutError) and not isinstance(problem, _REFUSED):
        return ToolError(f"{where} does not answer in time: {text}", "Is the service up, and the port open?")
    return ToolError(f"{where} cannot be reached: {text}", "Check the address, and that the service is up.")
