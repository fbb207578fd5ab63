"""A small threaded HTTP server that its owner starts and stops: for the simulated portal, and for measurements."""

import http.server
import io
import re
import socket
import threading
import time
from http import HTTPStatus
from types import TracebackType
from typing import Any, ClassVar, Self

from worker_py_tool.errors import ToolError

BODY_LIMIT = 1 << 20
TRAILERS_LIMIT = 1 << 15
REQUEST_S = 30.0
"""For a whole request, however it trickles in."""
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})


class BodyRefused(Exception):
    """The body is longer than we read, or malformed; the connection has to be closed after the answer."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class _InTime(io.RawIOBase):
    """What comes from a client, until a time."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.until = 0.0

    def readable(self) -> bool:
        """It is for nothing else."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what there is, or wait for it.

        Raises:
            TimeoutError: The time is over.
        """
        rest_s = self.until - time.monotonic()
        if rest_s <= 0:
            raise TimeoutError
        before_s = self._connection.gettimeout()
        self._connection.settimeout(rest_s)
        try:
            return self._connection.recv_into(buffer)
        finally:
            self._connection.settimeout(before_s)


class RequestHandler(http.server.BaseHTTPRequestHandler):
    """Reads bodies within limits and writes whole answers; keeps connections open, and logs nothing."""

    protocol_version = "HTTP/1.1"
    timeout = REQUEST_S
    disable_nagle_algorithm = True
    server_version = "worker-py"
    sys_version = ""
    extra_headers: ClassVar[dict[str, str]] = {}

    def setup(self) -> None:
        """Read within time."""
        super().setup()
        self.rfile.close()
        self._source = _InTime(self.connection)
        self.rfile = io.BufferedReader(self._source)

    def handle_one_request(self) -> None:
        """Answer one; a client that takes too long to tell what it wants is disconnected."""
        self._source.until = time.monotonic() + REQUEST_S
        super().handle_one_request()

    def read_body(self) -> bytes:
        """The request's body.

        Raises:
            BodyRefused: It is longer than a megabyte, or its length cannot be told.
        """
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._read_chunks()
        text = self.headers.get("Content-Length", "0")
        if not text.isascii() or not text.isdigit():
            raise BodyRefused(HTTPStatus.BAD_REQUEST)
        if int(text) > BODY_LIMIT:
            raise BodyRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return self.rfile.read(int(text))

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while True:
            size_text = self.rfile.readline(100).split(b";")[0].strip()
            try:
                size = int(size_text, 16)
            except ValueError:
                raise BodyRefused(HTTPStatus.BAD_REQUEST) from None
            if size < 0 or len(body) + size > BODY_LIMIT:
                raise BodyRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            if size == 0:
                self._drop_trailers()
                return bytes(body)
            body += self.rfile.read(size)
            self.rfile.readline(100)

    def _drop_trailers(self) -> None:
        taken = 0
        while line := self.rfile.readline(TRAILERS_LIMIT):
            taken += len(line)
            if taken >= TRAILERS_LIMIT:
                raise BodyRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            if not line.strip():
                return

    def is_called_by_a_name_of_this_machine(self) -> bool:
        """Whether the request is for a loopback name: a page that made its own name lead here must learn nothing."""
        host = self.headers.get_all("Host") or []
        name = re.sub(r":\d*$", "", host[0].strip().lower()) if len(host) == 1 else ""
        return name in LOOPBACK_NAMES or name.endswith(".localhost")

    def respond(self, status: HTTPStatus, content: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """Send an answer; to HEAD, without its content."""
        self.send_response(status)
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in {**self.extra_headers, **(headers or {})}.items():
            self.send_header(name, value)
        if status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def refuse(self, status: HTTPStatus, headers: dict[str, str] | None = None) -> None:
        """Answer that this is not to be had, in one line of text."""
        text = f"{status.value} {status.phrase}\n".encode()
        self.respond(
            status, text, {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", **(headers or {})}
        )

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: query strings and bodies hold tokens."""


class _ThreadingServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet when a browser closes a connection in mid-answer."""


class Service:
    """An HTTP server in a thread of its own; use it in a `with` statement.

    Attributes:
        host: The address it is bound to.
        port: The port, also when it was given as 0 for any that is free.
    """

    def __init__(self, handler: type[RequestHandler], host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        kind = type("_Server", (_ThreadingServer,), {"address_family": family})
        try:
            self._server: http.server.ThreadingHTTPServer = kind((host, port), handler)
        except (OSError, OverflowError) as problem:
            raise ToolError(
                f"cannot listen on {host}, port {port}: {problem}", "Choose another with --port; 0 takes any free one."
            ) from problem
        self.host = host
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        """Where to find it, with a slash at its end."""
        shown = "127.0.0.1" if self.host in ("", "0.0.0.0") else "[::1]" if self.host == "::" else self.host
        return f"http://{f'[{shown}]' if ':' in shown and not shown.startswith('[') else shown}:{self.port}/"

    def __enter__(self) -> Self:
        """Start answering."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop answering, and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
