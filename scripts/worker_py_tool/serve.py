"""Serves a bundle: the page for GET and POST, assets with the headers of the manifest. Development grade."""

import os
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from worker_py_tool import manifest
from worker_py_tool.http_service import BodyRefused, RequestHandler, Service
from worker_py_tool.manifest import Manifest

PAGE = "index.html"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".py": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".wav": "audio/wav",
    ".whl": "application/zip",
    ".zip": "application/zip",
}
HASHED = ("assets/", "pyodide/", "wheels/")
"""Directories whose addresses hold a hash: what is there never changes."""


ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
"""The encodings that a bundle may hold beside a file, best first."""


def accepts(header: str, encoding: str) -> bool:
    """Whether an Accept-Encoding header names this encoding, and does not refuse it by ``q=0``."""
    for part in header.lower().split(","):
        name, _, quality = part.partition(";")
        if name.strip() == encoding:
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def media_type(path: str) -> str:
    """The Content-Type of a file, by its name."""
    return MEDIA_TYPES.get(os.path.splitext(path)[1], "application/octet-stream")


class Bundle:
    """A bundle on disk. It may be built anew while it is served: its manifest is read again when that has changed."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._stamp = self._read_stamp()
        self._manifest = manifest.read(directory)

    def manifest(self) -> Manifest:
        """What the bundle holds now; while it is being replaced, what it held before."""
        stamp = self._read_stamp()
        if stamp not in (None, self._stamp):
            self._manifest = manifest.read(self.directory)
            self._stamp = stamp
        return self._manifest

    def _read_stamp(self) -> tuple[int, int] | None:
        try:
            status = (self.directory / manifest.NAME).stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns


class BundleHandler(RequestHandler):
    """Answers for one bundle, which the server's subclass names."""

    bundle: ClassVar[Bundle]
    allowed_hosts: ClassVar[frozenset[str]]

    def handle_any(self) -> None:
        """Answer a request of whatever method."""
        try:
            self.read_body()  # holds live tokens: read, and forgotten
        except BodyRefused as refusal:
            self.close_connection = True
            self.refuse(refusal.status, {"Connection": "close"})
            return
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname
        if self.allowed_hosts and host not in self.allowed_hosts:
            self.refuse(HTTPStatus.MISDIRECTED_REQUEST)
            return
        path = unquote(urlsplit(self.path).path).lstrip("/") or PAGE
        current = self.bundle.manifest()
        if path not in current.files:
            self.refuse(HTTPStatus.NOT_FOUND)
            return
        methods = ["GET", "HEAD", "OPTIONS", *(["POST"] if path == PAGE else [])]
        if self.command == "OPTIONS":
            self.respond(HTTPStatus.NO_CONTENT, headers={"Allow": ", ".join(methods)})
        elif self.command not in methods:
            self.refuse(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": ", ".join(methods)})
        else:
            self._send_file(path, current)

    def _send_file(self, path: str, current: Manifest) -> None:
        headers = {"Content-Type": media_type(path), "ETag": f'"{current.files[path].sha256[:32]}"'}
        headers["Cache-Control"] = "public, max-age=31536000, immutable" if path.startswith(HASHED) else "no-store"
        if path == PAGE or path.endswith((".js", ".mjs")):
            headers["Content-Security-Policy"] = current.csp
        stored = path
        for encoding, ending in ENCODINGS:
            if path + ending in current.files:
                headers["Vary"] = "Accept-Encoding"
                if stored == path and accepts(self.headers.get("Accept-Encoding", ""), encoding):
                    stored = path + ending
                    headers |= {"Content-Encoding": encoding, "ETag": f'"{current.files[stored].sha256[:32]}"'}
        if self.headers.get("If-None-Match") == headers["ETag"] and path != PAGE:
            self.respond(HTTPStatus.NOT_MODIFIED, headers=headers)
            return
        try:
            content = (self.bundle.directory / stored).read_bytes()
        except OSError:
            self.refuse(HTTPStatus.NOT_FOUND)
            return
        self.respond(HTTPStatus.OK, content, headers)

    do_GET = do_HEAD = do_POST = do_OPTIONS = do_PUT = do_DELETE = do_PATCH = handle_any


class Server(Service):
    """Serves a bundle on an address of this machine; use it in a `with` statement.

    Args:
        directory: The bundle.
        host: Address to bind to.
        port: Port to bind to; 0 for any free one.
        allowed_hosts: Names that requests may call the server by; empty for any.

    Raises:
        ToolError: The directory is no bundle, or the address is taken.
    """

    def __init__(
        self, directory: Path, host: str = "127.0.0.1", port: int = 0, allowed_hosts: Sequence[str] = ()
    ) -> None:
        self.bundle = Bundle(directory)
        attributes = {"bundle": self.bundle, "allowed_hosts": frozenset(name.lower() for name in allowed_hosts)}
        super().__init__(type("Handler", (BundleHandler,), attributes), host, port)
