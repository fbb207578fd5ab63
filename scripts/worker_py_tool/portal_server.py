"""Serves the simulated portal: its static files at the root, its REST methods under /rest/."""

import json
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from worker_py_tool import editor, php_query
from worker_py_tool.http_service import BodyRefused, RequestHandler, Service
from worker_py_tool.media_types import media_type
from worker_py_tool.paths import PORTAL
from worker_py_tool.portal_rest import PortalRest, parameters

REST_PATH = re.compile(r"/rest/([A-Za-z0-9_.]+?)(?:\.json)?")
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Max-Age": "600",
}


class PortalHandler(RequestHandler):
    """Answers for one portal, which the server's subclass names."""

    rest: ClassVar[PortalRest]
    directory: ClassVar[Path]
    local: ClassVar[bool]

    def handle_any(self) -> None:
        """Answer a request of whatever method."""
        try:
            body = self.read_body()
            address = urlsplit(self.path)
        except BodyRefused as refusal:
            self.close_connection = True
            self.refuse(refusal.status, {"Connection": "close"})
            return
        except ValueError:  # an address that is none
            self.refuse(HTTPStatus.BAD_REQUEST)
            return
        method = REST_PATH.fullmatch(address.path)
        if self.local and not self.is_called_by_a_name_of_this_machine():
            self.refuse(HTTPStatus.MISDIRECTED_REQUEST)
        elif method is None:
            self._send_file(unquote(address.path))
        elif self.command == "OPTIONS":
            self.respond(HTTPStatus.NO_CONTENT, headers=CORS)
        elif method[1].lower().startswith("simulation.") and not self._is_asked_by_its_own_page():
            self.refuse(HTTPStatus.FORBIDDEN)
        else:
            params = {**php_query.parse(address.query), **parameters(self.headers.get("Content-Type", ""), body)}
            self._send_result(*self.rest.handle(method[1], params))

    def _is_asked_by_its_own_page(self) -> bool:
        """Whether the portal's page asks, or no page at all: the simulation is nobody else's."""
        origin = self.headers.get("Origin")
        return origin is None or origin.lower() == f"http://{self.headers.get('Host', '').lower()}"

    def _send_result(self, status: int, answer: dict[str, Any]) -> None:
        content = json.dumps(answer, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store", **CORS}
        self.respond(HTTPStatus(status), content, headers)

    def _send_file(self, path: str) -> None:
        if self.command not in ("GET", "HEAD"):
            self.refuse(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"})
            return
        try:
            file = (self.directory / (path.lstrip("/") or "index.html")).resolve()
            found = file.is_relative_to(self.directory) and file.is_file()
        except (OSError, ValueError):  # no name that a file can have
            found = False
        if not found:
            self.refuse(HTTPStatus.NOT_FOUND)
            return
        headers = {"Content-Type": media_type(file.name), "Cache-Control": "no-cache"}
        content = editor.library() if file == PORTAL / editor.PATH else file.read_bytes()
        self.respond(HTTPStatus.OK, content, headers)

    do_GET = do_HEAD = do_POST = do_OPTIONS = do_PUT = do_DELETE = do_PATCH = handle_any


class PortalServer(Service):
    """Serves the simulated portal on an address of this machine; use it in a `with` statement.

    Attributes:
        rest: What answers the REST requests.

    Raises:
        ToolError: The address is taken.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, rest: PortalRest | None = None, directory: Path = PORTAL
    ) -> None:
        self.rest = rest or PortalRest()
        local = host in ("127.0.0.1", "::1", "localhost")
        attributes = {"rest": self.rest, "directory": directory.resolve(), "local": local}
        super().__init__(type("Handler", (PortalHandler,), attributes), host, port)
