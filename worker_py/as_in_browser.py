"""Python as an app finds it in the browser, for the time in which a test runs the app.

Its clocks follow the portal's, so a wait of a minute shows on them and costs nothing. What would hold every card is
refused (`blocking`), and what a browser does not have is missing: processes, threads, sockets, deep recursion.
"""

from __future__ import annotations

import datetime
import errno
import inspect
import os
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from types import ModuleType
from typing import Any

from . import blocking, printed
from .app import App
from .blocking import StandIn
from .dispatch import Dispatcher
from .failure import PACKAGE
from .forgotten import HOOK, Told, remember_lines, telling
from .printed import Listener
from .registry import function_of
from .virtual_time import VirtualTimeLoop

RECURSION_LIMIT = 300
"""As the worker sets it: deeper, and the stack of the browser's interpreter overflows."""

_READ_S = 1e-6
"""How far a clock goes on each time that it is read: code that waits for it to move comes to an end."""


class AsInBrowser:
    """A context in which an app finds what it finds in the browser. It may be entered again inside.

    Args:
        app: the app; names in the modules of its handlers that mean what is replaced are replaced too.
        loop: runs it, and has the portal's time.
        waited: told what code of the app held the interpreter for, and how many milliseconds.
        epoch_s: when the loop's time began, in seconds since the epoch.
        forgotten: told of coroutines that nobody awaited.
        listener: told of what is printed.
    """

    def __init__(
        self,
        app: App,
        loop: VirtualTimeLoop,
        waited: Callable[[str, float], None],
        epoch_s: float,
        forgotten: Told = lambda _, __, ___: None,
        listener: Callable[[], Listener | None] = lambda: None,
    ) -> None:
        self._loop = loop
        self._waited = waited
        self._limit_ms = app.settings.slice_limit_ms
        self._held_ms = 0.0
        self._guard = blocking.Guard(self._left_ms, self._held, loop.pass_time)
        self._entered = 0
        stand_ins = [*blocking.STAND_INS, *_clocks(loop.time, epoch_s), *_missing()]
        stand_ins.append((warnings, HOOK, telling(forgotten)))
        known = {id(getattr(where, name)): each for where, name, each in stand_ins}
        self._places = stand_ins
        for module in _modules(app.registry.everything()):
            named = vars(module).items()
            self._places += [(module, name, known[id(value)]) for name, value in named if id(value) in known]
        self._listener = listener
        self._as_before = ExitStack()

    def __enter__(self) -> None:
        self._entered += 1
        if self._entered > 1:
            return
        before = self._as_before
        before.callback(blocking.guarded_by, blocking.guarded_by(self._guard))
        before.callback(printed.heard_by, printed.heard_by(self._listener()))
        before.callback(printed.stand_in())
        before.callback(blocking.stand_in, [(where, name, getattr(where, name)) for where, name, _ in self._places])
        blocking.stand_in(self._places)
        before.callback(sys.set_coroutine_origin_tracking_depth, remember_lines())
        before.callback(sys.setrecursionlimit, sys.getrecursionlimit())
        sys.setrecursionlimit(_depth() + RECURSION_LIMIT)

    def __exit__(self, *_: object) -> None:
        self._entered -= 1
        if not self._entered:
            self._as_before.close()

    def begin_slice(self, _: str = "") -> None:
        """Code of the app starts, or goes on after a pause."""
        self._held_ms = 0.0

    def _left_ms(self) -> float | None:
        return None if self._limit_ms is None else self._limit_ms - self._held_ms

    def _held(self, what: str, ms: float) -> None:
        self._held_ms += ms
        self._loop.call_soon(self.begin_slice)  # what runs next, and is no handler, has not held anything
        self._waited(what, ms)


def dispatcher_of(
    app: App,
    loop: VirtualTimeLoop,
    send: Callable[[str, str], None],
    epoch_ms: float,
    keep: Callable[[str, str | None], None] = lambda _, __: None,
) -> Dispatcher:
    """What runs an app on a loop, and finds there what it finds in the browser.

    Args:
        app: the app.
        loop: runs it, and has the portal's time.
        send: hands a JSON string to the page with this id.
        epoch_ms: when the loop's time began, in milliseconds since the epoch.
        keep: given what must outlive the interpreter, as `Dispatcher` gives it.
    """

    def waited(what: str, ms: float) -> None:
        dispatcher.waited(what, ms)

    def forgotten(name: str, file: str, line: int) -> None:
        dispatcher.forgotten(name, file, line)

    browser = AsInBrowser(app, loop, waited, epoch_ms / 1000, forgotten, lambda: dispatcher.listener(passes_on=True))
    dispatcher = Dispatcher(app, send, lambda: epoch_ms + loop.time() * 1000, browser.begin_slice, keep)
    loop.set_exception_handler(dispatcher.background_failed)
    loop.around = browser
    return dispatcher


