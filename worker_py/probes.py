"""The probe of one page: does it show a card, and what is proven of commands that were sent before.

A window works off commands one after the other, each within the message's own turn. So when a probe has been answered,
an earlier command that has not been was carried out as far as it ever will be. An answer that comes through a promise
may be a few turns later: only the answer to a second probe, sent after the first was answered, settles the command.

Source: ``CallCardSetUiState`` with a state that does not exist changes no card, see `PROBE`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import outbox
from .commands import PROBE, PROBE_SHOWN, UNDEFINED
from .requests import UNTOLD, Requests
from .wire import error_code

LATE_S = 2.0
"""An answer that took longer says nothing about now."""

_UNDER_WAY = 8


@dataclass(slots=True, eq=False)
class _Watched:
    """A command without an answer."""

    after: int
    """The last probe that was sent before it."""
    proven: Callable[[], None]
    settled_by: int | None = None
    """The probe that settles it, once one has been answered."""


class Probes:
    """Sends the probes of one page, and tells what their answers prove.

    Args:
        page_id: the page.
        requests: carries the questions.
        told: given ``True`` when the page shows a card that can be managed, ``False`` when it shows none.
    """

    def __init__(self, page_id: str, requests: Requests, told: Callable[[bool], None]) -> None:
        self._page_id = page_id
        self._requests = requests
        self._told = told
        self._number = 0
        self._answered = 0
        self._under_way: dict[int, str] = {}
        self._watched: dict[str, _Watched] = {}

    def send(self, answered: Callable[[], None] = lambda: None) -> None:
        """Ask now. Whatever comes back, no handler and no count of the app's commands knows of it.

        Args:
            answered: called when an answer has come in time, before ``told``.
        """
        self._number += 1
        number, asked_at = self._number, asyncio.get_running_loop().time()
        request_id = self._requests.next_id(UNTOLD)
        self._under_way[number] = request_id
        if len(self._under_way) > _UNDER_WAY:
            self._requests.ignore(self._under_way.pop(min(self._under_way)))
        message = outbox.command(request_id, PROBE.name, PROBE.params, purpose="probe")
        self._requests.listen(self._page_id, message, lambda answer: self._heard(number, asked_at, answer, answered))

    def watch(self, request_id: str, proven: Callable[[], None]) -> None:
        """A command was sent: ``proven`` is called once it is certain that it will not be answered."""
        self._watched[request_id] = _Watched(self._number, proven)

    def unwatch(self, request_id: str) -> None:
        """It was answered, or nobody waits any more."""
        self._watched.pop(request_id, None)

    @property
    def watched(self) -> int:
        """How many commands are not known to be answered or settled."""
        return len(self._watched)

    def abandon(self) -> None:
        """The page has gone."""
        self._under_way.clear()
        self._watched.clear()

    def _heard(self, number: int, asked_at: float, answer: dict[str, Any], answered: Callable[[], None]) -> None:
        self._under_way.pop(number, None)
        shown = _reading(answer)
        late = asyncio.get_running_loop().time() - asked_at > LATE_S
        if shown is None or late or number < self._answered:
            return
        self._answered = number
        again = False
        for request_id, command in list(self._watched.items()):
            if command.settled_by is None and number > command.after:
                command.settled_by, again = self._number + 1, True
            elif command.settled_by is not None and number >= command.settled_by:
                del self._watched[request_id]
                command.proven()
        if again:
            self.send()
        answered()
        self._told(shown)


def _reading(answer: dict[str, Any]) -> bool | None:
    """What an answer to the probe says; ``None`` when it proves nothing."""
    if answer.get("t") != "answer":
        return None
    return {PROBE_SHOWN: True, UNDEFINED: False}.get(error_code(answer.get("answer")) or "")
