"""The interpreter of a bundle, as Pyodide's own lock file describes it: its Python, its wheels, its markers."""

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker_py_tool.errors import ToolError
from worker_py_tool.paths import NODE_MODULES
from worker_py_tool.setup import node_packages

LOCK = NODE_MODULES / "pyodide" / "pyodide-lock.json"


@dataclass(frozen=True, slots=True)
class Target:
    """What is known of the interpreter.

    Attributes:
        python: Its version, such as `3.14.2`.
        platforms: The platform tags of compiled wheels that it loads, the best one first.
        emscripten: The version of Emscripten that it was built with.
        machine: What it runs on, `wasm32`.
        packages: Those of Pyodide's own distribution, as the lock file has them.
    """

    python: str
    platforms: tuple[str, str]
    emscripten: str
    machine: str
    packages: Mapping[str, Mapping[str, Any]]

    @property
    def version(self) -> tuple[int, int]:
        """Major and minor version of Python."""
        major, minor = self.python.split(".")[:2]
        return int(major), int(minor)

    @property
    def short(self) -> str:
        """Major and minor version of Python, such as `3.14`."""
        return "{}.{}".format(*self.version)

    def tags(self) -> list[Any]:
        """The tags of the wheels that it takes, as `packaging` has them, the best one first."""
        from packaging.tags import compatible_tags, cpython_tags

        interpreter = "cp{}{}".format(*self.version)
        return [
            *cpython_tags(self.version, abis=[interpreter], platforms=self.platforms),
            *compatible_tags(self.version, interpreter, self.platforms),
        ]

    def environment(self) -> dict[str, str]:
        """What environment markers of dependencies are held against."""
        return {
            "implementation_name": "cpython",
            "implementation_version": self.python,
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": self.emscripten,
            "platform_system": "Emscripten",
            "platform_version": "#1",
            "python_full_version": self.python,
            "python_version": self.short,
            "sys_platform": "emscripten",
        }


def read() -> Target:
    """The interpreter that is installed here.

    Raises:
        ToolError: Its lock file says something that is not understood: another Pyodide than this code was made for.
    """
    return _read(LOCK, LOCK.stat().st_mtime_ns)


def read_from(lock: Path) -> Target:
    """The interpreter that a lock file of Pyodide's describes.

    Raises:
        ToolError: It says something that is not understood.
    """
    return _read(lock, lock.stat().st_mtime_ns)


def pyodide_version() -> str:
    """The version of Pyodide that is installed here."""
    return str(node_packages.about("pyodide")["version"])


def info() -> dict[str, str]:
    """What the lock file says of the interpreter itself."""
    found: dict[str, str] = json.loads(LOCK.read_text(encoding="utf-8"))["info"]
    return found


@functools.lru_cache(maxsize=2)
def _read(lock: Path, _changed: int) -> Target:
    said = json.loads(lock.read_text(encoding="utf-8"))
    about = said["info"]
    emscripten = re.fullmatch(r"emscripten_(\d+)_(\d+)_(\d+)", str(about.get("platform")))
    abi = re.fullmatch(r"\d+_\d+", str(about.get("abi_version")))
    python = re.fullmatch(r"\d+\.\d+\.\d+\w*", str(about.get("python")))
    if not (emscripten and abi and python and about.get("arch")):
        raise ToolError(
            f"{lock.name} of this Pyodide describes an interpreter that is not known: {about}",
            "Install the version of Pyodide that package-lock.json names.",
        )
    machine = about["arch"]
    platforms = (f"pyemscripten_{abi[0]}_{machine}", f"{emscripten[0]}_{machine}")
    return Target(python[0], platforms, ".".join(emscripten.groups()), machine, said["packages"])
