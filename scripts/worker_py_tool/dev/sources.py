"""What an app is made of: its own files, and the rest of its project; read anew whenever something was saved."""

import json
import platform
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from worker_py_tool.bundle import app_source, dependencies, project, pylock, target
from worker_py_tool.bundle.app_source import AppSource
from worker_py_tool.bundle.digests import digest_of_named
from worker_py_tool.bundle.page_script import check_page_scripts
from worker_py_tool.errors import ToolError

IGNORED = ("__pycache__", "node_modules")
"""Directories in which nobody writes what an app is made of; nor in those that begin with a dot."""


class Refused(ToolError):
    """What was saved cannot run.

    Attributes:
        file: The file that is to blame, as a person in its project would name it; None when none is.
        line: Its line, from 1.
    """

    def __init__(self, message: str, remedy: str = "", file: str | None = None, line: int | None = None) -> None:
        super().__init__(message, remedy)
        self.file = file
        self.line = line


@dataclass(frozen=True, slots=True)
class Sources:
    """An app's files and project, as they were at one moment.

    Attributes:
        app: The files that go into the interpreter.
        options: What a bundle takes of the project, by the names of `BuildOptions`.
        parts: What names the content of each part of the project; a bundle has to be built anew when one is another.
    """

    app: AppSource
    options: dict[str, Any]
    parts: dict[str, str] = field(default_factory=dict)

    def differing(self, other: "Sources") -> list[str]:
        """The parts of the project that are not alike."""
        return [name for name, digest in self.parts.items() if other.parts.get(name) != digest]


def options_of(
    app: str, include: Sequence[str] = (), require: Sequence[str] = (), requirements: Path | None = None
) -> dict[str, Any]:
    """What a bundle for the simulated portal takes of an app's project, by the names of `BuildOptions`.

    Raises:
        ToolError: The project's file is wrong.
    """
    beside = project.read(app)
    return {
        "app": app,
        "include": include,
        "client": beside.client or "bx24",
        "page_scripts": tuple(beside.page_script),
        "requirements": dependencies.collect(app_source.find(app)[2], beside, require, requirements),
        "settings": beside.settings,
        "config": beside.config,
        "lock": beside.directory / pylock.NAME,
        "connect": beside.connect,
        "phone": beside.phone,
    }


def read(app: str, include: Sequence[str] = (), require: Sequence[str] = ()) -> Sources:
    """Read everything.

    Raises:
        Refused: A file of the app is no Python; its line is named.
        ToolError: A file is missing or cannot be packed, or the project's file is wrong.
    """
    path = app_source.split(app)[0]
    if not path.exists():
        raise Refused(f"there is no {path.name}", "It runs again once it is back.")
    path, _, main = app_source.find(app)
    for file in [main, *(_python_files(path) if path.is_dir() and _is_as_new_as_browsers() else ())]:
        check_syntax(file, path.parent)
    options = options_of(app, include, require)
    check_page_scripts(options["page_scripts"])
    source = app_source.read_app(app, include)
    lock: Path = options["lock"]
    parts = {
        "page scripts": digest_of_named((each.name, each.read_bytes()) for each in options["page_scripts"]),
        "dependencies": digest_of_named(
            [
                *((each, _local(each)) for each in options["requirements"]),
                ("", lock.read_bytes() if lock.is_file() else b""),
            ]
        ),
        **{name: json.dumps(options[name]) for name in ("client", "config", "connect", "phone", "settings")},
    }
    return Sources(source, options, parts)


def check_syntax(file: Path, directory: Path) -> None:
    """Refuse a file that is no Python.

    Raises:
        Refused: It is none; the file is named from the directory.
    """
    try:
        with warnings.catch_warnings(action="ignore"):
            compile(file.read_bytes(), str(file), "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as problem:
        newest = (
            "" if _is_as_new_as_browsers() else f"Checked by Python {platform.python_version()}: browsers' is newer."
        )
        text = f"{type(problem).__name__}: {getattr(problem, 'msg', problem)}"
        name = file.relative_to(directory).as_posix()
        raise Refused(text, newest, name, getattr(problem, "lineno", None)) from None
    except OSError as problem:
        raise ToolError(f"{file}: cannot be read: {problem.strerror}") from problem


def _is_as_new_as_browsers() -> bool:
    """Whether what is no Python here is none there."""
    return not target.LOCK.exists() or sys.version_info[:2] >= tuple(target.read().version)


def watched(app: str) -> set[Path]:
    """The directories in which files may change that an app is made of; above those that are missing, what is there."""
    path = app_source.split(app)[0].resolve()
    wanted = {path.parent, *(_directories(path) if path.is_dir() else ())}
    try:
        options = options_of(app)
    except (ToolError, OSError):
        options = {"page_scripts": (), "requirements": ()}
    wanted |= {script.resolve().parent for script in options["page_scripts"]}
    for requirement in map(Path, options["requirements"]):
        if requirement.exists():
            wanted |= set(_directories(requirement)) if requirement.is_dir() else {requirement.parent}
    return {_existing(each) for each in wanted}


def _existing(path: Path) -> Path:
    return path if path.is_dir() else _existing(path.parent)


def _directories(top: Path) -> Iterator[Path]:
    yield top
    try:
        children = sorted(top.iterdir())
    except OSError:
        return  # it goes just now
    for child in children:
        if child.is_dir() and not child.is_symlink() and child.name not in IGNORED and not child.name.startswith("."):
            yield from _directories(child)


def _python_files(top: Path) -> list[Path]:
    return [file for directory in _directories(top) for file in sorted(directory.glob("*.py"))]


def _local(requirement: str) -> bytes:
    """The content of a requirement that is a file or a directory here; nothing of one that has a name."""
    path = Path(requirement)
    if path.is_file():
        return path.read_bytes()
    if path.is_dir():
        return digest_of_named((str(file), file.read_bytes()) for file in _python_files(path)).encode()
    return b""
