"""The door to the browser: the only module that imports ``pyodide``.

It joins the worker's port to a `Dispatcher`: JSON strings in, JSON strings out, an event loop that
the worker turns, and the interruption of code that holds the interpreter for too long.
"""

from __future__ import annotations

import array
import asyncio
import gc
import heapq
import importlib
import json
import linecache
import math
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from pyodide.webloop import WebLoop

from . import blocking
from .app import App
from .background import make_task
from .dispatch import Dispatcher
from .errors import HandlerTimeout, WorkerPyError
from .patience import Patience, new_slice
from .thaw import Freezing, Place

APP_DIRECTORY = "/app"
_LIVE = "worker_py._live"
"""Is there in bundles that were built for live editing."""

_BUDGET_S = 0.008
_RECURSION_LIMIT = 300
_TIMERS_KEPT = 64
_FIRM_AFTER = 3


class WorkerLoop(WebLoop):  # type: ignore[misc]
    """Pyodide's event loop with a queue of its own.

    `WebLoop` gives every callback to the browser, with a proxy each, and keeps a cancelled timer
    until it fires. Here the worker turns the loop once for each message or timer, so a burst of
    events costs no proxies and a deadline that was met costs nothing.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        super().__init__()
        self.beat = array.array("I", [0])
        """Counts what was run: the worker reads it to tell a long slice from many short ones."""
        self._wake = wake
        self._turning = False
        self._queue: deque[asyncio.Handle] = deque()
        self._timers: list[asyncio.TimerHandle] = []
        self._timers_cancelled = 0

    time = staticmethod(time.monotonic)

    def call_soon(self, callback: Callable[..., Any], *args: Any, context: Any = None) -> asyncio.Handle:
        """Run a callback at the next turn."""
        handle = asyncio.Handle(callback, args, self, context)
        self._queue.append(handle)
        if not self._turning:
            self._wake()
        return handle

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """Run a callback after ``delay`` seconds."""
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """Run a callback at a time of the loop's clock."""
        when = float(when)
        if math.isnan(when):
            raise ValueError("a time is no nan")  # it would have no place among the others
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        timer._scheduled = True  # type: ignore[attr-defined]
        heapq.heappush(self._timers, timer)
        if not self._turning:
            self._wake()
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        self._timers_cancelled += 1
        if self._timers_cancelled > _TIMERS_KEPT and self._timers_cancelled * 2 > len(self._timers):
            self._timers[:] = [timer for timer in self._timers if not timer.cancelled()]
            heapq.heapify(self._timers)
            self._timers_cancelled = 0

    def run_until_complete(self, future: Any) -> Any:
        """Refused: `WebLoop` begins what it is given, and returns at once."""
        blocking.refuse("run_until_complete()", future)

    def run_forever(self) -> None:
        """Refused: it would return at once."""
        blocking.refuse("run_forever()")

    def create_future(self) -> asyncio.Future[Any]:
        """A plain future: nothing here needs JavaScript's ``then``."""
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        """A plain task; its failure is reported when nobody awaits it."""
        return (self._task_factory or make_task)(self, coro, **options)

    def turn(self, first: Callable[[], None] | None = None) -> float:
        """Run what is due, for some milliseconds at most.

        When more is due than that, the rest waits for the messages that have come meanwhile: a page that hears nothing
        takes the worker for hung.

        Args:
            first: is called before that, and need not wake the worker for what it adds. What an earlier turn has left
                does not run then.

        Returns:
            How many milliseconds from now the loop wants its next turn; negative for none.
        """
        new_slice(self.beat)  # what ran before the pause is over
        self._install_running_loop()
        self._install_asyncgen_hooks()
        self._turning = True
        behind = first is not None and bool(self._queue)
        try:
            if first is not None:
                first()
            now = self.time()
            end = now + _BUDGET_S
            while not behind and now <= end and self._collect(now):
                self._run(self._queue.popleft())
                now = self.time()
        finally:
            self._turning = False
        if self._queue:
            return 0
        if not self._timers:
            return -1
        until: float = self._timers[0].when() - self.time()
        return max(0.0, until * 1000)

    def _collect(self, now: float) -> bool:
        """Move the timers that are due into the queue; whether there is anything to run."""
        timers = self._timers
        while timers and (timers[0].cancelled() or timers[0].when() <= now):
            timer = heapq.heappop(timers)
            if timer.cancelled():
                self._timers_cancelled -= 1
            else:
                self._queue.append(timer)
        return bool(self._queue)

    def _run(self, handle: asyncio.Handle) -> None:
        if handle.cancelled():
            return
        new_slice(self.beat)
        try:
            handle._run()
        except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt: asyncio lets them through
            task = getattr(handle._callback, "__self__", None)  # type: ignore[attr-defined]
            if not isinstance(task, asyncio.Task):  # a task keeps its failure, for who awaits it
                self.call_exception_handler({"message": "a callback failed", "exception": error, "handle": handle})
        finally:
            # An exception's traceback leads to this frame: holding the handle, and with it the task, would be a
            # cycle, and a failure that nobody awaits is reported when its task is freed.
            del handle


