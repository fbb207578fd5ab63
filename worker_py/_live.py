"""Live editing: other source for an app that runs, compiled, executed and checked before anything changes.

Only bundles that were built for it have this module; where it does not `join`, no message brings code in. Nothing here
imports the browser.
"""

from __future__ import annotations

import asyncio
import linecache
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from types import ModuleType
from typing import Any

from . import outbox
from .app import App
from .dispatch import Dispatcher
from .errors import WorkerPyError
from .failure import words
from .page import Page
from .runner import failure_report
from .wire import word

SOURCE_CHARS = 256 * 1024
"""The longest source; ``static/protocol.js`` has the same limit."""

_TAKEN = frozenset({"applied", "applied_again"})
"""Outcomes after which another source runs than before."""

_FIXED = ("slice_limit_ms", "page_grace_s")
"""What is set up once, when the interpreter starts."""
_FILES_KEPT = 8
"""Sources whose lines tracebacks can still show: handlers in flight may be of an earlier one."""


def join(dispatcher: Dispatcher, app: App, module: str, attribute: str) -> None:
    """From now on pages may bring other source for the app; all hear of one that was taken, the asker of any other."""
    editor = SourceEditor(app, module, attribute)

    def reload(page: Page, message: Mapping[str, Any]) -> None:
        request_id, enter = word(message, "id"), dispatcher.enter_for(None)

        def begins(name: str) -> None:
            dispatcher.out.tell(page, outbox.taking(request_id))
            enter(name)

        told = editor.take(message, dispatcher.adopt, begins)
        for each in dispatcher.pages if told["outcome"] in _TAKEN else [page]:
            dispatcher.out.tell(each, outbox.reloaded(told, request_id if each is page else None))

    dispatcher.listen("reload", reload)


class SourceRefused(WorkerPyError):
    """A source was not taken; the app that ran goes on.

    Attributes:
        line: where in the source, from 1; ``None`` when no line of it is to blame.
        column: from 1; ``None`` when the whole line is meant.
        traceback: everything that Python says of it.
    """

    def __init__(self, text: str, line: int | None = None, column: int | None = None, traceback: str = "") -> None:
        super().__init__(text)
        self.line = line
        self.column = column
        self.traceback = traceback or text

    def to_json(self) -> dict[str, Any]:
        """As pages are told."""
        return {"text": str(self), "line": self.line, "column": self.column, "traceback": self.traceback}


@dataclass(frozen=True, slots=True)
class Running:
    """The source that runs, and the file name under which tracebacks show it."""

    file: str
    source: str


