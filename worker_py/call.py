"""One call: its card, the windows that show it, and what is kept of it outside the interpreter."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import events as ev
from .card import CallCard
from .commands import Command, CommandName
from .page import Page
from .state import CardState, changed
from .wire import json_if_any, to_json

_KEPT_CHARS = 64 * 1024
_RESULT_CHARS = 4096
_SAME_ENTITY_MS = 1000
_SAME_COMMENT_MS = 65_000
"""As long as the portal keeps a card open at whose end somebody writes a comment."""


@dataclass(slots=True, eq=False)
class Window:
    """One page's card of a call."""

    page: Page
    showing: int
    """`Call.showing` when the portal showed this card."""
    shown: bool = True
    """It is believed to be there."""
    managed: bool = False
    """The portal has carried out something on it, or the probe found it."""
    before: bool = False
    """A card that the page showed of this call before could be managed."""
    taken: bool = False
    """The portal has taken it away: the probe found none where one had been."""
    refused: bool = False
    """A command was answered as where there is no card that an app can manage."""
    since: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    """When the portal showed it, in seconds of the loop's clock."""
    titles: list[asyncio.TimerHandle] = field(default_factory=list)
    """When the title is set again."""
    mirrored: list[CommandName] = field(default_factory=list)
    """Commands under way that make it look like the others."""

    @property
    def alive(self) -> bool:
        """Whether commands can change it."""
        return self.shown and not self.page.gone

    def stop_titles(self) -> None:
        """No title is set again."""
        for timer in self.titles:
            timer.cancel()
        self.titles.clear()


