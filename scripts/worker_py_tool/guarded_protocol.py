"""Uvicorn's HTTP protocol with the two limits that it lacks: on the time and on the length of a request's head."""

import asyncio
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_TIMEOUT_S = 10.0
"""From the first byte (for a new connection: from its beginning) to the end of the head."""
HEAD_LIMIT = 32 * 1024
"""Bytes."""


class GuardedProtocol(HttpToolsProtocol):
    """One connection. Whoever sends a head slowly, endlessly or not at all is refused, and holds nothing."""

    head_timeout_s = HEAD_TIMEOUT_S
    _timer: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._stop_timer()
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

    def on_headers_complete(self) -> None:
        """The head is complete."""
        self._stop_timer()
        self._head_bytes = 0
        super().on_headers_complete()

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

    def _refuse(self, status: HTTPStatus) -> None:
        line = f"{status.value} {status.phrase}"
        head = f"HTTP/1.1 {line}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(line) + 1}\r\n"
        self.transport.write(f"{head}Connection: close\r\n\r\n{line}\n".encode())
        self.transport.close()
