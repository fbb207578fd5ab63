"""Runs in Node's Pyodide, for `snapshot.mjs`: which modules of an app have nothing to do with compiled code."""

import builtins
import importlib
import importlib.util
import json
import sys
from collections import defaultdict
from types import ModuleType
from typing import Any

APP = "/app/"
COMPILED = ".so"
OURS = ("__main__", "_pyodide", "js", "pyodide", "pyodide_js", "trace_imports", "worker_py")


class Trace:
    """Takes note of which module imports which, from `begin` to `end`."""

    def __init__(self) -> None:
        self._needs: defaultdict[str, set[str]] = defaultdict(set)
        self._before = set(sys.modules)
        self._import = builtins.__import__
        self._import_module = importlib.import_module

    def begin(self) -> None:
        """Watch both ways to import."""
        builtins.__import__ = self._imported
        importlib.import_module = self._imported_module

    def end(self) -> None:
        """Leave no trace."""
        builtins.__import__ = self._import
        importlib.import_module = self._import_module

    def pure(self) -> str:
        """The modules that need no compiled one, as a list in JSON, in the order in which they were imported.

        The app's own are not among them, nor what was there before.
        """
        modules = {name: file_of(module) for name, module in list(sys.modules.items())}
        spoilt = {name for name, file in modules.items() if file.endswith(COMPILED) or file.startswith(APP)}
        needed_by = defaultdict(set)
        for name, needs in self._needs.items():
            for each in needs:
                needed_by[each].add(name)
        for name in modules:
            needed_by[name.rpartition(".")[0]].add(name)
        waiting = list(spoilt)
        while waiting:
            for name in needed_by[waiting.pop()] - spoilt:
                spoilt.add(name)
                waiting.append(name)
        found = [name for name in modules if name not in spoilt | self._before]
        return json.dumps([name for name in found if name.partition(".")[0] not in OURS])

    def _imported(self, name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        try:
            return self._import(name, globals, locals, fromlist, level)
        finally:
            package = (globals or {}).get("__package__") or ""
            self._note((globals or {}).get("__name__"), "." * level + name, package, fromlist or ())

    def _imported_module(self, name: str, package: str | None = None) -> ModuleType:
        try:
            return self._import_module(name, package)
        finally:
            self._note(sys._getframe(1).f_globals.get("__name__"), name, package or "", ())

    def _note(self, importer: str | None, name: str, package: str, fromlist: Any) -> None:
        try:
            whole = importlib.util.resolve_name(name, package)
        except ImportError:
            return  # the import itself says so too
        if importer is None:
            return
        parts = whole.split(".")
        self._needs[importer].update(".".join(parts[: count + 1]) for count in range(len(parts)))
        self._needs[importer].update(f"{whole}.{each}" for each in fromlist)


def file_of(module: object) -> str:
    """Where a module comes from; empty for those of the interpreter."""
    file = getattr(module, "__file__", None)
    return file if isinstance(file, str) else ""