class Runtime:
    """What the worker holds of Python: `deliver`, `turn`, and where the beat is counted."""

    def __init__(
        self,
        loop: WorkerLoop,
        app: App,
        post: Callable[[str, str], None],
        keep: Callable[[str, str | None], None],
    ) -> None:
        self._loop = loop
        self._slice_limit_ms = app.settings.slice_limit_ms
        self._patience = Patience(loop.beat)
        self._page_grace_s = app.settings.page_grace_s
        self.dispatcher = Dispatcher(app, post, _now_ms, self._entered, keep)
        self._loop.set_exception_handler(self.dispatcher.background_failed)
        self._slice_left: Callable[[], float] | None = None
        blocking.guarded_by(blocking.Guard(self._left_ms, self.dispatcher.waited))
        signal.signal(signal.SIGINT, self._interrupt)

    @property
    def beat_address(self) -> int:
        """Where in the wasm memory the loop counts what it ran (32 bits)."""
        return self._loop.beat.buffer_info()[0]

    @property
    def slice_limit_ms(self) -> float:
        """The app's limit; 0 for none."""
        return self._slice_limit_ms or 0

    @property
    def page_grace_s(self) -> float:
        """The app's limit; 0 for none."""
        return self._page_grace_s or 0

    def remember(self, kept: dict[str, str]) -> None:
        """Take what an earlier interpreter kept, by call id."""
        self.dispatcher.calls.remember(kept)

    def hear(self, call_id: str, kept: str | None) -> None:
        """Another interpreter, of another build, keeps this of a call: pages may bring it here."""
        self.dispatcher.calls.remember({call_id: kept})

    def deliver(self, page_id: str, text: str) -> float:
        """Take one message of a page, and turn the loop. Returns what `turn` returns."""
        return self._loop.turn(lambda: self.dispatcher.receive(page_id, text))

    def detach(self, page_id: str, reason: str) -> float:
        """A page went away without a word. Returns what `turn` returns."""
        return self._loop.turn(lambda: self.dispatcher.detach(page_id, reason))

    def turn(self) -> float:
        """Turn the loop."""
        return self._loop.turn()

    def watch_slices(self, left: Callable[[], float]) -> None:
        """Know from the one who interrupts how many milliseconds the slice that runs has left."""
        self._slice_left = left

    def waited(self, what: str, ms: float) -> None:
        """The worker had to wait for something that the code that runs asked for."""
        self.dispatcher.waited(what, ms)

    def _left_ms(self) -> float | None:
        return None if self._slice_left is None else self._slice_left()

    def _entered(self, _: str) -> None:
        new_slice(self._loop.beat)

    def _interrupt(self, _: int, frame: FrameType | None) -> None:
        """Raise in the app's code that holds the interpreter; never in the middle of our own."""
        if not self._patience.is_over(frame):
            return  # the worker asks again in a moment
        error = self._overrun()
        if self._patience.interruptions > _FIRM_AFTER:
            raise KeyboardInterrupt(str(error))  # it swallows what can be swallowed
        raise error

    def _overrun(self) -> HandlerTimeout:
        """What the code that holds the interpreter gets."""
        name, task = self.dispatcher.who()
        error = HandlerTimeout(name, self.slice_limit_ms, "slice")
        if task is None:
            return error
        # It is a cancellation, and to asyncio a task that ends in one has not failed: report it from here.
        context = {"message": str(error), "exception": error, "task": task}
        self._loop.call_soon(self._loop.call_exception_handler, context)
        return error


def _now_ms() -> float:
    return time.time() * 1000


