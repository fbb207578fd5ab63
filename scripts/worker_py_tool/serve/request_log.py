"""Counts requests, and logs a line for each: method, path, status, bytes, milliseconds. Nothing else of a request."""

import logging
import time
from collections import Counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger("worker_py.access")
PATH_SHOWN = 200


class RequestLog:
    """ASGI middleware; the outermost, so that refusals are seen too.

    Query strings, headers and bodies hold tokens: they are not looked at.

    Attributes:
        statuses: How many answers there were, by status; `gone` for clients that did not wait for theirs.
    """

    def __init__(self, app: ASGIApp, statuses: Counter[str]) -> None:
        self._app = app
        self.statuses = statuses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status, size = "gone", 0

        async def watched_send(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = str(message["status"])
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, watched_send)
        finally:
            self.statuses[status] += 1
            if logger.isEnabledFor(logging.INFO):
                took_ms = (time.perf_counter() - started) * 1000
                sent = 0 if scope["method"] == "HEAD" else size
                logger.info("%s %s %s %d %.1f", scope["method"], shown_path(scope), status, sent, took_ms)


def shown_path(scope: Scope) -> str:
    """The path as it came, with its escapes, and short: what a client makes up must not forge lines of the log."""
    path = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0]
    shown = path[:PATH_SHOWN].decode("latin-1").encode("unicode_escape").decode("ascii")
    return f"{shown}..." if len(path) > PATH_SHOWN else shown
