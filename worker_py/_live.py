"""Live editing: other source for an app that runs, compiled, executed and checked before anything changes.

It comes as the text of the app's one file, from an editor, or as an archive of all of its files, which were saved. Only
bundles that were built for it have this module; where it does not `join`, no message brings code in. Nothing here
imports the browser.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import importlib
import io
import linecache
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any

from . import outbox
from .app import App
from .dispatch import Dispatcher
from .errors import PayloadError, WorkerPyError
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
_IMPORT_DEPTH = 1000
"""Recursion that imports may need: as much as they have when an interpreter starts."""
_FILES_KEPT = 8
"""Sources whose lines tracebacks can still show: handlers in flight may be of an earlier one."""


def join(dispatcher: Dispatcher, app: App, module: str, attribute: str, version: str = "") -> None:
    """From now on pages may bring other source for the app; all hear of one that was taken, the asker of any other."""
    editor = SourceEditor(app, module, attribute, version)

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
        file: the app's file that has the line, as its archive names it; ``None`` when no line is to blame.
        restart: an interpreter that begins with this source would take it.
    """

    def __init__(
        self,
        text: str,
        line: int | None = None,
        column: int | None = None,
        traceback: str = "",
        *,
        file: str | None = None,
        restart: bool = False,
    ) -> None:
        super().__init__(text)
        self.line = line
        self.column = column
        self.traceback = traceback or text
        self.file = file
        self.restart = restart

    def to_json(self) -> dict[str, Any]:
        """As pages are told."""
        return {"text": str(self), **vars(self)}


@dataclass(frozen=True, slots=True)
class Running:
    """The source that runs, and the file name under which tracebacks show it.

    ``version`` names the archive that it is of: the bundle's own, or one that was taken; it is empty for a text.
    """

    file: str
    source: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Archive:
    """All files of an app, and what names exactly these."""

    version: str
    files: dict[str, bytes]


class SourceEditor:
    """Makes apps of sources for one module, in the place of the one that it was imported as.

    Args:
        app: the app that runs.
        module: the name of its module, which has been imported.
        attribute: the app's name in it.
        version: of the archive that the bundle came with.
    """

    def __init__(self, app: App, module: str, attribute: str, version: str = "") -> None:
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
        self.running = Running(self._file, self.original, version)
        main = PurePath(self._file)
        self._home = str(main.parent.parent if self._is_package else main.parent)
        """Where the bundle's own files lie."""
        self._places: list[str] = []

    def take(
        self, message: Mapping[str, Any], adopt: Callable[[App], None], entered: Callable[[str], None]
    ) -> dict[str, Any]:
        """Answer a page's message of type ``reload``.

        Without ``source`` and ``archive`` it asks what runs. ``again`` marks one that the page remembers of an earlier
        interpreter: when this one has taken a source since it started, that one is kept. An archive that runs already
        is kept too.

        Args:
            message: the page's.
            adopt: given the app of a source that was taken.
            entered: told that code of the app starts.

        Returns:
            What the message of type ``reloaded`` says.
        """
        wanted = _wanted(message)
        outcome, error = "shown", None
        if wanted is not None:
            again = message.get("again") is True
            outcome = "kept" if self._keeps(wanted, again) else "applied_again" if again else "applied"
        if wanted is not None and outcome in _TAKEN:
            try:
                adopt(self.load_archive(wanted, entered) if isinstance(wanted, Archive) else self.load(wanted, entered))
            except SourceRefused as refusal:
                outcome, error = "refused", refusal.to_json()
        now = self.running
        running = {"file": now.file, "source": now.source, "version": now.version, "original": self.original}
        return {"outcome": outcome, "error": error, "edited": now.file != self._file, **running}

    def _keeps(self, wanted: str | Archive, again: bool) -> bool:
        if isinstance(wanted, Archive):
            return wanted.version == self.running.version
        return again and self._edits > 0

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
        with self._tried({name: PurePath(self._file).name}.get):
            module = sys.modules[self._module] = self._fresh(name, sys.modules[self._module])
            entered(f"the top level of {PurePath(name).name}")
            exec(compile(source, name, "exec", dont_inherit=True), module.__dict__)
            app = self._app_of(module)
        self._app = app
        self.running = Running(name, source)
        if name != self._file:
            _push(self._files, name, lambda old: linecache.cache.pop(old, None))
        return app

    def load_archive(self, archive: Archive, entered: Callable[[str], None] = lambda _: None) -> App:
        """Put an app's files into a directory of their own, and give the app that is imported from there.

        Args:
            archive: all of its files.
            entered: told that code of the app starts.

        Raises:
            SourceRefused: as for `load`; modules and import path are those of before.
        """
        self._edits += 1
        place = f"{self._home} (version {self._edits})"
        with self._tried(lambda file: _within(place, file), lambda: shutil.rmtree(place, ignore_errors=True)):
            for name in self._ours():
                del sys.modules[name]
            sys.path[:] = [place, *(entry for entry in sys.path if entry not in (self._home, *self._places))]
            _write(Path(place), archive.files)
            importlib.invalidate_caches()
            entered(f"the top level of {self._module}")
            sys.setrecursionlimit(max(sys.getrecursionlimit(), _IMPORT_DEPTH))
            module = importlib.import_module(self._module)
            app = self._app_of(module)
        self._app = app
        self._is_package = hasattr(module, "__path__")
        file = module.__file__ or place
        self.running = Running(file, "".join(linecache.getlines(file)), archive.version)
        _push(self._places, place, lambda old: shutil.rmtree(old, ignore_errors=True))
        return app

    @contextmanager
    def _tried(self, named: Callable[[str], str | None], undo: Callable[[], object] = lambda: None) -> Iterator[None]:
        """Run code of a source; when it fails, modules, import path and tasks are those of before.

        Args:
            named: as for `_refusal`.
            undo: takes back what else was done.

        Raises:
            SourceRefused: it failed.
        """
        before, path = self._ours(), list(sys.path)
        tasks, depth = _tasks(), sys.getrecursionlimit()
        try:
            yield
        except BaseException as error:  # noqa: BLE001 - SystemExit and an overrun slice too
            sys.setrecursionlimit(depth)  # the source may have set one that leaves no room for what follows
            here = error.__traceback__  # this frame, which says nothing of the source
            refusal = _refusal(error.with_traceback(here and here.tb_next), named)
            for name in self._ours():
                del sys.modules[name]
            sys.modules.update(before)
            sys.path[:] = path
            _cancel(_tasks() - tasks)
            undo()
            raise refusal from None
        finally:
            sys.setrecursionlimit(depth)

    def _ours(self) -> dict[str, ModuleType]:
        """The app's modules, by their names."""
        return {name: module for name, module in sys.modules.items() if name.partition(".")[0] == self._module}

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
        app.configured.take_over(self._app.configured)
        for limit in _FIXED:
            now, wanted = getattr(self._app.settings, limit), getattr(app.settings, limit)
            if now != wanted:
                raise SourceRefused(
                    f"{limit} is {wanted} here and {now} in the app that runs; it is set when the interpreter "
                    f"starts: write App({limit}={now}), or build the bundle anew",
                    restart=True,
                )
        return app


