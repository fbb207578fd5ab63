"""Why the import of an app fails in the browser's Python, and what to do about it."""

import json
import re
import sys
from dataclasses import dataclass

from worker_py_tool.bundle import fence
from worker_py_tool.bundle.app_source import AppSource
from worker_py_tool.errors import ToolError
from worker_py_tool.process import run_quietly
from worker_py_tool.setup import python_packages

OURS = {"worker_py.errors.WorkerPyError", "worker_py.errors.RegistrationError"}
"""Errors that say it all, without a traceback."""
APPS = re.compile(r'[\s|+-]*File "/app/')
TRACE = 'File "<trace>", line '
"""Frames of `trace_imports.py`."""
NO_THREADS = "can't start new thread"
NO_SOCKETS = "a browser has no sockets"
SLEEPS = "would hold all cards"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What `describe.py` tells of it.

    Attributes:
        type: The class of what was raised, with its module unless that is `builtins`.
        text: What it says.
        traceback: The whole of it.
        module: Of a failed import, which one.
        wanted: The name that was not in it.
        path: The file that an error of the operating system names.
        untried: Only a browser can tell whether it fails there.
    """

    type: str
    text: str
    traceback: str
    module: str = ""
    wanted: str = ""
    path: str = ""
    untried: bool = False

    @property
    def shown(self) -> str:
        """The lines of the traceback from the app's own code on."""
        lines = [line for line in self.traceback.rstrip().splitlines() if TRACE not in line]
        starts = [number for number, line in enumerate(lines) if APPS.match(line)]
        said = f"{self.type}: {self.text}"
        if self.type == "ModuleNotFoundError" and said in lines:
            # Behind it Pyodide tells how to load a package, which is not how it is done here.
            lines = lines[: lines.index(said) + 1]
        return "\n".join(lines[starts[0] :] if starts else lines[-1:])

    def as_error(self, app: AppSource) -> ToolError:
        """What the build ends with."""
        if self.type in OURS:
            return ToolError(self.text)
        return ToolError(f"`import {app.module}` fails in the browser's Python\n{self.shown}", self._remedy(app))

    def _remedy(self, app: AppSource) -> str:
        if self.type == "ModuleNotFoundError" and self.module:
            return _remedy_for_missing(self.module, app)
        if self.type == "ImportError" and "relative import" in self.text:
            return f"{app.path.name} is packed alone: give the directory of a package, with an __init__.py, to --app."
        if self.module == "js":
            return "Python runs in a worker, which has no page: what needs one is for a page function."
        name = self.path.removeprefix("/app/")
        if name != self.path and (app.path.parent / name).is_file():
            return f"It was left out of the bundle, name it to have it there: --include {name}"
        if NO_THREADS in self.text:
            return "A browser's Python has no threads: start an asyncio task, in a handler of Started."
        if NO_SOCKETS in self.text or SLEEPS in self.text:
            return fence.ENDS
        return ""


def _remedy_for_missing(module: str, app: AppSource) -> str:
    top = module.partition(".")[0]
    root = app.path if app.path.is_dir() else app.path.parent
    beside = [name for name in (f"{top}.py", top) if (root / name).exists()]
    if top == app.module:
        return f"{module} is not among the files that were packed: {', '.join(name for name, _ in app.files)}"
    if beside and app.path.is_dir():
        return f"{beside[0]} is in the package: write `from . import {top}`"
    if beside:
        return f"{beside[0]} lies beside {app.path.name}, and only that is packed: give --app a package directory."
    if top in sys.stdlib_module_names:
        return "The browser's Python does not have this part of the standard library."
    package = _package_of(top)
    if package:
        return f"Name the package: --require {package}"
    return f"No package of the name {top} is known: name the one that it comes from, --require PACKAGE"


def _package_of(module: str) -> str:
    """The package that brings a module: one that Pyodide's lock file names, or one of the module's own name."""
    packages = json.loads((fence.PYODIDE / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]
    for package in packages.values():
        if module in package["imports"]:
            return str(package["name"])
    name = re.sub(r"_+", "-", module)
    try:
        run_quietly(
            python_packages.pip("index", "versions", "--quiet", name),
            f"look for the package {name}",
            env=python_packages.PIP_ENV,
            timeout_s=30,
        )
    except ToolError:
        return ""  # there is none, or no index
    return name