class SourceEditor:
    """Makes apps of sources for one module, in the place of the one that it was imported as.

    Args:
        app: the app that runs.
        module: the name of its module, which has been imported.
        attribute: the app's name in it.
    """

    def __init__(self, app: App, module: str, attribute: str) -> None:
        loaded = sys.modules[module]
        self._app = app
        self._module = module
        self._attribute = attribute
        self._file = getattr(loaded, "__file__", None) or f"<{module}>"
        self._is_package = hasattr(loaded, "__path__")
        self._edits = 0
        self._files: list[str] = []
        self.original = "".join(linecache.getlines(self._file))
        """The source that the bundle came with."""
        self.running = Running(self._file, self.original)

    def take(
        self, message: Mapping[str, Any], adopt: Callable[[App], None], entered: Callable[[str], None]
    ) -> dict[str, Any]:
        """Answer a page's message of type ``reload``.

        Without ``source`` it asks what runs. ``again`` marks one that the page remembers of an earlier interpreter:
        when this one has taken a source since it started, that one is kept.

        Args:
            message: the page's.
            adopt: given the app of a source that was taken.
            entered: told that code of the app starts.

        Returns:
            What the message of type ``reloaded`` says.
        """
        source = message.get("source")
        outcome, error = "shown", None
        if isinstance(source, str):
            again = message.get("again") is True
            outcome = "kept" if again and self._edits > 0 else "applied_again" if again else "applied"
        if isinstance(source, str) and outcome in _TAKEN:
            try:
                adopt(self.load(source, entered))
            except SourceRefused as refusal:
                outcome, error = "refused", refusal.to_json()
        running = {"file": self.running.file, "source": self.running.source, "original": self.original}
        return {"outcome": outcome, "error": error, "edited": self.running.file != self._file, **running}

    def load(self, source: str, entered: Callable[[str], None] = lambda _: None) -> App:
        """Run a source as the app's module and give its app, which runs from now on.

        Args:
            source: a whole module. The bundle's own gets its own file name back.
            entered: told that code of the app starts.

        Raises:
            SourceRefused: it is no Python, failed, took too long, or defines no app that could run here; the
                module that was there before is there again.
        """
        self._check(source)
        self._edits += 1
        name = self._file if source == self.original else f"{self._file} (edit {self._edits})"
        lines = source.splitlines(keepends=True)
        linecache.cache[name] = (len(source), None, lines, name)
        before = sys.modules[self._module]
        tasks = _tasks()
        module = sys.modules[self._module] = self._fresh(name, before)
        try:
            entered(f"the top level of {PurePath(name).name}")
            exec(compile(source, name, "exec", dont_inherit=True), module.__dict__)
            app = self._app_of(module)
        except BaseException as error:  # noqa: BLE001 - SystemExit and an overrun slice too
            sys.modules[self._module] = before
            for task in _tasks() - tasks:
                task.cancel()
            raise _refusal(error, name) from None
        self._app = app
        self.running = Running(name, source)
        self._forget_old_files(name)
        return app

    def _check(self, source: str) -> None:
        if self._is_package:
            raise SourceRefused(
                f"{self._module} is a package; only an app in one file can be edited while it runs: "
                "build the bundle anew, or move the app into a single file"
            )
        if len(source) > SOURCE_CHARS:
            raise SourceRefused(f"the source has {len(source)} characters; expected at most {SOURCE_CHARS}")

    def _fresh(self, name: str, before: ModuleType) -> ModuleType:
        module = ModuleType(self._module)
        module.__file__ = name
        module.__package__ = before.__package__
        return module

    def _app_of(self, module: ModuleType) -> App:
        app = getattr(module, self._attribute, None)
        if not isinstance(app, App) or app is self._app:
            found = "nothing" if app is None else "the app that runs" if app is self._app else type(app).__name__
            raise SourceRefused(
                f"{self._attribute} should be a new worker_py.App, not {found}; "
                f"write `{self._attribute} = App()` at the top level"
            )
        app.take_project_settings(self._app)
        for limit in _FIXED:
            now, wanted = getattr(self._app.settings, limit), getattr(app.settings, limit)
            if now != wanted:
                raise SourceRefused(
                    f"{limit} is {wanted} here and {now} in the app that runs; it is set when the interpreter "
                    f"starts: write App({limit}={now}), or build the bundle anew"
                )
        return app

    def _forget_old_files(self, name: str) -> None:
        if name != self._file:
            self._files.append(name)
        for old in self._files[:-_FILES_KEPT]:
            linecache.cache.pop(old, None)
        del self._files[:-_FILES_KEPT]


def _tasks() -> set[asyncio.Task[object]]:
    try:
        return asyncio.all_tasks()
    except RuntimeError:  # no loop runs, so the source cannot have started a task
        return set()


def _refusal(error: BaseException, file: str) -> SourceRefused:
    if isinstance(error, SourceRefused):
        return error
    text = f"{type(error).__name__}: {words(error)}"
    if isinstance(error, SyntaxError) and error.filename == file:
        return SourceRefused(f"{type(error).__name__}: {error.msg}", error.lineno, error.offset, _shown(error))
    return SourceRefused(text, _line_in(file, error), None, _shown(error))


def _shown(error: BaseException) -> str:
    return failure_report("", None, error).text


def _line_in(file: str, error: BaseException) -> int | None:
    """The innermost line of this file in the error's traceback."""
    found = None
    frame = error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == file:
            found = frame.tb_lineno
        frame = frame.tb_next
    return found
