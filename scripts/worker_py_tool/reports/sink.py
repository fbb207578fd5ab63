"""The sink as ASGI applications: the ingest address, the page `/reports`, and `/metrics`."""

import asyncio
import logging
import math
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from starlette.types import Receive, Scope, Send

from worker_py_tool.reports import access, page
from worker_py_tool.reports.entry import Entry, NoEnvelope, read
from worker_py_tool.reports.metrics import rendered
from worker_py_tool.reports.store import KEPT, Bounds, Store, reading
from worker_py_tool.reports.summary import SPANS, Summary, summarise
from worker_py_tool.serve import answers, request_body

INGEST, REPORTS, METRICS = "/reports/envelope", "/reports", "/metrics"
WAITING = 5_000
"""Entries that wait to be written; with more, senders are asked to come later."""
BUSY_S = 5
logger = logging.getLogger("worker_py.reports")


class Sink:
    """One sink: what it keeps, who may see it, and what it has counted since its start.

    Args:
        path: The SQLite file.
        portals: Origins and patterns whose pages may send, beside the server's own.
        origins: Origins of bundles that another host serves.
        bounds: How much is kept.

    Raises:
        ToolError: The file, or that of the token beside it, cannot be used.
    """

    def __init__(
        self,
        path: Path,
        portals: Callable[[], Sequence[str]] = lambda: (),
        origins: Sequence[str] = (),
        bounds: Bounds = KEPT,
    ) -> None:
        self.store = Store(path, bounds)
        self.token, self.token_file, self.fresh = access.token(path)
        self.keyhole = access.Keyhole(self.token)
        self.rate = access.Rate()
        self.requests: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self._portals = portals
        self._origins = tuple(origins)
        self._thread = ThreadPoolExecutor(1, "reports")
        self._waiting: list[tuple[list[Entry], asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    def welcomes(self, origin: str | None, host: str | None) -> bool:
        """Whether a page of this origin may send: one of this server, of a portal, or of a host that was named."""
        if origin is None:
            return True
        if host is not None and urlsplit(origin).netloc == host:
            return True
        return any(_matches(origin, allowed) for allowed in (*self._portals(), *self._origins))

    async def take(self, entries: list[Entry]) -> bool:
        """Write entries; ends when they are in the file.

        Returns:
            False when there is no room for them now.
        """
        if sum(len(waiting) for waiting, _ in self._waiting) + len(entries) > WAITING:
            return False
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((entries, written))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        try:
            await asyncio.shield(written)
        except sqlite3.Error:
            return False
        return True

    async def _write(self) -> None:
        """All that waits, in one transaction, until nothing does."""
        while self._waiting:
            batch, self._waiting = self._waiting, []
            entries = [entry for some, _ in batch for entry in some]
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, self.store.add, entries)
            except sqlite3.Error as problem:
                logger.error("reports could not be written: %s", problem)
                for _, written in batch:
                    written.set_exception(sqlite3.OperationalError(str(problem)))
            else:
                self.kinds.update(entry.kind for entry in entries)
                for _, written in batch:
                    written.set_result(None)
        self._writing = None

    async def summary(self, seconds: float) -> Summary:
        """What the last seconds came to."""
        return await asyncio.to_thread(self._summarise, seconds)

    def _summarise(self, seconds: float) -> Summary:
        now = time.time()
        with reading(self.store.path) as entries:
            return summarise(entries, now - seconds, now)


def _matches(origin: str, allowed: str) -> bool:
    """Whether an origin is meant by one, or by a pattern, as a policy writes them."""
    if allowed.endswith(":") and "/" not in allowed:
        return origin.startswith(f"{allowed}//")
    pattern = re.escape(allowed).replace(r"://\*\.", r"://([a-z0-9-]+\.)+").replace(r":\*", r"(:\d+)?")
    return re.fullmatch(pattern, origin.lower()) is not None


class Ingest:
    """Takes envelopes from anybody, within limits."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of whatever method."""
        body = await request_body.read(scope, receive)
        status, line, more = await self._judge(scope, body)
        self._sink.requests[str(status.value)] += 1
        origin = request_body.header(scope, b"origin")
        if origin is not None and status != HTTPStatus.FORBIDDEN:
            shared = {
                "Access-Control-Allow-Origin": origin,
                "Vary": "Origin",
                "Cross-Origin-Resource-Policy": "cross-origin",
            }
            more = {**more, **shared, "Access-Control-Expose-Headers": "Retry-After"}
        await answers.text(send, status, line, more)

    async def _judge(self, scope: Scope, body: bytes) -> tuple[HTTPStatus, str, dict[str, str]]:
        sink, header = self._sink, request_body.header
        if not sink.welcomes(header(scope, b"origin"), header(scope, b"host")):
            return HTTPStatus.FORBIDDEN, "pages of this origin are not known here: see --report-origin", {}
        if scope["method"] == "OPTIONS":
            allowed = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "Content-Type"}
            return HTTPStatus.OK, "", {**allowed, "Access-Control-Max-Age": "86400", "Allow": "OPTIONS, POST"}
        if scope["method"] != "POST":
            return HTTPStatus.METHOD_NOT_ALLOWED, "", {"Allow": "OPTIONS, POST"}
        wait_s = sink.rate.wait_s((scope.get("client") or ("",))[0])
        if wait_s > 0:
            return HTTPStatus.TOO_MANY_REQUESTS, "", {"Retry-After": str(math.ceil(wait_s))}
        try:
            entries = read(body)
        except NoEnvelope as problem:
            return HTTPStatus.BAD_REQUEST, f"400 Bad Request: {problem}", {}
        if not await sink.take(entries):
            return HTTPStatus.SERVICE_UNAVAILABLE, "", {"Retry-After": str(BUSY_S)}
        return HTTPStatus.OK, "taken", {}


