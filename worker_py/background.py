"""Tasks that the app leaves behind: a failure that nobody takes is told when it happens, not when the task is freed.

asyncio tells of it when the last reference to the task goes, and apps keep references, as asyncio advises them to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any

from .begun import Begun

MAY_TAKE_S = 1.0
"""How long who began a task may leave its failure alone before it is told: he may be about to await the task."""

_TURNS = 3
"""So many turns of the loop does a failure need to reach those who wait for the task, by way of `asyncio.wait` too."""

AnyTask = asyncio.Task[Any]


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
