"""A bundle as it is served: in memory, ready to be sent, and taken up anew when it was built anew."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakValueDictionary

from worker_py_tool.bundle import manifest
from worker_py_tool.errors import ToolError
from worker_py_tool.serve import headers

ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
"""The encodings that a bundle may hold beside a file, best first."""
RawHeaders = tuple[tuple[bytes, bytes], ...]
logger = logging.getLogger("worker_py.serve")


class _Content:
    """Bytes, shared by all bundles that this process serves."""

    __slots__ = ("__weakref__", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw


_contents: WeakValueDictionary[str, _Content] = WeakValueDictionary()


@dataclass(frozen=True, slots=True)
class Representation:
    """One file in one encoding, as it goes over the wire.

    Attributes:
        content: Its bytes.
        etag: Its entity tag, with the quotation marks.
        headers: All headers of an answer 200.
    """

    content: _Content
    etag: str
    headers: RawHeaders


def accepts(header: str, encoding: str) -> bool:
    """Whether an Accept-Encoding header names this encoding, and does not refuse it by ``q=0``."""
    for part in header.lower().split(","):
        name, _, quality = part.partition(";")
        if name.strip() == encoding:
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def raw(named: Mapping[str, str]) -> RawHeaders:
    """Headers as ASGI wants them."""
    return tuple((name.lower().encode("ascii"), value.encode("latin-1")) for name, value in named.items())


class Generation:
    """What one build put into the directory. The page is in memory at once, other files from their first request on.

    Raises:
        ToolError: The directory is no bundle, or has no page.
    """

    def __init__(self, directory: Path) -> None:
        self.manifest = manifest.read(directory)
        self._directory = directory
        self._loaded: dict[str, Representation] = {}
        names = self.manifest.files.keys()
        twins = {name + ending for name in names for _, ending in ENCODINGS}
        self._files = {
            name: tuple((encoding, name + ending) for encoding, ending in ENCODINGS if name + ending in names)
            for name in names
            if name not in twins
        }
        if headers.PAGE not in self._files:
            raise ToolError(f"{directory} has no {headers.PAGE}", "Build it again: scripts/build --app PATH --out DIR")
        try:
            for stored in (headers.PAGE, *(twin for _, twin in self._files[headers.PAGE])):
                self.load(headers.PAGE, stored)
        except OSError as problem:
            raise ToolError(f"{directory} is damaged: {problem}", "Build it again.") from problem

    def holds(self, path: str) -> bool:
        """Whether there is such a file; compressed copies are no files of their own."""
        return path in self._files

    def choose(self, path: str, accept_encoding: str) -> str:
        """The stored file to send for a path: the best encoding that the browser takes."""
        for encoding, stored in self._files[path]:
            if accepts(accept_encoding, encoding):
                return stored
        return path

    def loaded(self, stored: str) -> Representation | None:
        """What is in memory."""
        return self._loaded.get(stored)

    def load(self, path: str, stored: str) -> Representation:
        """Read a stored file into memory.

        Raises:
            OSError: It cannot be read; a new build may just be replacing it.
        """
        read = (self._directory / stored).read_bytes()
        digest = hashlib.sha256(read).hexdigest()
        content = _contents.setdefault(digest, _Content(read))
        etag = f'"{digest[:32]}"'
        named = headers.for_file(path, self.manifest.csp)
        named |= {"ETag": etag, "Content-Length": str(len(read))}
        if self._files[path]:
            named["Vary"] = "Accept-Encoding"
        for encoding, twin in self._files[path]:
            if stored == twin:
                named["Content-Encoding"] = encoding
        self._loaded[stored] = Representation(content, etag, raw(named))
        return self._loaded[stored]


class Bundle:
    """A bundle on disk that may be built anew while it is served.

    Files of the build before stay to be had, as far as they were asked for: pages that still show it need them.

    Raises:
        ToolError: The directory is no bundle.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._stamp = self._read_stamp()
        self._current = Generation(directory)
        self._former: Generation | None = None

    def current(self) -> Generation:
        """What was built last; while it is being replaced, what was there before."""
        stamp = self._read_stamp()
        if stamp not in (None, self._stamp):
            self._stamp = stamp
            try:
                fresh = Generation(self.directory)
            except ToolError as problem:
                logger.warning("the new build is not served: %s", problem)
            else:
                self._former, self._current = self._current, fresh
                logger.info("build %s is served from now on", fresh.manifest.build)
        return self._current

    def find(self, path: str) -> Generation | None:
        """The build that holds a file; None when neither the last nor the one before does."""
        current = self.current()
        if current.holds(path):
            return current
        if self._former is not None and path.startswith(headers.HASHED) and self._former.holds(path):
            return self._former
        return None

    def _read_stamp(self) -> tuple[int, int] | None:
        try:
            status = (self.directory / manifest.NAME).stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns
