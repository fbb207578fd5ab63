"""Who shows what, and what waits: everything that is known of a page's part in the calls, keyed by page."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import events as ev
from .call import Call, Window
from .deadline import Deadline
from .page import Page


@dataclass(slots=True, eq=False)
class Delivery:
    """An event of a page on its way to the handlers."""

    page: Page
    seq: int
    event: ev.CardEvent
    call_id: str | None = None
    """When it is delivered again: whose it was."""
    call: Call | None = None
    """Whose handlers get it; ``None`` once it is routed: nobody's."""


@dataclass(slots=True, eq=False)
class Seat:
    """One page's part.

    Attributes:
        last_seq: the number of the last event that it delivered.
        running: events whose handlers have not ended.
        call: the call whose card the portal showed here last; it may have ended.
        waiting: events that belong to no card yet.
        deadline: ends the waiting.
    """

    last_seq: int = 0
    running: set[int] = field(default_factory=set)
    call: Call | None = None
    waiting: list[Delivery] = field(default_factory=list)
    deadline: Deadline = field(default_factory=Deadline)

    def take_waiting(self) -> list[Delivery]:
        """The events that waited, which wait no more."""
        waiting, self.waiting = self.waiting, []
        self.deadline.stop()
        return waiting


class Desk:
    """The pages' parts."""

    def __init__(self) -> None:
        self._seats: dict[Page, Seat] = {}

    def at(self, page: Page) -> Seat:
        """What is known of this page."""
        seat = self._seats.get(page)
        if seat is None:
            seat = self._seats[page] = Seat()
        return seat

    def drop(self, page: Page) -> None:
        """A page will not come back."""
        self._seats.pop(page, None)

    def open_call(self, page: Page) -> Call | None:
        """The call that this page shows: going on, and not known to be gone from here."""
        return self.at(page).call if self.window(page) is not None else None

    def window(self, page: Page) -> Window | None:
        """The window of the call that this page shows."""
        call = self.at(page).call
        if call is None or call.ended is not None or call.ending:
            return None
        window = call.windows.get(page.id)
        return window if window is not None and window.alive else None

    def forget(self, call: Call) -> None:
        """What comes from these pages now is not of this call."""
        for seat in self._seats.values():
            if seat.call is call:
                seat.call = None

    def another_shows(self, page: Page, call: Call) -> bool:
        """Whether this page shows the card of another call: a command would change that one."""
        other = self.open_call(page)
        return other is not None and other is not call
