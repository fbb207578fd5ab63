"""Which call an event belongs to: the one whose card was last initialized on the event's page.

Three things make that less than plain. Events may come before ``initialized``, and wait for it: ``entityChanged`` of a
new card always does, and must not reach the call before it. A call may be shown by several pages, each of which raises
``initialized`` for it. And after a navigation the portal may not raise it again, so a click can show that the card is
here.
"""

from __future__ import annotations

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
"""How long ``entityChanged`` waits for ``initialized`` on a page that shows a card: a new one raises it just before.

The portal sends both in one turn, so whatever it sends later comes behind both: then the page is asked, and its answer
proves that there is no ``initialized`` that a busy machine has not brought yet.
"""

PROVEN_S = 0.5
"""How long that answer is waited for: a portal that answers nothing does not keep an event from its handlers."""

KEPT_S = 0.05
"""How long a click waits that may be of a call which another interpreter kept.

So long a page has that shows the call and says so, and ``initialized`` of another one.
"""

_TOLD_BY_EACH = (ev.EntityChanged, ev.AddCommentButtonClick)
"""Events that each window of a call may raise about the same thing."""

_NO_CLICK = (ev.EntityChanged, ev.AddCommentButtonClick, ev.CloseButtonClick)
"""Events that come without a card that goes on showing."""


class Routing:
    """Gives each event of a page to its call.

    What comes back is in order, and each has its call; one that has none is done with, and runs nothing.

    Args:
        out: the way to the pages.
        desk: who shows what, and what waits.
        calls: the calls that are going on.
        due: told that events of a page have waited for so many seconds: `waited` tells whose they are.
    """

    def __init__(self, out: Outbox, desk: Desk, calls: Calls, due: Callable[[Page, float], None]) -> None:
        self._out = out
        self._desk = desk
        self._calls = calls
        self._due = due

    def back(self, page: Page) -> None:
        """A page that had gone is here again, with what it had delivered before."""
        if self._desk.at(page).waiting:
            self._wait(page, EARLY_EVENT_S)

    def page_gone(self, page: Page) -> None:
        """What waits for ``initialized`` waits for the page first."""
        self._desk.at(page).deadline.stop()

    def route(self, delivery: Delivery) -> list[Delivery]:
        """Give an event to its call, and with it those that have waited for it; or let it wait, too."""
        event = delivery.event
        if isinstance(event, ev.Initialized):
            return self._initialized(delivery, event)
        if isinstance(event, ev.EntityChanged):
            return self._entity_changed(delivery)
        return self._click(delivery)

    # Events of a card that is there --------------------------------------------------------------

    def _click(self, delivery: Delivery) -> list[Delivery]:
        page, seat = delivery.page, self._desk.at(delivery.page)
        call = seat.call
        if delivery.call_id is not None and (call is None or call.call_id != delivery.call_id):
            return [self._give(self._calls.former(delivery.call_id, page), delivery)]
        if call is not None and call.ended is None:
            if not call.ending and not isinstance(delivery.event, _NO_CLICK):
                self._calls.found(call, page)
            # What waits is of a card that goes on, for a new one's would have been initialized.
            early = self._flush(page, call) if seat.waiting and self._desk.open_call(page) is call else []
            return [*early, self._give(call, delivery)]
        waiting = self._calls.only_waiting()
        if waiting is not None:
            return self._take_up(delivery, waiting)
        if call is not None:
            return [self._give(call, delivery)]  # it has ended, and its card is still the one last initialized here
        seat.waiting.append(delivery)
        if self._calls.only_kept() is not None:
            seat.deadline.stop()
            self._wait(page, KEPT_S)
        else:
            self._wait(page, EARLY_EVENT_S)
        return []

    def _take_up(self, delivery: Delivery, call: Call) -> list[Delivery]:
        """The portal may not raise ``initialized`` again after a navigation: a click is the waiting call's then.

        ``entityChanged`` may belong to a card that has not been initialized yet, so it proves nothing.
        """
        self._calls.join(call, delivery.page)
        return [*self._resume(delivery.page, call), self._give(call, _resumed(delivery))]

    def _resume(self, page: Page, call: Call) -> list[Delivery]:
        return [self._give(call, _resumed(each)) for each in self._desk.at(page).take_waiting()]

    def _entity_changed(self, delivery: Delivery) -> list[Delivery]:
        self._desk.at(delivery.page).waiting.append(delivery)
        shown = self._desk.open_call(delivery.page) is not None
        self._wait(delivery.page, ENTITY_CHANGED_S if shown else EARLY_EVENT_S)
        return []

    # Events that wait ----------------------------------------------------------------------------

    def _wait(self, page: Page, seconds: float) -> None:
        deadline = self._desk.at(page).deadline
        if not deadline.running:
            deadline.begin(seconds, self._due, page, seconds)

    def waited(self, page: Page, seconds: float) -> list[Delivery]:
        """No ``initialized`` came for so long: the card here goes on, or there is none."""
        seat, call = self._desk.at(page), self._desk.open_call(page)
        seat.deadline.stop()
        if not seat.waiting:
            return []  # a click of the card came before the answer
        if call is not None and seconds < PROVEN_S:  # whichever wait this was, the page has not been asked
            self._wait(page, PROVEN_S)
            page.probe(lambda: self._due(page, PROVEN_S))
            return []
        if call is not None:
            return self._flush(page, call)
        kept = self._calls.only_kept()
        if kept is not None and any(not isinstance(each.event, ev.EntityChanged) for each in seat.waiting):
            return self._resume(page, self._calls.take_up(kept, page))
        if seconds < EARLY_EVENT_S:
            self._wait(page, EARLY_EVENT_S)
            return []
        dropped = seat.take_waiting()
        for delivery in dropped:
            name = delivery.event.meta.name
            text = f"{name} came without a card and was dropped: no initialized followed it"
            self._out.tell(page, outbox.report("no_card", text, event=name, seq=delivery.seq))
        return dropped

    def _flush(self, page: Page, call: Call) -> list[Delivery]:
        return [self._give(call, each) for each in self._desk.at(page).take_waiting()]

    # A card appears ------------------------------------------------------------------------------

    def _initialized(self, delivery: Delivery, event: ev.Initialized) -> list[Delivery]:
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
            return [delivery, *self._flush(page, call)]
        elif not redelivered:
            self._calls.show_again(call, page)
            resumed = True
        if before is not None and before is not call:
            self._calls.follow(call, before)
        return [self._give(call, _resumed(delivery) if resumed else delivery), *self._flush(page, call)]

    def _shows_already(self, call: Call, page: Page) -> bool:
        window = call.windows.get(page.id)
        return window is not None and window.showing == call.showing

    def _give(self, call: Call, delivery: Delivery) -> Delivery:
        event = delivery.event
        if isinstance(event, _TOLD_BY_EACH) and call.note(event):
            self._out.trace(delivery.page, "echo", event.meta.name, id=event.meta.id)
            return delivery
        if isinstance(event, ev.CloseButtonClick):
            self._calls.closing(call)
        delivery.call = call
        return delivery


def _resumed(delivery: Delivery) -> Delivery:
    """An event that came after its call was taken up; one that is delivered again is marked as that."""
    event = delivery.event
    if not event.meta.redelivered or isinstance(event, ev.Initialized):
        delivery.event = replace(event, meta=replace(event.meta, resumed=True))
    return delivery
