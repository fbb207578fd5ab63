"""The server of all contenders: the same headers and encodings for each, bytes counted, the link slow if wanted."""

import functools
import json
import queue
import threading
from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from worker_py_tool.bench.emulated_link import CHUNK_BYTES, EmulatedLink
from worker_py_tool.bench.http_service import RequestHandler, Service
from worker_py_tool.serve.headers import PAGE
from worker_py_tool.serve.media_types import media_type
from worker_py_tool.serve.served_bundle import ENCODINGS, accepts

READY = "ready"
"""A page asks for this path once a handler can run."""
TOLD = "told"
"""The portal's page sends here what a frame tells it."""
READY_TIMEOUT_S = 60.0


class Tally:
    """How many bytes went to each site, headers included, and how many of them before its page was ready."""

    def __init__(self) -> None:
        self._sent: Counter[str] = Counter()
        self._until_ready: dict[str, int] = {}
        self._changed = threading.Condition()

    def start(self, site: str) -> None:
        """Count from nothing."""
        with self._changed:
            self._sent[site] = 0
            self._until_ready.pop(site, None)

    def add(self, site: str, size: int) -> None:
        """Count what was sent."""
        with self._changed:
            self._sent[site] += size

    def mark_ready(self, site: str) -> None:
        """The page says that a handler can run."""
        with self._changed:
            self._until_ready.setdefault(site, self._sent[site])
            self._changed.notify_all()

    def until_ready(self, site: str) -> int:
        """What was sent before the page was ready, in bytes.

        Raises:
            RuntimeError: It has not said so.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: site in self._until_ready, READY_TIMEOUT_S):
                raise RuntimeError(f"the page of {site} has not asked for /{READY} within {READY_TIMEOUT_S} s")
            return self._until_ready[site]


class _Meter:
    """Stands for a connection's output: counts, and paces."""

    def __init__(self, output: Any, tally: Tally, link: EmulatedLink | None) -> None:
        self._output = output
        self._tally = tally
        self._link = link
        self.site = ""

    def write(self, content: bytes) -> int:
        size = CHUNK_BYTES if self._link else len(content)
        for start in range(0, len(content), size or 1):
            chunk = content[start : start + size]
            if self._link:
                self._link.wait_until(self._link.reserve(len(chunk)))
            self._tally.add(self.site, len(chunk))  # before the browser can know of it
            self._output.write(chunk)
        return len(content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._output, name)


class SiteHandler(RequestHandler):
    """Gives the files of the site that the request's host names, to GET and, as the portal asks, to POST."""

    directory: ClassVar[Path]
    policies: ClassVar[Mapping[str, str]]
    tally: ClassVar[Tally]
    told: ClassVar[queue.SimpleQueue[dict[str, Any]]]
    link: ClassVar[EmulatedLink | None]

    def setup(self) -> None:
        """Meter the connection."""
        super().setup()
        self.meter = _Meter(self.wfile, self.tally, self.link)
        self.wfile: Any = self.meter
        if self.link:
            self.link.wait_for_round_trip()

    def give(self) -> None:
        """Answer a request."""
        body = self.read_body()
        site = self.headers.get("Host", "").partition(".")[0]
        self.meter.site = site
        path = unquote(urlsplit(self.path).path).lstrip("/") or PAGE
        if path == READY:
            self.tally.mark_ready(site)
            self.respond(HTTPStatus.NO_CONTENT)
            return
        if path == TOLD:
            self.told.put(json.loads(body))
            self.respond(HTTPStatus.NO_CONTENT)
            return
        if self.link:
            self.link.wait_for_round_trip()
        content = _content(self.directory / site / path)
        if content is None:
            self.refuse(HTTPStatus.NOT_FOUND)
            return
        headers = {
            "Content-Type": media_type(path),
            "Cache-Control": "no-store" if path.endswith(".html") else "public, max-age=31536000, immutable",
            "Vary": "Accept-Encoding",
        }
        if site in self.policies and path.endswith((".html", ".js", ".mjs")):
            headers["Content-Security-Policy"] = self.policies[site]
        for encoding, ending in ENCODINGS:
            smaller = _content(self.directory / site / (path + ending))
            if smaller is not None and accepts(self.headers.get("Accept-Encoding", ""), encoding):
                self.respond(HTTPStatus.OK, smaller, {**headers, "Content-Encoding": encoding})
                return
        self.respond(HTTPStatus.OK, content, headers)

    do_GET = do_POST = give


@functools.cache
def _content(path: Path) -> bytes | None:
    """Read once, so that the disk has no part in what is measured."""
    return path.read_bytes() if path.is_file() else None


class SiteServer(Service):
    """Serves each directory of `directory` as the site of its name; use it in a `with` statement.

    Attributes:
        tally: Counts what is sent.
        told: What frames have told the portal's page.

    Args:
        directory: Holds the sites.
        policies: The Content-Security-Policy of the sites that have one.
        link: Makes it slow.
    """

    def __init__(self, directory: Path, policies: Mapping[str, str], link: EmulatedLink | None = None) -> None:
        self.tally = Tally()
        self.told: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        lent = {"tally": self.tally, "told": self.told, "link": link}
        attributes = {"directory": directory, "policies": policies, **lent}
        super().__init__(type("Handler", (SiteHandler,), attributes))

    def address(self, site: str) -> str:
        """Where a site is: each is a site of its own for the browser, so that they share no cache."""
        return f"http://{site}.localhost:{self.port}/"
