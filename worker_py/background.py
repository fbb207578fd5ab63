"""Tasks: those of events begin in any case; what fails in those that the app leaves behind is told when it happens.

asyncio tells of it when the last reference to the task goes, and apps keep references, as asyncio advises them to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any

MAY_TAKE_S = 1.0
"""How long who began a task may leave its failure alone before it is told: he may be about to await the task."""

_TURNS = 3
"""So many turns of the loop does a failure need to reach those who wait for the task, by way of `asyncio.wait` too."""

AnyTask = asyncio.Task[Any]


class Begun(Coroutine[Any, Any, None]):
    """A coroutine that takes its first step even when its task was cancelled before.

    asyncio throws the cancellation into a coroutine that has not begun, which then never runs: a
    handler that cancels all tasks would take the events with it that wait for their turn.

    Args:
        coroutine: what to run.
        is_closing: whether the loop is about to be closed, so that nothing begins any more.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, None], is_closing: Callable[[], bool]) -> None:
        self._is_closing = is_closing
        self._coroutine = coroutine
        self._begun = False

    def send(self, value: Any, /) -> Any:
        """Go on."""
        self._begun = True
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        """Go on with an exception; with a cancellation before the first step, without it."""
        if not self._begun and isinstance(error[0], asyncio.CancelledError) and not self._is_closing():
            return self.send(None)
        return self._coroutine.throw(*error)

    def close(self) -> None:
        """End it where it stands."""
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, None]:
        return (yield from self._coroutine.__await__())


def make_task(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **options: Any) -> AnyTask:
    """Make a task of a loop: a task factory. What fails there goes to the loop's exception handler, once."""
    task = asyncio.Task(coroutine, loop=loop, **options)
    if not isinstance(coroutine, Begun):
        task.add_done_callback(partial(_ended, asyncio.current_task(loop)))
    return task


def _ended(by: AnyTask | None, task: AnyTask) -> None:
    if not task.cancelled() and _is_untaken(task):
        _wait(_TURNS, by, task)


def _wait(turns: int, by: AnyTask | None, task: AnyTask) -> None:
    loop = task.get_loop()
    if turns > 0:
        loop.call_soon(_wait, turns - 1, by, task)
    elif by is None or by.done():
        _tell(task)
    elif _is_untaken(task):
        by.add_done_callback(lambda _: _tell(task))
        loop.call_later(MAY_TAKE_S, _tell, task)


def _tell(task: AnyTask) -> None:
    if _is_untaken(task):
        error = task.exception()  # takes it: the task is silent when it is freed
        task.get_loop().call_exception_handler({"message": "a task failed", "exception": error, "task": task})


def _is_untaken(task: AnyTask) -> bool:
    """Whether nobody has asked how the task ended: it would say so when it is freed."""
    return bool(task._log_traceback)
