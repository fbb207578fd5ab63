"""Pyodide's own distribution: packages compiled for its interpreter, named with their hashes in its lock file."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from worker_py_tool.bundle.package_index import Offer, PackageIndex
from worker_py_tool.bundle.target import Target, pyodide_version
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import NODE_MODULES

_PUBLISHED = re.compile(r"cdnUrl=[^`;]*`(https://[^`$]+)\$\{\w+\}([^`$]*)`")
"""In Pyodide's script: the address that it takes itself for the files that its lock file names, around the version."""
MIRROR = "Name a mirror of Pyodide's packages, or a directory of them: --pyodide-packages URL|DIR"


class Distribution:
    """What it has for an interpreter.

    Args:
        target: The interpreter, with the packages of its lock file.
        index: Fetches the files.
        source: An address or a directory that has them; empty: where Pyodide publishes them.

    Raises:
        ToolError: The source is neither.
    """

    def __init__(self, target: Target, index: PackageIndex, source: str = "") -> None:
        from packaging.utils import canonicalize_name

        self._index = index
        self._base = _base(source)
        self._packages: dict[str, Mapping[str, Any]] = {
            canonicalize_name(entry["name"]): entry for entry in target.packages.values()
        }

    def all_offers(self, name: str) -> list[Offer]:
        """All files of a package, of the indexes and its own."""
        own = self.offer(name)
        return [*self._index.offers(name), *([own] if own else [])]

    def offer(self, name: str) -> Offer | None:
        """Its wheel of a package, if it has one."""
        from packaging.utils import parse_wheel_filename

        entry = self._packages.get(name)
        if entry is None or not entry["file_name"].endswith(".whl"):
            return None
        filename = entry["file_name"].rpartition("/")[2]
        url = entry["file_name"] if "://" in entry["file_name"] else f"{self._base}{entry['file_name']}"
        _, version, _, tags = parse_wheel_filename(filename)
        return Offer(name, version, filename, url, tags, entry["sha256"], from_pyodide=True)

    def fetch(self, offer: Offer) -> Path:
        """Bring the file here.

        Raises:
            ToolError: It is not there, or is not the one that the lock file names.
        """
        try:
            return self._index.fetch(offer.url, offer.filename, offer.sha256)
        except ToolError as problem:
            raise ToolError(
                f"{offer.name} {offer.version} comes from Pyodide's own distribution: {problem.message}", MIRROR
            ) from problem

    def needs(self, name: str) -> list[str]:
        """Names of the packages that one of it needs, as the lock file has them.

        Raises:
            ToolError: One is a library that is not in a wheel, for which bundles have no place.
        """
        entry = self._packages[name]
        for needed in entry["depends"]:
            if self._packages.get(needed, {}).get("package_type") == "shared_library":
                raise ToolError(
                    f"{name} of Pyodide's distribution needs the shared library {needed}, which bundles do not carry",
                    "Take another package.",
                )
        return list(entry["depends"])


def check(source: str) -> None:
    """Refuse what `--pyodide-packages` cannot be.

    Raises:
        ToolError: It is neither an address, nor a directory.
    """
    if source and not source.startswith(("https://", "http://")) and not Path(source).is_dir():
        raise ToolError(
            f"--pyodide-packages {source}: neither an http(s) address, nor a directory", "Give one of both."
        )


def _base(source: str) -> str:
    check(source)
    if source.startswith(("https://", "http://")):
        return source.rstrip("/") + "/"
    if source:
        return Path(source).resolve().as_uri() + "/"
    return published()


def published() -> str:
    """Where the files lie that the lock file of the installed release names.

    Raises:
        ToolError: This Pyodide does not say so.
    """
    around = published_by(NODE_MODULES / "pyodide" / "pyodide.mjs")
    if around is None:
        raise ToolError("this Pyodide does not say where its packages are published", MIRROR)
    return pyodide_version().join(around)


def published_by(script: Path) -> tuple[str, str] | None:
    """What stands before and behind the version in the address that Pyodide's script takes; None: it is not there."""
    found = _PUBLISHED.search(script.read_text(encoding="utf-8"))
    return (found[1], found[2]) if found else None
