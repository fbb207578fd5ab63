"""What pages of the app that is being worked on hear, and what they tell: `static/live/follow.js` is the other side.

Beside the bundle's own addresses there are::

    dev/state     what runs, as JSON
    dev/stream    the same, and again whenever it is another
    dev/told      what became of it in a page (POST)
"""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

TOLD_LIMIT = 1024 * 1024
"""Bytes of what a page tells at once."""
BREATH_S = 15.0
"""A stream says something at least this often, so that one whose page went is noticed."""
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Feed:
    """Tells all pages the same, from whatever thread; use `join` before the server starts.

    Args:
        heard: Called with each message of a page, in the server's thread.
    """

    def __init__(self, heard: Callable[[Mapping[str, Any]], None]) -> None:
        self._heard = heard
        self._state: Mapping[str, Any] = {}
        self._streams: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._ended = False
        self._changed = threading.Lock()

    @property
    def pages(self) -> int:
        """How many browsers listen."""
        return len(self._streams)

    def join(self, application: Starlette) -> None:
        """Answer on the feed's addresses, before all others of this application."""
        application.router.routes[:0] = [
            Route("/dev/state", self._answer_state),
            Route("/dev/stream", self._answer_stream),
            Route("/dev/told", self._answer_told, methods=["POST"]),
        ]

    def tell(self, state: Mapping[str, Any]) -> None:
        """From now on pages hear this."""
        self._state = state
        self._wake()

    def end(self) -> None:
        """End all streams, so that the server can end."""
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        with self._changed:
            for event, loop in list(self._streams.items()):
                loop.call_soon_threadsafe(event.set)

    async def _answer_state(self, request: Request) -> Response:
        return JSONResponse(self._state, headers=HEADERS)

    async def _answer_stream(self, request: Request) -> Response:
        return StreamingResponse(self._stream(), media_type="text/event-stream", headers=HEADERS)

    async def _stream(self) -> AsyncIterator[bytes]:
        event = asyncio.Event()
        with self._changed:
            self._streams[event] = asyncio.get_running_loop()
        told: Mapping[str, Any] | None = None
        try:
            while not self._ended:
                event.clear()
                if told is not self._state:
                    told = self._state
                    yield f"data: {json.dumps(told)}\n\n".encode()
                else:
                    yield b": still here\n\n"
                try:
                    await asyncio.wait_for(event.wait(), BREATH_S)
                except TimeoutError:
                    continue
        finally:
            with self._changed:
                del self._streams[event]

    async def _answer_told(self, request: Request) -> Response:
        """A message of a page of our own: who else could make one run Python's errors through somebody's terminal?"""
        if request.headers.get("origin") != f"http://{request.headers.get('host')}":
            return Response(status_code=403, headers=HEADERS)
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > TOLD_LIMIT:
                return Response(status_code=413, headers=HEADERS | {"Connection": "close"})
        try:
            message = json.loads(body)
        except ValueError:
            return Response(status_code=400, headers=HEADERS)
        if isinstance(message, dict):
            self._heard(message)
        return Response(status_code=204, headers=HEADERS)