def load_app(module: str, attribute: str) -> App:
    """Import the app of the bundle.

    Raises:
        WorkerPyError: the module has no such app; whatever its import raises comes through.
    """
    if APP_DIRECTORY not in sys.path:
        sys.path.insert(0, APP_DIRECTORY)
    app = getattr(importlib.import_module(module), attribute, None)
    if not isinstance(app, App):
        found = "nothing" if app is None else type(app).__name__
        raise WorkerPyError(
            f"{module}.{attribute} should be a worker_py.App, not {found}; "
            f"write `{attribute} = App()` in {module}, or name another with --app PATH:NAME"
        )
    return app


class _LateImports:
    """Makes an import wait for the files that a start from a snapshot puts in place later."""

    def __init__(self, mount: Callable[[], None], beat: array.array[int]) -> None:
        self._mount = mount
        self._beat = beat

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Find nothing, but see to it that the next finder can."""
        self._mount()  # imports something itself, and so comes here again
        new_slice(self._beat)  # the time that it took is not the handler's
        if self in sys.meta_path:
            sys.meta_path.remove(self)
            importlib.invalidate_caches()


_frozen: Freezing | None = None
"""In an interpreter that a snapshot was made of."""


def prepare(module: str, attribute: str) -> None:
    """Import the app, for a memory snapshot of the interpreter.

    Raises:
        WorkerPyError: as `load_app`.
        RuntimeError: the import started a task, which a snapshot would lose.
    """
    global _frozen
    blocking.stand_in()
    loop = asyncio.get_event_loop()
    begun = loop._in_progress  # type: ignore[attr-defined]
    freezing = Freezing()
    with freezing.watch():
        load_app(module, attribute)
    with suppress(ModuleNotFoundError):
        importlib.import_module(_LIVE)
    if loop._in_progress > begun:  # type: ignore[attr-defined]
        raise RuntimeError(f"{module} starts a task when it is imported; start it in a handler of Started")
    for loaded in list(sys.modules.values()):
        file = getattr(loaded, "__file__", None) or ""
        if not file.startswith("/lib/python314.zip"):
            linecache.getlines(file)
    for name, entry in list(linecache.cache.items()):
        if len(entry) == 4:  # without its time: the file itself comes later, and is not looked at
            linecache.cache[name] = (entry[0], None, entry[2], entry[3])
    freezing.freeze()
    _frozen = freezing
    gc.collect()


def _complete_requests() -> None:
    """Give Pyodide's blocking requests what Node had not, where a snapshot of them was made."""
    try:
        from js import XMLHttpRequest
        from pyodide.ffi import JsException
    except ImportError:
        return  # nor has this place
    for name in ("pyodide.http", "pyodide.http.pyxhr"):
        module = sys.modules.get(name)
        if module is not None:
            vars(module).update(XMLHttpRequest=XMLHttpRequest, JsException=JsException)


def start(
    config: str,
    post: Callable[[str, str], None],
    wake: Callable[[], None],
    keep: Callable[[str, str | None], None],
    mount: Callable[[], None],
) -> Runtime:
    """Start the app.

    Args:
        config: JSON with ``module`` and ``attribute`` of the app; ``kept``, what an earlier
            interpreter kept, by call id; ``live``, whether pages may bring other source; and ``place``, as `Place`.
        post: hands a JSON string to the page with this id.
        wake: asks the worker for a turn of the loop soon.
        keep: stores what must outlive the interpreter, by call id; ``None`` when the call is over.
        mount: puts the files in place that an import after a start from a snapshot needs.
    """
    wanted = json.loads(config)
    place = Place(**wanted["place"])
    if _frozen is not None:
        _frozen.thaw(place)
    place.name_zone()
    loop = WorkerLoop(wake)
    asyncio.set_event_loop(loop)
    loop._install_running_loop()
    blocking.stand_in()
    _complete_requests()
    app = load_app(wanted["module"], wanted["attribute"])
    runtime = Runtime(loop, app, post, keep)
    runtime.remember(wanted["kept"])
    if wanted["live"] is True:
        importlib.import_module(_LIVE).join(runtime.dispatcher, app, wanted["module"], wanted["attribute"])
    sys.meta_path.insert(0, _LateImports(mount, loop.beat))
    sys.setrecursionlimit(_RECURSION_LIMIT)  # deeper, and the wasm stack overflows: that is fatal
    return runtime
