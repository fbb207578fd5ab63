"""The event loop that the worker turns."""

from __future__ import annotations

import array
import asyncio
import heapq
import math
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from pyodide.webloop import WebLoop

from .. import blocking
from ..background import make_task
from ..interrupt import new_slice

_BUDGET_S = 0.008
_TIMERS_KEPT = 64


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

    async def sock_connect(self, sock: Any, address: Any) -> None:
        """Refuse, by an error for which libraries have a name of their own.

        Raises:
            OSError: always.
        """
        raise type(blocking.NO_SOCKETS)(*blocking.NO_SOCKETS.args)

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