def _depth() -> int:
    """How many frames are on the stack."""
    depth, frame = 0, sys._getframe()
    while frame.f_back is not None:
        depth, frame = depth + 1, frame.f_back
    return depth


def _modules(handlers: Iterable[Callable[..., Any]]) -> Iterator[ModuleType]:
    """The modules of an app: those beside its handlers, and below."""
    files = {_globals(each).get("__file__") for each in handlers}
    folders = tuple({os.path.join(os.path.dirname(file), "") for file in files if isinstance(file, str)})
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.startswith(folders) and _is_the_apps(file):
            yield module


def _globals(handler: Callable[..., Any]) -> dict[str, Any]:
    """The names of the module in which a handler was written."""
    function = inspect.unwrap(function_of(handler))
    if not hasattr(function, "__globals__"):  # an object that can be called
        function = vars(type(function)).get("__call__")
    names: dict[str, Any] = getattr(function, "__globals__", {})
    return names


def _is_the_apps(file: str) -> bool:
    return not file.startswith(PACKAGE) and "site-packages" not in file


# Clocks -------------------------------------------------------------------------------------------


def _clocks(since_s: Callable[[], float], epoch_s: float) -> list[StandIn]:
    """What takes the place of the functions and classes that tell the time."""
    reads = 0
    started_s = time.monotonic()

    def passed_s() -> float:
        nonlocal reads
        reads += 1
        return since_s() + reads * _READ_S

    def now() -> float:
        return epoch_s + passed_s()

    def monotonic() -> float:
        return started_s + passed_s()

    def by_default(real: Callable[[float], Any]) -> Callable[..., Any]:
        return lambda seconds=None: real(now() if seconds is None else seconds)

    clocks: list[StandIn] = [(time, "time", now), (time, "time_ns", lambda: int(now() * 1e9))]
    for name in ("monotonic", "perf_counter"):
        clocks += [(time, name, monotonic), (time, f"{name}_ns", lambda: int(monotonic() * 1e9))]
    clocks += [(time, name, by_default(getattr(time, name))) for name in ("gmtime", "localtime", "ctime")]
    return [*clocks, (datetime, "datetime", _datetime(now)), (datetime, "date", _date(datetime.date, now))]


class _Posing(type):
    """Makes a class pose as the one that it derives from, in checks of types too."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.__bases__[0])

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.__bases__[0])


def _datetime(now_s: Callable[[], float]) -> type:
    real = datetime.datetime

    class StandIn(_date(real, now_s)):  # type: ignore[misc]
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return real.fromtimestamp(now_s(), tz)

        @classmethod
        def utcnow(cls) -> Any:
            return real.fromtimestamp(now_s(), datetime.UTC).replace(tzinfo=None)

    return StandIn


def _date(real: Any, now_s: Callable[[], float]) -> type:
    class StandIn(real, metaclass=_Posing):  # type: ignore[misc]
        def __new__(cls, *args: Any, **fields: Any) -> Any:
            return real(*args, **fields)

        @classmethod
        def today(cls) -> Any:
            return real.fromtimestamp(now_s())

    return StandIn


# What a browser does not have ---------------------------------------------------------------------

_PROCESSES = ("fork", "posix_spawn", "execv", "execve")


def _missing() -> list[StandIn]:
    """What takes the place of what is not there, in the thread that runs the app."""
    processes = OSError(errno.ENOTSUP, "a browser runs no processes")
    threads = RuntimeError("can't start new thread: a browser runs all of an app's Python in one")
    gone: list[tuple[Any, str, Exception]] = [
        (subprocess.Popen, "__init__", processes),
        (threading.Thread, "start", threads),
        *((os, name, processes) for name in _PROCESSES if hasattr(os, name)),
    ]
    stand_ins = [(where, name, blocking.refusing(getattr(where, name), why)) for where, name, why in gone]
    return [*stand_ins, (os, "system", lambda command: -1)]
