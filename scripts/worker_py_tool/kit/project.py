"""The app under test: where it is, and how it is imported; where an app that a test imported has come from."""

from __future__ import annotations

import importlib
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from worker_py import App
from worker_py_tool.errors import ToolError

DEFAULT = "app.py:app"
REMEDY = 'Name it in pyproject.toml, [tool.worker-py] app = "app.py:app", or override the fixture worker_app.'


def config(directories: Sequence[Path]) -> Mapping[str, Any]:
    """What `[tool.worker-py.config]` says in the first of these directories whose `pyproject.toml` has our table."""
    for directory in directories:
        table = _table(directory)
        if table is not None:
            found = table.get("config", {})
            return found if isinstance(found, dict) else {}
    return {}


def _table(directory: Path) -> Mapping[str, Any] | None:
    file = directory / "pyproject.toml"
    if not file.is_file():
        return None
    table = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("worker-py")
    return table if isinstance(table, dict) else None


def find(directories: Sequence[Path]) -> str:
    """`PATH:NAME` of the app in the first of these directories that has one, else of an `app.py` in the first.

    It is what `[tool.worker-py] app` names in the `pyproject.toml` there, or `app.py:app`.
    """
    for directory in directories:
        named = (_table(directory) or {}).get("app")
        if named or (directory / "app.py").is_file():
            return _in(directory, str(named or DEFAULT))
    return _in(directories[0], DEFAULT)


def _in(directory: Path, specification: str) -> str:
    path, _, name = specification.partition(":")
    return f"{directory / path}:{name or 'app'}"


def load(specification: str) -> App:
    """Import the app that `PATH:NAME` names, under the name by which a test imports it.

    Raises:
        ToolError: There is none.
    """
    text, _, name = specification.rpartition(":")
    path = Path(text)
    main = path / "__init__.py" if path.is_dir() else path
    if not main.is_file():
        raise ToolError(f"there is no {main}", REMEDY)
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    module = importlib.import_module(path.name if path.is_dir() else path.stem)
    if module.__file__ is None or Path(module.__file__).resolve() != main.resolve():
        raise ToolError(f"{main} cannot be imported: {module.__file__} has its name", "Rename one of them.")
    app = getattr(module, name, None)
    if not isinstance(app, App):
        raise ToolError(f"{main} has no App named {name!r}", REMEDY)
    return app


def source_of(app: App) -> str:
    """`PATH:NAME` of an app that was imported.

    Raises:
        ToolError: No module has it that could go into a browser.
    """
    handlers = [each.__module__.partition(".")[0] for each in app.registry.everything() if hasattr(each, "__module__")]
    packages = [sys.modules[name] for name in dict.fromkeys(handlers) if name in sys.modules]
    modules = (*packages, *list(sys.modules.values()))
    for within in (False, True):  # a package that has it goes before a file in there
        for module in modules:
            for path, name in _places(module, app, within):
                return f"{path}:{name}"
    raise ToolError(
        "worker_app is an App of no module outside the tests", "Put it into a module: the tests' own cannot be built."
    )


def _places(module: ModuleType, app: App, within: bool) -> Iterator[tuple[Path, str]]:
    """Where this module has the app: a file of its own, or a package; or a file `within` some other folder's name."""
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or ("." in module.__name__) is not within:
        return
    path = Path(file)
    if path.stem == "conftest" or path.stem.startswith("test_") or path.stem.endswith("_test"):
        return
    for name, value in list(vars(module).items()):
        if value is app:
            yield (path.parent if path.stem == "__init__" else path), name
