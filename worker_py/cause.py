"""Which event's handlers the running code belongs to, which page the event came from, and how long they may take."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass

CAUSE: ContextVar[str | None] = ContextVar("cause", default=None)
"""The event's ``meta.id``; tasks that a handler leaves behind inherit it."""

WINDOW: ContextVar[str | None] = ContextVar("window", default=None)
"""The id of the page that the event came from; commands, REST and page functions go there while it lives."""


ONCE: ContextVar[Iterator[str] | None] = ContextVar("once", default=None)
"""What a handler does once, however often its event comes: the names of the requests of REST in there, in their order.

The page answers a request of a name that it knows as it did before.
"""


def once_name() -> str | None:
    """How to name a request of REST that is made here, if it is to be carried out once."""
    once = ONCE.get()
    return None if once is None else next(once)


_LAST_S = 1.0
"""What a wait leaves of a handler's time, so that the handler can do something about what did not come."""

_LAST_SHARE = 0.1
"""Or this share of all its time, where that is less."""


@dataclass(slots=True, eq=False)
class TimeLimit:
    """The time that a handler has."""

    limit_s: float
    ends: float | None
    """By the loop's clock; ``None`` once the handler has ended: what it left behind may go on."""


TIME_LIMIT: ContextVar[TimeLimit | None] = ContextVar("time_limit", default=None)
"""The handler's, for all that it waits for."""


def time_left_s() -> float | None:
    """How long something may be awaited here, in seconds: less than remains of the handler's time.

    Returns:
        ``None`` for no limit: outside of handlers, in those that have none, and in one whose time is over: what it
        does about that, it is given another second for.
    """
    limit = TIME_LIMIT.get()
    if limit is None or limit.ends is None:
        return None
    left = limit.ends - asyncio.get_running_loop().time()
    if left <= 0:
        return None
    return left - min(_LAST_S, limit.limit_s * _LAST_SHARE, left / 2)
