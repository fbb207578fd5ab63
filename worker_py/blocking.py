"""Calls that would hold every card: `time.sleep` beyond the slice, a loop within the loop, sockets.

In the browser there is one thread for all cards, and what waits in it cannot be interrupted. Such a call raises at once
and names what to write instead, in the browser and in tests alike.
"""

from __future__ import annotations

import asyncio
import errno
import inspect
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any, NoReturn

REAL_SLEEP = time.sleep
_REAL_RUN = asyncio.run
_REAL_NEW_LOOP = asyncio.new_event_loop

_NO_LOOP = (
    "{} cannot wait here: the loop that it would turn is running this handler. "
    "Make the handler `async def`, and write `await` instead"
)


@dataclass(frozen=True, slots=True)
class Guard:
    """Decides about code that wants to hold the interpreter, for one thread."""

    left_ms: Callable[[], float | None]
    """How long the code that runs may still do so; ``None`` without a limit."""
    waited: Callable[[str, float], None]
    """Told what was waited for, and for how many milliseconds."""
    wait: Callable[[float], object] = REAL_SLEEP
    """Lets so many seconds pass."""
    thread: int = field(default_factory=threading.get_ident)

    def sleep(self, seconds: float) -> None:
        """Sleep, unless that would take longer than the slice has left.

        Raises:
            RuntimeError: it would.
        """
        left = self.left_ms()
        if left is not None and seconds * 1000 > left:
            raise RuntimeError(
                f"time.sleep({seconds:g}) would hold all cards, which may be for {max(left, 0):.0f} ms more: "
                f"write `await asyncio.sleep({seconds:g})` in an `async def` handler"
            )
        self.wait(seconds)
        self.waited("time.sleep", seconds * 1000)


StandIn = tuple[Any, str, Any]
"""Where something is, under which name, and what takes its place."""

_guard: Guard | None = None


def _guard_here() -> Guard | None:
    return _guard if _guard is not None and _guard.thread == threading.get_ident() else None


def sleep(seconds: float, /) -> None:
    """As `time.sleep`, within the slice."""
    guard = _guard_here()
    if guard is None or not isinstance(seconds, int | float) or not seconds > 0:
        REAL_SLEEP(seconds)  # what is no time it refuses itself
    else:
        guard.sleep(seconds)


def run(main: Coroutine[Any, Any, Any], **options: Any) -> Any:
    """As `asyncio.run`, where no loop runs.

    Raises:
        RuntimeError: one does.
    """
    if _guard_here() is None or asyncio._get_running_loop() is None:
        return _REAL_RUN(main, **options)
    refuse("asyncio.run()", main)


def new_event_loop() -> asyncio.AbstractEventLoop:
    """As `asyncio.new_event_loop`; where a loop runs it is that one, which says what is wrong when it is to be run."""
    return (_guard_here() and asyncio._get_running_loop()) or _REAL_NEW_LOOP()


def refuse(call: str, awaitable: object = None) -> NoReturn:
    """Say that no loop can be run within the loop; a coroutine does not begin.

    Raises:
        RuntimeError: always.
    """
    if inspect.iscoroutine(awaitable):
        awaitable.close()
    raise RuntimeError(_NO_LOOP.format(call))


def refusing(real: Callable[..., Any], why: Exception) -> Callable[..., Any]:
    """A function that fails where there is a guard, and is as the real one anywhere else."""

    def refuses(*args: Any, **options: Any) -> Any:
        if _guard_here() is None:
            return real(*args, **options)
        raise type(why)(*why.args)

    return refuses


NO_SOCKETS = OSError(
    errno.ENETUNREACH,
    "a browser has no sockets: ask the portal by card.rest, and others by pyodide.http.pyfetch or a page function",
)

STAND_INS: tuple[StandIn, ...] = (
    (time, "sleep", sleep),
    (asyncio, "run", run),
    (asyncio.runners, "run", run),
    (asyncio, "new_event_loop", new_event_loop),
    (asyncio.events, "new_event_loop", new_event_loop),
    *(
        (socket.socket, name, refusing(getattr(socket.socket, name), NO_SOCKETS))
        for name in ("connect", "connect_ex", "sendto", "listen")
    ),
)
"""What takes the place of what, in the browser for good."""


def stand_in(stand_ins: Iterable[StandIn] = STAND_INS) -> None:
    """Put the stand-ins in place, for good; without a guard they are as what they stand for."""
    for where, name, each in stand_ins:
        setattr(where, name, each)


def guarded_by(guard: Guard | None) -> Guard | None:
    """From now on the stand-ins ask this guard; returns the one before."""
    global _guard
    before, _guard = _guard, guard
    return before