class Call:
    """A call from ``initialized`` until no window shows its card any more.

    Attributes:
        call_id: the portal's id of the call.
        card: what handlers get.
        state: what is believed about the card.
        windows: the pages that show the card, or showed it, by their ids.
        showing: counts how often the portal has shown a fresh card for this call.
        began_on: the id of the page that it began on, as far as this interpreter knows.
        began_at: when it did, in milliseconds since the epoch.
        ended: why the card was closed, or ``None`` while it is open.
        ending: the operator has closed it; its handlers run.
        grace: the timer that ends a call without a page.
        closing: the task that runs the ``CardClosed`` handlers.
        restored: it began in an interpreter that did not live on; what was not kept is unknown.
        managed: its card could be managed in some window.
        shown_before: its card was shown before the portal took it away: an app could manage it then, and may find it
            gone.
        greeted: the handlers of ``Initialized`` have ended.
        under_way: commands that have not been answered yet, for windows that join meanwhile.
        unproven_timer: ``connected`` was not answered: it is not known whether the card has a timer.
        problems: what stands on the pages, by kind.
        before: set once it is known whether the call has ended whose window this one took.
        passed: the same of this call, for the one that takes a window of it.
        last_page_id: the page that showed the card last.
        kept: what is kept of it outside the interpreter, as JSON.
        done: what its handlers did once, and what came of it.
        to_keep: told when there may be news to keep.
    """

    def __init__(
        self, call_id: str, page: Page | None, execute: Callable[[Call, Command], Coroutine[Any, Any, Any]]
    ) -> None:
        self.call_id = call_id
        self.windows: dict[str, Window] = {}
        self.last_page_id = "" if page is None else page.id
        self.card = CallCard(call_id, self, lambda command: execute(self, command))
        self.state = CardState()
        self.showing = 0
        self.began_on = self.last_page_id
        self.began_at = int(time.time() * 1000)
        self.ended: str | None = None
        self.ending = False
        self.grace: asyncio.TimerHandle | None = None
        self.closing: asyncio.Task[None] | None = None
        self.restored = False
        self.managed = False
        self.shown_before = False
        self.greeted = False
        self.under_way: list[Command] = []
        self.unproven_timer = False
        self.problems: dict[str, set[str]] = {}
        self.before: asyncio.Event | None = None
        self.passed = asyncio.Event()
        self.kept: str | None = None
        self.done: dict[str, Any] = {}
        self.to_keep: Callable[[Call], None] = lambda _: None
        self._kept_at = 0
        self._kept: str | None = None
        self._kept_state: CardState | None = None
        self._kept_done = 0
        self._applied: tuple[str, int] | None = None
        self._restored_after: tuple[str, int] | None = None
        self._entity: tuple[ev.EntityChanged, int] | None = None
        self._comment: tuple[ev.AddCommentButtonClick, int] | None = None
        if page is not None:
            self.join(page)

    # Windows -------------------------------------------------------------------------------------

    def join(self, page: Page) -> Window:
        """A page shows the card."""
        before = self.windows.get(page.id)
        if before is not None:
            before.stop_titles()
        window = self.windows[page.id] = Window(page, self.showing)
        window.before = before is not None and (before.managed or before.before)
        self.last_page_id = page.id
        if self.grace:
            self.grace.cancel()
            self.grace = None
        return window

    def alive(self) -> list[Window]:
        """The windows that show the card."""
        return [window for window in self.windows.values() if window.alive]

    def shown(self) -> list[Page]:
        """The pages that show the card, in the order in which they did."""
        return [window.page for window in self.alive()]

    def reachable(self) -> list[Page]:
        """Those, and after them the pages that showed it and are still there."""
        others = [window.page for window in self.windows.values() if not window.shown and not window.page.gone]
        return self.shown() + others

    def show_again(self, page: Page) -> None:
        """The portal shows a fresh card: nothing of the one before it holds, but the app's data does."""
        self.showing += 1
        self.stop_titles()
        for window in self.windows.values():
            window.shown = False
        self.join(page)
        self.state = CardState()
        self.unproven_timer = self.greeted = False
        self._entity = self._comment = None

    def stop_titles(self) -> None:
        """No title is set again."""
        for window in self.windows.values():
            window.stop_titles()

    # Events --------------------------------------------------------------------------------------

    def note(self, event: ev.CardEvent) -> bool:
        """Take note of what each window may tell.

        The portal tells each of a change of the CRM entity; and each may raise the comment at the end.

        Returns:
            Whether it is an echo: another window has told it already.
        """
        at = event.meta.received_at
        if isinstance(event, ev.EntityChanged):
            before, self._entity = self._entity, (event, at)
            return before is not None and event == before[0] and abs(at - before[1]) < _SAME_ENTITY_MS
        if isinstance(event, ev.AddCommentButtonClick):
            said, when = self._comment or (None, 0)
            if said is not None and said.meta.page_id != event.meta.page_id and abs(at - when) < _SAME_COMMENT_MS:
                if event.comment in (said.comment, ""):
                    return True
            self._comment = (event, at)
        return False

    # State ---------------------------------------------------------------------------------------

    def set_closed(self) -> None:
        """Nothing shows the card any more."""
        self.state = changed(self.state, closed=True)

    def apply(self, page_id: str, seq: int, state: CardState) -> None:
        """Replace what is believed about the card because of an event."""
        self.state = state
        if self._applied is None or self._applied[0] != page_id or self._applied[1] < seq:
            self._applied = (page_id, seq)

    def is_applied(self, page_id: str, seq: int) -> bool:
        """Whether the state that was restored knows this event: it is delivered again, but happened once."""
        after = self._restored_after
        return after is not None and after[0] == page_id and seq <= after[1]

    def news_to_keep(self) -> str | None:
        """State and data as JSON when they differ from what was kept last, else ``None``.

        What of ``card.data`` JSON cannot carry is left out. With them goes which event changed the state last, and
        when this was written: of two records the newer one holds.
        """
        data = self.card.data
        if not data and self.state is self._kept_state and len(self.done) == self._kept_done:
            return None
        self._kept_state, self._kept_done = None if data else self.state, len(self.done)
        record, text = _dumped({"state": self.state.known(), "data": data})
        if self.done:
            record["once"] = {key: _small(result) for key, result in self.done.items()}
            text += to_json(record["once"])
        if text == self._kept:
            return None
        self._kept = text
        self._kept_at = max(self._kept_at + 1, int(time.time() * 1000))
        record |= {"applied": self._applied, "at": self._kept_at, "began": self.began_at}
        if self.managed:
            record["managed"] = True
        self.kept = to_json(record)
        return self.kept

    def keep(self) -> None:
        """Keep what has changed."""
        self.to_keep(self)

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Take up what `news_to_keep` gave; whatever does not fit is left unknown."""
        self.restored = True
        self.managed = kept.get("managed") is True
        self._kept_at = kept_at(kept)
        for window in self.windows.values():
            window.managed = self.managed
        state, data, began = kept.get("state"), kept.get("data"), kept.get("began")
        self.began_at = began if isinstance(began, int) else self.began_at
        if isinstance(state, dict):
            self.state = CardState.from_json(state)
        if isinstance(data, dict):
            self.card.data.update(data)
        if isinstance(kept.get("once"), dict):
            self.done.update(kept["once"])
        match kept.get("applied"):
            case [str(page_id), int(seq)]:
                self._restored_after = self._applied = (page_id, seq)


def kept_at(kept: object) -> int:
    """When this was written, in milliseconds since the epoch; 0 for what does not say."""
    at = kept.get("at") if isinstance(kept, dict) else None
    return at if isinstance(at, int) else 0


def _dumped(record: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The record as far as JSON can carry it, and its JSON."""
    text = json_if_any(record)
    if text is None or len(text) > _KEPT_CHARS:
        record = {**record, "data": _storable(record["data"])}
        text = to_json(record)
    return record, text


def _small(result: Any) -> Any:
    """What came of something that is done once, as far as another interpreter is told."""
    text = json_if_any(result)
    return None if text is None or len(text) > _RESULT_CHARS else result


def _storable(data: Mapping[Any, Any]) -> dict[str, Any]:
    """The part of ``data`` that JSON can carry, as far as there is room."""
    found: dict[str, Any] = {}
    room = _KEPT_CHARS
    for key, value in data.items():
        text = json_if_any(value)
        if isinstance(key, str) and text is not None and len(text) < room:
            found[key] = value
            room -= len(text)
    return found