class Page:
    """`/reports`: a form for the token, and behind it what was reported."""

    def __init__(self, sink: Sink, builds: Callable[[], Sequence[str]] = lambda: ()) -> None:
        self._sink = sink
        self._builds = builds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of whatever method."""
        body = await request_body.read(scope, receive)
        if scope["method"] == "POST":
            await self._enter(scope, body, send)
        elif scope["method"] not in ("GET", "HEAD"):
            await answers.text(send, HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "GET, HEAD, POST"})
        elif not is_open(self._sink, scope):
            await _html(send, HTTPStatus.UNAUTHORIZED, page.form(wrong=False))
        else:
            asked = parse_qs(scope["query_string"].decode("latin-1")).get("span", [""])[0]
            span = asked if asked in SPANS else "24h"
            summary = await self._sink.summary(SPANS[span])
            await _html(send, HTTPStatus.OK, page.rendered(summary, span, self._builds()))

    async def _enter(self, scope: Scope, body: bytes, send: Send) -> None:
        if self._sink.rate.wait_s((scope.get("client") or ("",))[0]) > 0:
            await answers.text(send, HTTPStatus.TOO_MANY_REQUESTS)
            return
        said = parse_qs(body.decode("latin-1")).get("token", [""])[0].strip()
        if not self._sink.keyhole.knows(said):
            await _html(send, HTTPStatus.FORBIDDEN, page.form(wrong=True))
            return
        cookie = (
            f"{access.Keyhole.COOKIE}={self._sink.keyhole.cookie}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict"
        )
        await answers.text(send, HTTPStatus.SEE_OTHER, headers={"Location": REPORTS, "Set-Cookie": cookie})


class Metrics:
    """`/metrics`, as Prometheus reads it, with the token as bearer."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of whatever method."""
        await request_body.read(scope, receive)
        if scope["method"] not in ("GET", "HEAD"):
            await answers.text(send, HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "GET, HEAD"})
        elif not is_open(self._sink, scope):
            await answers.text(send, HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
        else:
            text = rendered(
                self._sink.kinds, self._sink.requests, await self._sink.summary(3600), self._sink.store.size
            )
            await answers.made(send, HTTPStatus.OK, "text/plain; version=0.0.4; charset=utf-8", text)


def is_open(sink: Sink, scope: Scope) -> bool:
    """Whether a request shows the token."""
    header = request_body.header
    return sink.keyhole.opens(header(scope, b"authorization"), header(scope, b"cookie"))


async def _html(send: Send, status: HTTPStatus, text: str) -> None:
    await answers.made(send, status, "text/html; charset=utf-8", text, {"Content-Security-Policy": page.POLICY})