def _push(kept: list[str], newest: str, drop: Callable[[str], object]) -> None:
    """Keep one more, and drop those that are too old."""
    kept.append(newest)
    for old in kept[:-_FILES_KEPT]:
        drop(old)
    del kept[:-_FILES_KEPT]


def _wanted(message: Mapping[str, Any]) -> str | Archive | None:
    """What a page brings: a text, or an archive as base64.

    Raises:
        PayloadError: It is no archive.
    """
    packed = message.get("archive")
    if not isinstance(packed, str):
        source = message.get("source")
        return source if isinstance(source, str) else None
    try:
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(packed, validate=True))) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
    except (binascii.Error, zipfile.BadZipFile) as error:
        raise PayloadError(f"the archive of the app's files cannot be read: {error}") from error
    return Archive(word(message, "version"), files)


def _write(place: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _within(place: str, file: str) -> str | None:
    """A file's name in the archive that was written to this place; ``None`` for any other file."""
    return file[len(place) + 1 :] if file.startswith(f"{place}/") else None


def _cancel(tasks: set[asyncio.Task[object]]) -> None:
    for task in tasks:
        task.cancel()


def _tasks() -> set[asyncio.Task[object]]:
    try:
        return asyncio.all_tasks()
    except RuntimeError:  # no loop runs, so the source cannot have started a task
        return set()


def _refusal(error: BaseException, named: Callable[[str], str | None]) -> SourceRefused:
    """What is told of an error; `named` gives a file's name if it is of the source that was refused."""
    if isinstance(error, SourceRefused):
        return error
    if isinstance(error, SyntaxError) and named(error.filename or "") is not None:
        text = f"{type(error).__name__}: {error.msg}"
        return SourceRefused(text, error.lineno, error.offset, _shown(error), file=named(error.filename or ""))
    text = f"{type(error).__name__}: {words(error)}"
    file, line = _place_in(named, error)
    return SourceRefused(text, line, None, _shown(error), file=file)


def _shown(error: BaseException) -> str:
    return failure_report("", None, error).text


def _place_in(named: Callable[[str], str | None], error: BaseException) -> tuple[str | None, int | None]:
    """The innermost file and line of the source in the error's traceback."""
    found: tuple[str | None, int | None] = (None, None)
    frame = error.__traceback__
    while frame is not None:
        name = named(frame.tb_frame.f_code.co_filename)
        if name is not None:
            found = (name, frame.tb_lineno)
        frame = frame.tb_next
    return found
