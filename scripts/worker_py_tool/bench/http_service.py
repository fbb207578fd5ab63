"""A small threaded HTTP server that its owner starts and stops, for measurements."""

import http.server
import threading
from http import HTTPStatus
from typing import Self


class RequestHandler(http.server.BaseHTTPRequestHandler):
    """Reads bodies and writes whole answers; keeps connections open, and logs nothing."""

    protocol_version = "HTTP/1.1"
    timeout = 30.0
    disable_nagle_algorithm = True
    server_version = "worker-py"
    sys_version = ""

    def read_body(self) -> bytes:
        """The request's body."""
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def respond(self, status: HTTPStatus, content: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """Send an answer; to HEAD, without its content."""
        self.send_response(status)
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def refuse(self, status: HTTPStatus) -> None:
        """Answer that this is not to be had, in one line of text."""
        text = f"{status.value} {status.phrase}\n".encode()
        self.respond(status, text, {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"})

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: query strings and bodies hold tokens."""


class _ThreadingServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet when a browser closes a connection in mid-answer."""


class Service:
    """An HTTP server in a thread of its own, on any port that is free; use it in a `with` statement.

    Attributes:
        port: The port on 127.0.0.1.
    """

    def __init__(self, handler: type[RequestHandler]) -> None:
        self._server = _ThreadingServer(("127.0.0.1", 0), handler)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        """Where to find it, with a slash at its end."""
        return f"http://127.0.0.1:{self.port}/"

    def __enter__(self) -> Self:
        """Start answering."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop answering, and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
