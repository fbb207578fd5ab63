"""The project of an app: what the `pyproject.toml` beside it says under `[tool.worker-py]`, and its dependencies."""

import difflib
import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast, get_args

from worker_py_tool.bundle.app_source import split
from worker_py_tool.bundle.build import Client
from worker_py_tool.bundle.phone import PHONES, PhoneKind
from worker_py_tool.errors import ToolError

NAME = "pyproject.toml"
TABLE = "[tool.worker-py]"
CLIENTS: tuple[Client, ...] = get_args(Client)
LIMITS = (
    "handler_timeout_s", "slice_limit_ms", "command_timeout_ms", "silent_ok_ms", "rest_timeout_ms", "page_grace_s",
)  # fmt: skip
"""The settings of `worker_py.App`."""


@dataclass(frozen=True, slots=True)
class Project:
    """What stands in the project's file, checked; nothing where there is no file.

    Attributes:
        directory: Where the file is, or would be: paths in it are relative to this.
        app: `PATH[:NAME]`.
        portal: Origins and patterns of the portals.
        connect: Origins that page scripts talk to.
        require: Requirements beside the dependencies.
        page_script: JavaScript files for the page.
        client: The client of the portal.
        phone: The phone in the page.
        bx24_url: The script that defines BX24.
        report_to: Where reports go.
        out: The directory to make.
        config: What becomes `worker-py.json`.
        settings: Limits for an app that gives none in code; None is no limit.
        dependencies: Those of `[project]`; None where it has none.
    """

    directory: Path
    app: str | None = None
    portal: Sequence[str] = ()
    connect: Sequence[str] = ()
    require: Sequence[str] = ()
    page_script: Sequence[Path] = ()
    client: Client | None = None
    phone: PhoneKind | None = None
    bx24_url: str | None = None
    report_to: str | None = None
    out: Path | None = None
    config: Mapping[str, Any] | None = None
    settings: Mapping[str, float | None] = field(default_factory=dict)
    dependencies: Sequence[str] | None = None


def read(app: str | None) -> Project:
    """Read the file beside an app.

    Args:
        app: `PATH[:NAME]`; None: the file is that of the current directory.

    Raises:
        ToolError: It cannot be read, has a key that is not known, or a value of another kind.
    """
    directory = Path.cwd() if app is None else split(app)[0].resolve().parent
    path = directory / NAME
    if not path.is_file():
        return Project(directory)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else problem
        raise ToolError(f"{path}: cannot be read: {reason}", "It should be TOML, in UTF-8.") from problem
    return _Reader(path).project(content)


class _Reader:
    """Holds a file's tables against what is known, and says where something is not."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kinds: dict[str, Callable[[str, Any], Any]] = {
            "app": self._app,
            "portal": self._texts,
            "connect": self._texts,
            "require": self._requirements,
            "page-script": lambda key, value: [self._in_place(each) for each in self._texts(key, value)],
            "client": lambda key, value: self._one_of(key, value, CLIENTS),
            "phone": lambda key, value: self._one_of(key, value, PHONES),
            "bx24-url": self._address,
            "report-to": self._text,
            "out": lambda key, value: self._in_place(self._text(key, value)),
            "config": self._table,
            "settings": self._settings,
        }

    def project(self, content: Mapping[str, Any]) -> Project:
        """All that the file says to us."""
        tool = content.get("tool", {})
        own = tool.get("worker-py", {}) if isinstance(tool, dict) else {}
        if not isinstance(own, dict):
            raise self._wrong("tool.worker-py", own, "a table")
        self._check_keys(TABLE, own, self._kinds)
        found = {key.replace("-", "_"): self._kinds[key](key, value) for key, value in own.items()}
        return Project(self._path.parent, **found, dependencies=self._dependencies(content.get("project", {})))

    def _check_keys(self, table: str, found: Mapping[str, Any], known: Sequence[str] | Mapping[str, Any]) -> None:
        for key in found:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                remedy = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}."
                raise ToolError(f"{self._path}: {table} has no key {key!r}", remedy)

    def _dependencies(self, project: Any) -> list[str] | None:
        if not isinstance(project, dict):
            raise self._wrong("project", project, "a table")
        dynamic = project.get("dynamic", [])
        if isinstance(dynamic, list) and "dependencies" in dynamic:
            raise ToolError(
                f"{self._path}: [project] says that its dependencies are dynamic, so they cannot be read here",
                "Write them into `dependencies`, or name a file of them: --requirements requirements.txt",
            )
        if "dependencies" not in project:
            return None
        return self._requirements("dependencies", project["dependencies"], "[project] ")

    def _app(self, key: str, value: Any) -> str:
        return str(self._in_place(self._text(key, value)))

    def _address(self, key: str, value: Any) -> str:
        text = self._text(key, value)
        local = self._path.parent / text
        return str(local) if "://" not in text and local.is_file() else text

    def _requirements(self, key: str, value: Any, table: str = f"{TABLE} ") -> list[str]:
        return [from_here(each, self._path.parent) for each in self._texts(key, value, table)]

    def _settings(self, key: str, value: Any) -> dict[str, float | None]:
        table = f"[tool.worker-py.{key}]"
        self._check_keys(table, self._table(key, value), LIMITS)
        return {name: self._limit(f"{table} {name}", given) for name, given in value.items()}

    def _limit(self, name: str, given: Any) -> float | None:
        if given is False:
            return None
        if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given < math.inf:
            raise self._wrong(name, given, "a positive number, or false for no limit", "")
        return given

    def _text(self, key: str, value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise self._wrong(key, value, "a text that is not empty")
        return value

    def _texts(self, key: str, value: Any, table: str = f"{TABLE} ") -> list[str]:
        if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
            raise self._wrong(key, value, "a list of texts that are not empty", table)
        return value

    def _table(self, key: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._wrong(key, value, "a table")
        return value

    def _one_of(self, key: str, value: Any, known: Sequence[str]) -> str:
        if value not in known:
            raise self._wrong(key, value, " or ".join(f'"{each}"' for each in known))
        return cast(str, value)

    def _in_place(self, text: str) -> Path:
        return in_short(self._path.parent / text)

    def _wrong(self, key: str, value: Any, expected: str, table: str = f"{TABLE} ") -> ToolError:
        return ToolError(f"{self._path}: {table}{key} should be {expected}, not {value!r}")


def in_short(path: Path) -> Path:
    """A path as a person in the current directory would write it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def from_here(requirement: str, directory: Path) -> str:
    """A requirement as it reads from anywhere: a path in it is relative to the directory of the file that has it."""
    if requirement.startswith(("./", "../")):
        return str((directory / requirement).resolve())
    return requirement
