"""Serves plain files: for placement pages that `build` did not make."""

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from worker_py_tool.bench.http_service import RequestHandler, Service
from worker_py_tool.serve.headers import PAGE
from worker_py_tool.serve.media_types import media_type


class FileHandler(RequestHandler):
    """Gives the files that the server's subclass names, to GET and, as the portal asks, to POST."""

    files: ClassVar[Mapping[str, Path]]

    def give(self) -> None:
        """Answer a request."""
        self.read_body()
        name = urlsplit(self.path).path.strip("/") or PAGE
        file = self.files.get(name)
        if file is None:
            self.refuse(HTTPStatus.NOT_FOUND)
        else:
            self.respond(HTTPStatus.OK, file.read_bytes(), {"Content-Type": media_type(name)})

    do_GET = do_POST = give


class DirectoryServer(Service):
    """Serves some files on an address of this machine; use it in a `with` statement."""

    def __init__(self, *files: Path) -> None:
        attributes = {"files": {file.name: file for file in files}}
        super().__init__(type("Handler", (FileHandler,), attributes))
