"""`manifest.json`: what is in a bundle, and how it wants to be served."""

import gzip
import hashlib
import json
import os
import re
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from worker_py_tool.errors import ToolError
from worker_py_tool.json_content import json_of_format
from worker_py_tool.paths import command

NAME = "manifest.json"
CONFIG = "worker-py.json"
"""The app's settings: beside the page, and not of the build, for they change without one."""
FORMAT = "worker-py bundle 1"
_CONTENTS = re.compile(r"export const bundle = (\{.*\});", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of a bundle: its content's SHA-256 in hex, and its size."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `scripts/build` made.

    Attributes:
        build: 12 hex digits that stand for everything under assets/, the app included.
        version: The version of worker-py.
        pyodide: The version of Pyodide.
        client: Which client of the portal the page uses: `bx24` or `b24jssdk`.
        portals: Origins and patterns of the portals that may frame the page.
        csp: The Content-Security-Policy for the page and, in a header of its own, for the worker script.
        files: Every file but this one, by its path in the bundle.
        packages: The app's requirements and what they need, each as `name==version`.
    """

    build: str
    version: str
    pyodide: str
    client: str
    portals: list[str]
    csp: str
    files: dict[str, FileEntry]
    packages: list[str] = field(default_factory=list)

    def write(self, directory: Path) -> None:
        """Write it into a bundle."""
        (directory / NAME).write_text(self.text(), encoding="utf-8")

    def text(self) -> str:
        """What stands in the file."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2, ensure_ascii=False) + "\n"


def contents_of(module: str) -> dict[str, Any] | None:
    """What `worker/bundle.js` of a bundle says that it holds; None where that is another text."""
    found = _CONTENTS.search(module)
    return None if found is None else json.loads(found[1])


def read(directory: Path) -> Manifest:
    """Read the manifest of a bundle.

    Raises:
        ToolError: The directory is not one of our bundles.
    """
    remedy = f"Make one: {command('build')} --app PATH --out DIR"
    missing = f"{directory} is no bundle: it has no {NAME}" if os.path.exists(directory) else f"there is no {directory}"
    content = json_of_format(directory / NAME, FORMAT, remedy, missing)
    try:
        files = {path: FileEntry(**entry) for path, entry in content.pop("files").items()}
        return Manifest(files=files, **content)
    except (KeyError, TypeError, AttributeError) as problem:
        raise ToolError(f"{directory / NAME} is damaged: {problem}", remedy) from problem


def is_bundle(directory: Path) -> bool:
    """Whether a directory is one of our bundles, whatever else is in it."""
    try:
        return (directory / NAME).is_file() and bool(read(directory))
    except ToolError:
        return False


def check(directory: Path) -> list[str]:
    """Hold a bundle against its manifest.

    gzip files are unpacked and compared too; Brotli files cannot be, without a package, and count by their hash.

    Returns:
        What is wrong, a line for each file; empty when all is in order.

    Raises:
        ToolError: The directory is not one of our bundles.
    """
    expected, found = read(directory).files, list_files(directory)
    wrong = []
    for path in sorted(expected.keys() | found.keys()):
        if path not in found:
            wrong.append(f"{path}: is missing")
        elif path not in expected:
            wrong.append(f"{path}: does not belong to the bundle")
        elif found[path].bytes != expected[path].bytes:
            wrong.append(f"{path}: has {found[path].bytes:,} bytes instead of {expected[path].bytes:,}")
        elif found[path] != expected[path]:
            wrong.append(f"{path}: its content was changed")
        elif path.endswith(".gz") and not _is_packed(directory / path):
            wrong.append(f"{path}: holds something else than {Path(path).stem}")
    return wrong


def _is_packed(path: Path) -> bool:
    try:
        return gzip.decompress(path.read_bytes()) == path.with_suffix("").read_bytes()
    except (OSError, EOFError, zlib.error):
        return False


def list_files(directory: Path) -> dict[str, FileEntry]:
    """Hash every file under a directory, sorted by path; the manifest itself and the app's settings are left out."""
    entries = {}
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if path.is_file() and name != NAME and path.name != CONFIG:
            content = path.read_bytes()
            entries[name] = FileEntry(hashlib.sha256(content).hexdigest(), len(content))
    return entries
