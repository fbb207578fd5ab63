"""One call: its card, the page that owns it, and what is kept of it outside the interpreter."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from .card import CallCard, Execute
from .page import Page
from .state import CardState
from .wire import to_json

_KEPT_CHARS = 64 * 1024


class Session:
    """A call from ``initialized`` until its card is closed.

    Attributes:
        call_id: the portal's id of the call.
        card: what handlers get.
        owner: the page that shows the card; ``None`` while the call waits for a page.
        began_on: the id of the page that it began on, as far as this interpreter knows.
        ended: why the card was closed, or ``None`` while it is open.
        grace: the timer that ends a call without a page.
        closing: the task that runs the ``CardClosed`` handlers.
        restored: it began in an interpreter that did not live on; what was not kept is unknown.
    """

    def __init__(self, call_id: str, owner: Page, execute: Execute) -> None:
        self.call_id = call_id
        self.card = CallCard(call_id, owner, execute)
        self.owner: Page | None = owner
        self.began_on = owner.id
        self.ended: str | None = None
        self.grace: asyncio.TimerHandle | None = None
        self.closing: asyncio.Task[None] | None = None
        self.restored = False
        self._kept: str | None = None
        self._kept_state: CardState | None = None
        self._applied: tuple[str, int] | None = None
        self._restored_after: tuple[str, int] | None = None

    def move_to(self, page: Page | None) -> None:
        """Give the card to another page, or to none while it waits for one."""
        self.owner = page
        self.card._page = page
        if page is not None:
            self.card._last_page_id = page.id
            if self.grace:
                self.grace.cancel()
                self.grace = None

    def set_state(self, state: CardState) -> None:
        """Replace what is believed about the card."""
        self.card._state = state

    def apply(self, page_id: str, seq: int, state: CardState) -> None:
        """Replace what is believed about the card because of an event."""
        self.set_state(state)
        if self._applied is None or self._applied[0] != page_id or self._applied[1] < seq:
            self._applied = (page_id, seq)

    def is_applied(self, page_id: str, seq: int) -> bool:
        """Whether the state that was restored knows this event: it is delivered again, but happened once."""
        after = self._restored_after
        return after is not None and after[0] == page_id and seq <= after[1]

    def news_to_keep(self) -> str | None:
        """State and data as JSON when they differ from what was kept last, else ``None``.

        What of ``card.data`` JSON cannot carry is left out. With them goes which event changed the state last.
        """
        card = self.card
        if not card.data and card.state is self._kept_state:
            return None
        self._kept_state = None if card.data else card.state
        kept = _dump({"state": card.state.known(), "data": card.data})
        if kept == self._kept:
            return None
        self._kept = kept
        return f'{kept[:-1]},"applied":{to_json(self._applied)}}}'

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Take up what `news_to_keep` gave; whatever does not fit is left unknown."""
        self.restored = self.card._restored = True
        state, data = kept.get("state"), kept.get("data")
        if isinstance(state, dict):
            self.set_state(CardState.from_json(state))
        if isinstance(data, dict):
            self.card.data.update(data)
        match kept.get("applied"):
            case [str(page_id), int(seq)]:
                self._restored_after = self._applied = (page_id, seq)


def _dump(kept: dict[str, Any]) -> str:
    try:
        text = to_json(kept)
        if len(text) <= _KEPT_CHARS:
            return text
    except BaseException:  # noqa: BLE001 - the app's own classes may do anything
        pass
    return to_json({**kept, "data": _storable(kept["data"])})


def _storable(data: Mapping[Any, Any]) -> dict[str, Any]:
    """The part of ``data`` that JSON can carry, as far as there is room."""
    found: dict[str, Any] = {}
    room = _KEPT_CHARS
    for key, value in data.items():
        try:
            size = len(to_json(value))
        except BaseException:  # noqa: BLE001 - as above
            continue
        if isinstance(key, str) and size < room:
            found[key] = value
            room -= size
    return found
