"""Which call an event belongs to: the one whose card was last initialized on the event's page.

Three things make that less than plain. Events may come before ``initialized``, and wait for it. After a
navigation the portal may not raise it again, so an event can show that the card is here. And a page may
show the card of a call that another page owns.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from . import events as ev
from .calls import Calls
from .page import Page
from .session import Session

EARLY_EVENT_S = 10.0
"""How long an event without a card waits for ``initialized``."""


@dataclass(slots=True, eq=False)
class Delivery:
    """An event of a page on its way through the handlers."""

    page: Page
    seq: int
    event: ev.CardEvent


class Outside(Protocol):
    """What the routing needs of the dispatcher."""

    def tell(self, page: Page, message: Mapping[str, Any]) -> None:
        """Hand a message to a page, if it is still there."""

    def ack(self, page: Page, seq: int) -> None:
        """Tell a page that an event has been dealt with."""

    def start(self, delivery: Delivery, session: Session) -> None:
        """Run the handlers of an event of this call."""


class Routing:
    """Gives each event of a page to its call.

    Args:
        outside: the dispatcher.
        calls: the calls that are going on.
    """

    def __init__(self, outside: Outside, calls: Calls) -> None:
        self._outside = outside
        self._calls = calls

    def back(self, page: Page) -> None:
        """A page that had gone is here again, with what it had delivered before."""
        if page.inbox.early:
            self._await_initialized(page)

    def page_gone(self, page: Page) -> None:
        """What waits for ``initialized`` waits for the page first."""
        self._stop_early_timer(page)

    def route(self, delivery: Delivery) -> None:
        """Start an event on its call, or keep or drop it while there is none."""
        event, page = delivery.event, delivery.page
        if isinstance(event, ev.Initialized):
            self._initialized(delivery, event)
            return
        if page.foreign is not None:
            self._of_foreign_card(delivery)
        elif page.current is not None:
            self._start(delivery, page.current)
        elif self._taken_up(delivery):
            pass
        elif page.closed is not None and not isinstance(event, ev.EntityChanged):
            self._start(delivery, page.closed)  # its card is still the one last initialized here
        else:
            page.inbox.early.append(delivery)
            self._await_initialized(page)

    def _taken_up(self, delivery: Delivery) -> bool:
        """The portal may not raise ``initialized`` again after a navigation: a click is the waiting call's then.

        ``entityChanged`` may belong to a card that has not been initialized yet, so it proves nothing.
        """
        session = self._calls.only_waiting()
        if session is None or isinstance(delivery.event, ev.EntityChanged):
            return False
        page = delivery.page
        self._calls.move(session, page)
        page.current = session
        early, page.inbox.early = page.inbox.early, []
        self._stop_early_timer(page)
        for each in [*early, delivery]:
            self._resume(each, session)
        return True

    def _resume(self, delivery: Delivery, session: Session) -> None:
        """Start an event that came after its call was taken up by another page."""
        event = delivery.event
        if not event.meta.redelivered:
            delivery.event = replace(event, meta=replace(event.meta, resumed=True))
        self._start(delivery, session)

    def _await_initialized(self, page: Page) -> None:
        if page.inbox.early_timer is None:
            loop = asyncio.get_running_loop()
            why = "no initialized followed it"
            page.inbox.early_timer = loop.call_later(EARLY_EVENT_S, self._drop_early, page, why)

    def _initialized(self, delivery: Delivery, event: ev.Initialized) -> None:
        page = delivery.page
        session = self._calls.find(event.call_id)
        if session and session.owner not in (None, page):
            self._calls.leave_to_owner(page, event.call_id)
            self._outside.ack(page, delivery.seq)
            self._drop_early(page, "its card belongs to another page")
            return
        if page.current and page.current is not session:
            self._calls.close(page.current, "replaced")
        resumed = session is not None and session.owner is None and not event.meta.redelivered
        if session is None:
            session = self._calls.open(event.call_id, page)
            resumed = session.restored
        elif session.owner is None:
            self._calls.move(session, page)
        page.current, page.foreign, page.closed = session, None, None
        if resumed:
            delivery.event = replace(event, meta=replace(event.meta, resumed=True))
        self._start(delivery, session)
        early, page.inbox.early = page.inbox.early, []
        self._stop_early_timer(page)
        for each in early:
            self._start(each, session)

    def _of_foreign_card(self, delivery: Delivery) -> None:
        """An event of a card that another page owns; once that page has gone, this one owns it."""
        page = delivery.page
        session = self._calls.find(page.foreign or "")
        if session is not None and session.owner is None:
            self._calls.move(session, page)
            page.current, page.foreign = session, None
            self._resume(delivery, session)
        else:
            self._outside.ack(page, delivery.seq)

    def _drop_early(self, page: Page, why: str) -> None:
        early, page.inbox.early = page.inbox.early, []
        self._stop_early_timer(page)
        for delivery in early:
            name = delivery.event.meta.name
            text = f"{name} came without a card and was dropped: {why}"
            report = {"t": "report", "kind": "no_card", "event": name, "text": text}
            self._outside.tell(page, {**report, "seq": delivery.seq})
            self._outside.ack(page, delivery.seq)

    def _stop_early_timer(self, page: Page) -> None:
        if page.inbox.early_timer:
            page.inbox.early_timer.cancel()
            page.inbox.early_timer = None

    def _start(self, delivery: Delivery, session: Session) -> None:
        if isinstance(delivery.event, ev.CloseButtonClick):
            page = delivery.page
            page.current, page.closed = None, session
        self._outside.start(delivery, session)
