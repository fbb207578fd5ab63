"""The deadline of a wait; ``static/deadline.js`` is its counterpart for pages."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

LATE_S = 0.05
"""A timer that is later than this has waited for the interpreter, or for a machine that slept."""


@dataclass(slots=True, eq=False)
class Deadline:
    """A timer for what ends a wait.

    Where it comes late, what was waited for may have come meanwhile and stand behind it: that has its turn first. Once
    only, or a deadline under handlers that hold the interpreter again and again would not come.
    """

    _timer: asyncio.TimerHandle | None = field(default=None, init=False)

    @property
    def running(self) -> bool:
        """Whether it is still to come."""
        return self._timer is not None

    def begin(self, delay_s: float, act: Callable[..., None], *args: Any) -> None:
        """Do this in so many seconds, in the place of what was to be done before."""
        self.stop()
        loop = asyncio.get_running_loop()
        due = loop.time() + delay_s
        self._timer = loop.call_at(due, self._come, due, act, args)

    def stop(self) -> None:
        """Nothing is to be done any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _come(self, due: float, act: Callable[..., None], args: tuple[Any, ...]) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() - due > LATE_S:
            self._timer = loop.call_later(LATE_S, self._come, math.inf, act, args)
        else:
            self._timer = None
            act(*args)
