"""Which call an event belongs to: the one whose card was last initialized on the event's page.

Three things make that less than plain. Events may come before ``initialized``, and wait for it: ``entityChanged`` of a
new card always does, and must not reach the call before it. A call may be shown by several pages, each of which raises
``initialized`` for it. And after a navigation the portal may not raise it again, so a click can show that the card is
here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from . import events as ev
from . import outbox
from .call import Call
from .calls import Calls
from .desk import Delivery, Desk
from .outbox import Outbox
from .page import Page

EARLY_EVENT_S = 10.0
"""How long an event without a card waits for ``initialized``."""

ENTITY_CHANGED_S = 0.05
"""How long ``entityChanged`` waits for ``initialized`` on a page that shows a card: a new one raises it just before."""

_TOLD_BY_EACH = (ev.EntityChanged, ev.AddCommentButtonClick)
"""Events that each window of a call may raise about the same thing."""

_NO_CLICK = (ev.EntityChanged, ev.AddCommentButtonClick, ev.CloseButtonClick)
"""Events that come without a card that goes on showing."""


class Routing:
    """Gives each event of a page to its call.

    Args:
        out: the way to the pages.
        desk: who shows what, and what waits.
        calls: the calls that are going on.
        start: runs the handlers of an event of this call.
        ack: tells a page that an event has been dealt with.
    """

    def __init__(
        self,
        out: Outbox,
        desk: Desk,
        calls: Calls,
        *,
        start: Callable[[Delivery, Call], None],
        ack: Callable[[Page, int], None],
    ) -> None:
        self._out = out
        self._desk = desk
        self._calls = calls
        self._run = start
        self._ack = ack

    def back(self, page: Page) -> None:
        """A page that had gone is here again, with what it had delivered before."""
        if self._desk.at(page).waiting:
            self._wait(page, EARLY_EVENT_S)

    def page_gone(self, page: Page) -> None:
        """What waits for ``initialized`` waits for the page first."""
        self._desk.at(page).stop_waiting()

    def route(self, delivery: Delivery) -> None:
        """Start an event on its call, or keep or drop it while there is none."""
        event = delivery.event
        if isinstance(event, ev.Initialized):
            self._initialized(delivery, event)
        elif isinstance(event, ev.EntityChanged):
            self._entity_changed(delivery)
        else:
            self._click(delivery)

    # Events of a card that is there --------------------------------------------------------------

    def _click(self, delivery: Delivery) -> None:
        page, seat = delivery.page, self._desk.at(delivery.page)
        call = seat.call
        if delivery.call_id is not None and (call is None or call.call_id != delivery.call_id):
            self._start(delivery, self._calls.former(delivery.call_id, page))
            return
        if call is not None and call.ended is None:
            if not call.ending and not isinstance(delivery.event, _NO_CLICK):
                self._calls.found(call, page)
            if seat.waiting and self._desk.open_call(page) is call:
                self._flush(page, call)  # it is of a card that goes on, for a new one's would have been initialized
            self._start(delivery, call)
            return
        waiting = self._calls.only_waiting()
        if waiting is not None:
            self._take_up(delivery, waiting)
        elif call is not None:
            self._start(delivery, call)  # it has ended, and its card is still the one last initialized here
        else:
            seat.waiting.append(delivery)
            self._wait(page, EARLY_EVENT_S)

    def _take_up(self, delivery: Delivery, call: Call) -> None:
        """The portal may not raise ``initialized`` again after a navigation: a click is the waiting call's then.

        ``entityChanged`` may belong to a card that has not been initialized yet, so it proves nothing.
        """
        self._calls.join(call, delivery.page)
        for each in [*self._desk.at(delivery.page).take_waiting(), delivery]:
            self._start(_resumed(each), call)

    def _entity_changed(self, delivery: Delivery) -> None:
        self._desk.at(delivery.page).waiting.append(delivery)
        shown = self._desk.open_call(delivery.page) is not None
        self._wait(delivery.page, ENTITY_CHANGED_S if shown else EARLY_EVENT_S)

    # Events that wait ----------------------------------------------------------------------------

    def _wait(self, page: Page, seconds: float) -> None:
        seat = self._desk.at(page)
        if seat.timer is None:
            seat.timer = asyncio.get_running_loop().call_later(seconds, self._waited, page, seconds)

    def _waited(self, page: Page, seconds: float) -> None:
        """No ``initialized`` came: the card here goes on, or there is none."""
        call = self._desk.open_call(page)
        self._desk.at(page).stop_waiting()
        if call is not None:
            self._flush(page, call)
        elif seconds < EARLY_EVENT_S:
            self._wait(page, EARLY_EVENT_S)
        else:
            self._drop(page, "no initialized followed it")

    def _flush(self, page: Page, call: Call) -> None:
        for each in self._desk.at(page).take_waiting():
            self._start(each, call)

    def _drop(self, page: Page, why: str) -> None:
        for delivery in self._desk.at(page).take_waiting():
            name = delivery.event.meta.name
            text = f"{name} came without a card and was dropped: {why}"
            self._out.tell(page, outbox.report("no_card", text, event=name, seq=delivery.seq))
            self._ack(page, delivery.seq)

    # A card appears ------------------------------------------------------------------------------

    def _initialized(self, delivery: Delivery, event: ev.Initialized) -> None:
        page, redelivered = delivery.page, event.meta.redelivered
        call = self._calls.find(event.call_id)
        if call is not None and call.ending:
            self._calls.close(call, "closed_by_operator")
            call = None
        before = self._desk.open_call(page)
        if before is not None and before is not call:
            self._calls.leave(before, page)
        resumed = False
        if call is None:
            call, resumed = self._calls.open(event.call_id, page)
        elif not call.alive():
            self._calls.join(call, page)
            resumed = not redelivered
        elif not self._shows_already(call, page):
            self._calls.join(call, page)
            self._ack(page, delivery.seq)
            self._flush(page, call)
            return
        elif not redelivered:
            self._calls.show_again(call, page)
            resumed = True
        if before is not None and before is not call:
            self._calls.follow(call, before)
        self._start(_resumed(delivery) if resumed else delivery, call)
        self._flush(page, call)

    def _shows_already(self, call: Call, page: Page) -> bool:
        window = call.windows.get(page.id)
        return window is not None and window.showing == call.showing

    def _start(self, delivery: Delivery, call: Call) -> None:
        event, page = delivery.event, delivery.page
        if isinstance(event, _TOLD_BY_EACH) and call.is_echo(event):
            self._out.trace(page, "echo", event.meta.name, id=event.meta.id)
            self._ack(page, delivery.seq)
            return
        if isinstance(event, ev.CloseButtonClick):
            self._calls.closing(call)
        self._run(delivery, call)


def _resumed(delivery: Delivery) -> Delivery:
    """An event that came after its call was taken up; one that is delivered again is marked as that."""
    event = delivery.event
    if not event.meta.redelivered or isinstance(event, ev.Initialized):
        delivery.event = replace(event, meta=replace(event.meta, resumed=True))
    return delivery
