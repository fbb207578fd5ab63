"""An event loop whose clock jumps: a 30-second deadline costs a test nothing.

It never asks the operating system for anything, so it is deterministic, and it runs inside Pyodide
too, where nothing can block and a loop is running already.
"""

from __future__ import annotations

import asyncio
import heapq
from asyncio import events
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import AbstractContextManager, nullcontext
from contextvars import Context
from pathlib import PurePath
from types import TracebackType
from typing import Any, TypeVar

from .background import make_task
from .blocking import refuse

T = TypeVar("T")

_CANCELLATIONS = 3
_ASYNCIO = str(PurePath(asyncio.__file__).parent)


class Deadlock(RuntimeError):
    """Everything waits, and no timer will end it."""


class _Clock:
    """Stands in for a selector: waiting moves the clock on."""

    def __init__(self) -> None:
        self.now = 0.0

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise Deadlock("every task waits for something that will not happen")
        self.now += timeout
        return []


class _Callback(asyncio.Handle):
    """A callback whose ``SystemExit`` is a failure of its own, as in the browser's loop, and stops nothing."""

    __slots__ = ()

    def _run(self) -> None:
        try:
            super()._run()
        except SystemExit as error:
            context = {"message": "a callback failed", "exception": error, "handle": self}
            self._loop.call_exception_handler(context)  # type: ignore[attr-defined]


class _Timer(_Callback, asyncio.TimerHandle):
    """A timer that knows which of two of the same time was asked for first."""

    __slots__ = ("number",)
    number: int

    def __lt__(self, other: asyncio.TimerHandle) -> bool:
        assert isinstance(other, _Timer)
        return (self.when(), self.number) < (other.when(), other.number)


class VirtualTimeLoop(asyncio.BaseEventLoop):
    """A deterministic loop with virtual time."""

    def __init__(self) -> None:
        super().__init__()
        self.around: AbstractContextManager[Any] = nullcontext()
        """What is entered while the loop runs; it may be entered again inside."""
        self._selector = _Clock()
        self._clock_resolution = 1e-9
        self.set_task_factory(make_task)  # type: ignore[arg-type]
        self._timers_made = 0

    def close(self) -> None:
        """Cancel what still runs, and close. What fails on the way is nobody's concern any more."""
        if not self.is_closed():
            self.set_exception_handler(lambda *_: None)
            for _ in range(_CANCELLATIONS):
                for task in asyncio.all_tasks(self):
                    task.cancel()
                self.settle()
            for task in asyncio.all_tasks(self):
                task._log_destroy_pending = False  # type: ignore[attr-defined]
            self._until(self.create_task(self.shutdown_asyncgens()))
        super().close()

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._selector.now

    def _process_events(self, event_list: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass

    def settle(self) -> None:
        """Run everything that can run now, without moving the clock."""
        while self._has_work():
            self._until(self.create_future_after_ready())

    def pass_time(self, seconds: float) -> None:
        """Let this much time pass in which nothing runs."""
        self._selector.now += seconds

    def run_until_complete(self, future: Generator[Any, None, T] | Awaitable[T]) -> T:
        """As any loop's; refused while this one runs."""
        if self.is_running():
            refuse("run_until_complete()", future)
        return super().run_until_complete(future)

    def run_forever(self) -> None:
        """As any loop's; refused while this one runs, where Python 3.13.0 leaves it as if it did not run."""
        if self.is_running():
            refuse("run_forever()")
        super().run_forever()

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """Run a function here and now, as the browser's loop does: it has no other thread."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except BaseException as error:  # noqa: BLE001 - whoever awaits it gets it
            future.set_exception(error)
        return future

    def _has_work(self) -> bool:
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        soon = self.time() + self._clock_resolution
        return bool(self._ready) or bool(timers and timers[0].when() < soon)  # type: ignore[attr-defined]

    def advance(self, seconds: float) -> None:
        """Let this much time pass, running what becomes due on the way."""
        self.settle()
        self._until(self.create_task(asyncio.sleep(seconds)))
        self.settle()

    def create_future_after_ready(self) -> asyncio.Future[None]:
        """A future that is done once everything that is ready now has run."""
        future: asyncio.Future[None] = self.create_future()
        self.call_soon(future.set_result, None)
        return future

    def complete(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end, jumping over every wait.

        Raises:
            Deadlock: it waits for something that will not happen.
        """
        return self._until(self.create_task(coroutine))

    def _call_soon(self, callback: Callable[..., Any], args: Any, context: Context | None) -> asyncio.Handle:
        # A task keeps what it ends by, for who awaits it. A frame of `_Callback` in that traceback would hold the task.
        of_task = isinstance(getattr(callback, "__self__", None), asyncio.Task)
        handle = (asyncio.Handle if of_task else _Callback)(callback, args, self, context)
        self._ready.append(handle)  # type: ignore[attr-defined]
        return handle

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Run a callback at a time of this loop; those of the same time run in the order of the calls."""
        timer = _Timer(when, callback, args, self, context)
        self._timers_made += 1
        timer.number = self._timers_made
        timer._scheduled = True  # type: ignore[attr-defined]
        heapq.heappush(self._scheduled, timer)  # type: ignore[attr-defined]
        return timer

    def _until(self, future: asyncio.Future[T]) -> T:
        running = events._get_running_loop()
        task = _swap_current_task(running, None)
        events._set_running_loop(None)  # inside Pyodide one is always running
        try:
            with self.around:
                return self._run_until(future)
        finally:
            events._set_running_loop(running)
            _swap_current_task(running, task)

    def _run_until(self, future: asyncio.Future[T]) -> T:
        while True:
            try:
                return self.run_until_complete(future)
            except SystemExit as error:
                # asyncio stops a loop when a task ends so. The task keeps it, and reports it when nobody asks for it:
                # when it is freed, which asyncio's frames in the traceback must not prevent.
                if future.done():
                    return future.result()
                _let_go(error.__traceback__)


def _swap_current_task(loop: asyncio.AbstractEventLoop | None, task: Any) -> Any:
    """Put another task in the place of the one that runs; since Python 3.14 all loops of a thread share that place."""
    swap = getattr(asyncio.tasks, "_swap_current_task", None)
    if swap is None or loop is None or asyncio.current_task(loop) is task:
        return task  # Python 3.12.1 fails where there is none to take away
    return swap(loop, task)


def _let_go(trace: TracebackType | None) -> None:
    """Clear asyncio's frames of a traceback: they hold the task whose exception holds them."""
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.startswith(_ASYNCIO):
            trace.tb_frame.clear()
        trace = trace.tb_next


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time, on a loop of its own."""
    loop = VirtualTimeLoop()
    try:
        return loop.complete(coroutine)
    finally:
        loop.close()
