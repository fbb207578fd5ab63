"""A coroutine that begins, whatever happens to its task before that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any


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
