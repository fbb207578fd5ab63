"""What the worker holds of Python: it joins the worker's port to a `Dispatcher`.

JSON strings in, JSON strings out, and the interruption of code that holds the interpreter for too long.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import signal
import sys
import time
import warnings
from collections.abc import Callable
from types import FrameType

from .. import blocking, forgotten, printed
from ..app import App
from ..dispatch import Dispatcher
from ..errors import HandlerTimeout
from ..events import Started
from ..interrupt import Interrupter, new_slice
from ..thaw import Place
from .loop import WorkerLoop
from .snapshot import LIVE, load_app, thaw

_RECURSION_LIMIT = 300
_FIRM_AFTER = 3


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
        self.beat_address: int = loop.beat.buffer_info()[0]
        """Where in the wasm memory the loop counts what it ran (32 bits)."""
        self.slice_limit_ms = app.settings.slice_limit_ms or 0
        """The app's limit; 0 for none."""
        self.page_grace_s = app.settings.page_grace_s or 0
        """The app's limit; 0 for none."""
        self.starts_with_kept = bool(app.registry.handlers(Started))
        """Whether the app has handlers that run first of all, and may look at all that was kept."""
        self._interrupter = Interrupter(loop.beat)
        self.dispatcher = Dispatcher(app, post, _now_ms, self._entered, keep)
        self._loop.set_exception_handler(self.dispatcher.background_failed)
        self._slice_left: Callable[[], float | None] = lambda: None
        blocking.guarded_by(blocking.Guard(lambda: self._slice_left(), self.dispatcher.waited))
        setattr(warnings, forgotten.HOOK, forgotten.telling(self.dispatcher.forgotten))
        forgotten.remember_lines()
        printed.heard_by(self.dispatcher.listener())
        signal.signal(signal.SIGINT, self._interrupt)

    def remember(self, kept: str) -> None:
        """Take what an earlier interpreter kept: JSON of it, by the ids under which it did."""
        self.dispatcher.remember(json.loads(kept), began_here=True)

    def hear(self, call_id: str, kept: str | None) -> None:
        """Another interpreter keeps this: of another build, of a call that pages may bring here; or of ``app.data``."""
        self.dispatcher.remember({call_id: kept})

    def configure(self, page: str) -> float:
        """Take ``worker-py.json`` as it is now, before a page attaches: JSON of what `Dispatcher.configure` takes."""
        read = json.loads(page)
        return self._loop.turn(lambda: self.dispatcher.configure(read["text"], read["portal"], read["problem"]))

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

    def _entered(self, _: str) -> None:
        new_slice(self._loop.beat)

    def _interrupt(self, _: int, frame: FrameType | None) -> None:
        """Raise in the app's code that holds the interpreter; never in the middle of our own."""
        if not self._interrupter.strike(frame):
            return  # the worker asks again in a moment
        error = self._overrun()
        if self._interrupter.interruptions > _FIRM_AFTER:
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


def _complete_requests() -> None:
    """Give Pyodide's blocking requests what Node had not, where a snapshot of them was made."""
    loaded = [sys.modules[name] for name in ("pyodide.http", "pyodide.http.pyxhr") if name in sys.modules]
    if not loaded:
        return  # and nothing is imported: `js` is looked for among the files first, which have not come
    try:
        from js import XMLHttpRequest
        from pyodide.ffi import JsException
    except ImportError:
        return  # nor has this place
    for module in loaded:
        vars(module).update(XMLHttpRequest=XMLHttpRequest, JsException=JsException)


def start(
    config: str,
    post: Callable[[str, str], None],
    wake: Callable[[], None],
    keep: Callable[[str, str | None], None],
) -> Runtime:
    """Start the app.

    Args:
        config: JSON with ``module`` and ``attribute`` of the app; ``kept``, what an earlier
            interpreter kept, by call id; ``live``, what names the app's files when pages may bring
            others, else false; ``settings``, the limits of the project's file; and ``place``, as `Place`.
        post: hands a JSON string to the page with this id.
        wake: asks the worker for a turn of the loop soon.
        keep: stores what must outlive the interpreter, by call id; ``None`` when the call is over.
    """
    wanted = json.loads(config)
    place = Place(**wanted["place"])
    thaw(place)
    loop = WorkerLoop(wake)
    asyncio.set_event_loop(loop)
    loop._install_running_loop()
    blocking.stand_in()
    printed.stand_in()
    _complete_requests()
    app = load_app(wanted["module"], wanted["attribute"])
    app.take_project_settings(wanted["settings"])
    runtime = Runtime(loop, app, post, keep)
    runtime.dispatcher.remember(wanted["kept"], began_here=True)
    if isinstance(wanted["live"], str):
        live = importlib.import_module(LIVE)
        live.join(runtime.dispatcher, app, wanted["module"], wanted["attribute"], wanted["live"])
    sys.setrecursionlimit(_RECURSION_LIMIT)  # deeper, and the wasm stack overflows: that is fatal
    return runtime
