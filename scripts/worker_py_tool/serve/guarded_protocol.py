"""Uvicorn's HTTP protocol with limits that it lacks: on heads, on trailers, on clients that take no answer."""

import asyncio
import logging
from collections import deque
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from worker_py_tool.serve.headers import EVERYWHERE, REFUSAL_POLICY

HEAD_TIMEOUT_S = 10.0
"""From the first byte (for a new connection: from its beginning) to the end of the head."""
HEAD_LIMIT = 32 * 1024
"""Bytes."""
STALL_TIMEOUT_S = 30.0
"""How long a client may take nothing of an answer that waits for it."""
logger = logging.getLogger("worker_py.serve")


class HeadTooLong(Exception):
    """Stops the parser: the head is complete, and longer than the limit."""


class GuardedProtocol(HttpToolsProtocol):
    """One connection. Whoever sends a head slowly, endlessly or not at all is refused, and holds nothing."""

    head_timeout_s = HEAD_TIMEOUT_S
    stall_timeout_s = STALL_TIMEOUT_S
    _timer: asyncio.TimerHandle | None = None
    _stall_timer: asyncio.TimerHandle | None = None
    _unsent = 0
    _head_bytes = 0
    _field_bytes = 0
    _head_done = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        super().connection_made(transport)
        self._unanswered: deque[RequestResponseCycle] = deque()
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._stop_timer()
        self._stop_stall_timer()
        # Uvicorn tells it to the last request alone. An earlier one would write on, and fill the log with its failure.
        for cycle in self._unanswered:
            cycle.disconnected = True
            cycle.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something came; between two requests it is the head of the next."""
        if self._between_requests():
            self._head_bytes += len(data)
            if self._timer is None:
                self._start_timer()
        super().data_received(data)
        if self._between_requests() and self._head_bytes > HEAD_LIMIT:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._field_bytes = 0
        self._head_done = False
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A part of the request's address."""
        self._field_bytes += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer behind the body: those are dropped, for they may be without end."""
        if not self._head_done:
            self._field_bytes += len(name) + len(value) + len(b": \r\n")
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete.

        Raises:
            HeadTooLong: It came at once, and is longer than the limit.
        """
        self._stop_timer()
        self._head_bytes = 0
        self._head_done = True
        if self._field_bytes > HEAD_LIMIT:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            raise HeadTooLong
        super().on_headers_complete()
        self._unanswered.append(self.cycle)

    def on_response_complete(self) -> None:
        """An answer has been handed to the connection; they go out in the order of their requests."""
        self._unanswered.popleft()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP, or has been refused already."""
        if not self.transport.is_closing():
            self._refuse(HTTPStatus.BAD_REQUEST)

    def pause_writing(self) -> None:
        """The client takes its answer more slowly than it is written."""
        super().pause_writing()
        self._watch_writing()

    def resume_writing(self) -> None:
        """The client has taken what waited."""
        self._stop_stall_timer()
        super().resume_writing()

    def _between_requests(self) -> bool:
        return not self.transport.is_closing() and (self.cycle is None or self.cycle.response_complete)

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(self.head_timeout_s, self._head_is_late)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _head_is_late(self) -> None:
        self._timer = None
        if self._between_requests():
            if self._head_bytes:
                self._refuse(HTTPStatus.REQUEST_TIMEOUT)
            else:
                self.transport.close()

    def _watch_writing(self) -> None:
        self._unsent = self.transport.get_write_buffer_size()
        self._stall_timer = self.loop.call_later(self.stall_timeout_s, self._is_stalled)

    def _stop_stall_timer(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None

    def _is_stalled(self) -> None:
        if self.transport.get_write_buffer_size() < self._unsent:
            self._watch_writing()
        else:
            logger.warning("a client took nothing of its answer for %g s: disconnected", self.stall_timeout_s)
            self.transport.abort()

    def _refuse(self, status: HTTPStatus) -> None:
        line = f"{status.value} {status.phrase}"
        logger.warning("%s: refused before it was a request", line)
        headers = {
            **EVERYWHERE,
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": str(len(line) + 1),
            "Content-Security-Policy": REFUSAL_POLICY,
            "Connection": "close",
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.transport.write(f"HTTP/1.1 {line}\r\n{head}\r\n{line}\n".encode())
        self.transport.close()
