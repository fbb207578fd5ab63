"""The calls: which are going on, which windows show each, what ends them, what is kept of them.

A call ends when no window shows its card any more. The portal seldom says so: the probe of each window is asked every
two seconds while a call goes on, and at once when something hints at an end.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Literal

from . import outbox
from .call import Call, Window, kept_at
from .card import CallCard
from .carry import Carrier, Spawn
from .commands import Command, CommandName
from .desk import Desk
from .inbox import Attached
from .outbox import Outbox
from .page import Page
from .wire import parsed

PROBE_EVERY_S = 2.0
"""How often a window that shows a card is asked whether it still does."""

REFUSED_S = 1.0
"""How long a card that an app could manage is believed in after the portal has said that there is none.

The probe that is sent at once tells before, unless the window answers it oddly or not at all.
"""

ENDING_S = 0.1
"""How long the handlers of a call wait until it is known whether the one before it has ended."""

_ENDED_REMEMBERED = 200
_TAKEN_REMEMBERED = 20

Closed = Callable[[Call, str], asyncio.Task[None]]
"""Runs the ``CardClosed`` handlers."""
Keep = Callable[[str, str | None], None]
"""Keeps what must outlive the interpreter; ``None`` when the call is over."""


class Calls:
    """Every call from its ``initialized`` until nothing shows it.

    Args:
        out: the way to the pages.
        desk: who shows what.
        page_grace_s: how long a call without a page waits for one; ``None`` for ever.
        spawn: runs a coroutine beside what runs now.
        closed: runs the ``CardClosed`` handlers.
        keep: keeps what must outlive the interpreter.
    """

    def __init__(
        self, out: Outbox, desk: Desk, page_grace_s: float | None, *, spawn: Spawn, closed: Closed, keep: Keep
    ) -> None:
        self._out = out
        self._desk = desk
        self._page_grace_s = page_grace_s
        self._closed = closed
        self._keep = keep
        self.carrier = Carrier(
            desk, spawn, carried=self._carried, managed=self.managed, refused=self._refused, given_up=self.check_buttons
        )
        self._calls: dict[str, Call] = {}
        self._kept: dict[str, str] = {}
        self._to_go_on: dict[str, float] = {}
        self._alone = False
        self._ended: OrderedDict[str, str] = OrderedDict()
        self._taken: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._former: OrderedDict[str, Call] = OrderedDict()
        self._watch: asyncio.TimerHandle | None = None

    def remember(self, kept: Mapping[str, str | None], *, to_go_on: bool = False) -> None:
        """Take what another interpreter keeps of calls that are not known here; ``None`` of one that is over.

        Args:
            kept: JSON, by call id.
            to_go_on: the calls have nobody else: for a while they are the app's, whether a page shows them or not.
        """
        for call_id, record in kept.items():
            if record is None:
                self._kept.pop(call_id, None)
                self._to_go_on.pop(call_id, None)
            elif call_id not in self._calls:
                self._kept[call_id] = record
                if to_go_on:
                    grace_s = math.inf if self._page_grace_s is None else self._page_grace_s
                    self._to_go_on[call_id] = asyncio.get_running_loop().time() + grace_s

    def leave_others(self) -> None:
        """Each page has an interpreter of its own: what is kept of calls that others show is theirs."""
        self._alone = True
        for call in self.going_on():
            if not call.windows:
                self._put_back(call)

    def cards(self) -> tuple[CallCard, ...]:
        """The cards of the calls that are going on, the oldest first; after a restart some wait for a page."""
        loop = asyncio.get_running_loop()
        for call_id, until in () if self._alone else self._to_go_on.items():
            record = _parsed(self._kept.get(call_id))
            if record is not None and loop.time() < until < math.inf:
                call = self._calls[call_id] = self._new(call_id, None)
                call.restore(record)
                call.kept = self._kept.pop(call_id)
                call.grace = loop.call_at(until, self._put_back, call)
        return tuple(call.card for call in sorted(self._calls.values(), key=lambda call: call.began_at))

    def _put_back(self, call: Call) -> None:
        """No page has shown the call since this interpreter began: nobody knows whether it goes on."""
        del self._calls[call.call_id]
        call.ended = "released"
        call.set_closed()
        if call.kept is not None:
            self._kept[call.call_id] = call.kept

    def _new(self, call_id: str, page: Page | None) -> Call:
        call = Call(call_id, page, self.carrier.execute)
        call.to_keep = self.keep
        return call

    def find(self, call_id: str) -> Call | None:
        """The call with this id, if it is going on."""
        return self._calls.get(call_id)

    def former(self, call_id: str, page: Page) -> Call:
        """The call whose events are delivered again on a page that does not show it: if it is unknown, it has ended."""
        call = self._calls.get(call_id) or self._former.get(call_id)
        if call is None:
            call = Call(call_id, page, self.carrier.execute)
            call.ended = "replaced"
            call.set_closed()
            call.windows[page.id].shown = False
            _push(self._former, call_id, call, _ENDED_REMEMBERED)
        return call

    def only_waiting(self) -> Call | None:
        """The call that waits for a page, when there is exactly one."""
        waiting = [call for call in self._calls.values() if call.windows and not call.alive() and not call.ending]
        return waiting[0] if len(waiting) == 1 else None

    def only_kept(self) -> str | None:
        """The call that an interpreter before this one kept and no page has shown since, if it is the only one."""
        now = asyncio.get_running_loop().time()
        left = [call_id for call_id, until in self._to_go_on.items() if now < until and self._is_left(call_id)]
        return left[0] if len(left) == 1 else None

    def _is_left(self, call_id: str) -> bool:
        call = self._calls.get(call_id)
        return _parsed(self._kept.get(call_id)) is not None if call is None else not call.windows

    def take_up(self, call_id: str, page: Page) -> Call:
        """A page shows the card of a call that another interpreter kept, and did not say so."""
        call = self._calls.get(call_id)
        if call is None:
            call, _ = self.open(call_id, page)
            self.carrier.bring(call, call.windows[page.id])
        else:
            self.join(call, page)
        return call

    # A page shows a card -------------------------------------------------------------------------

    def open(self, call_id: str, page: Page, kept: object = None) -> tuple[Call, bool]:
        """Begin a call, or take it up again from what is known of it.

        Args:
            call_id: the portal's id.
            page: where its card is.
            kept: what the page itself has of it; goes before what was remembered, unless that is newer.

        Returns:
            The call, and whether it was known: to an interpreter before this one, or its card had been taken away.
        """
        call = self._calls[call_id] = self._new(call_id, page)
        self._to_go_on.pop(call_id, None)
        remembered = _parsed(self._kept.pop(call_id, None))
        known = kept if isinstance(kept, dict) and kept else remembered or kept
        if kept_at(remembered) > kept_at(known):
            known = remembered
        data = self._taken.pop(call_id, None)
        if isinstance(known, dict):
            call.restore(known)
        elif data is not None:
            call.card.data = data
        again = data is not None and not call.restored
        call.shown_before = again
        how = "restored" if call.restored else "shown_again" if again else "opened"
        self._show(call, page, how)
        return call, call.restored or again

    def show_again(self, call: Call, page: Page) -> None:
        """The portal shows a fresh card of a call whose end nobody saw."""
        call.show_again(page)
        self._show(call, page, "shown_again")

    def join(self, call: Call, page: Page) -> None:
        """One more window shows the card, or one does while none did: it is brought to the card as it is."""
        how = "joined" if call.alive() else "moved"
        window = call.join(page)
        self._show(call, page, how)
        self.carrier.bring(call, window)

    def found(self, call: Call, page: Page) -> None:
        """A click came from a window that was thought to show the card no more."""
        window = call.windows.get(page.id)
        if window is None or not window.alive:
            self.join(call, page)

    def _show(self, call: Call, page: Page, how: str) -> None:
        self._desk.at(page).call = call
        self._out.trace(page, "card", how, call_id=call.call_id)
        if call.kept is not None:
            self._out.tell(page, outbox.keep(call.call_id, call.kept))
        asyncio.get_running_loop().call_soon(page.probe)  # behind what the handlers send first
        self._watch_windows()

    def attach(self, page: Page, attached: Attached) -> None:
        """A page says which card it shows: the interpreter is new to it, or the page is back."""
        call_id = attached.call_id
        if call_id is None or self._desk.open_call(page) is not None:
            return
        call = self._calls.get(call_id)
        if call is None and call_id in self._ended:
            self._out.tell(page, outbox.forget(call_id))
            self._out.trace(page, "card", "closed", call_id=call_id, detail=self._ended[call_id])
        elif call is None:
            self.open(call_id, page, attached.kept or {})
        else:
            self._attach_to(call, page)

    def _attach_to(self, call: Call, page: Page) -> None:
        before, others = call.windows.get(page.id), bool(call.alive())
        window = call.join(page)
        window.managed = before.managed if before is not None else call.managed
        self._show(call, page, "joined" if others else "moved")
        if before is not None and others:
            self.carrier.bring(call, window)  # what happened to the card elsewhere while it was away

    # A window shows it no more -------------------------------------------------------------------

    def _watch_windows(self) -> None:
        if self._watch is None:
            self._watch = asyncio.get_running_loop().call_later(PROBE_EVERY_S, self._probe_windows)

    def _probe_windows(self) -> None:
        self._watch = None
        for call in self._calls.values():
            for window in call.alive():
                window.page.probe()
                self._watch_windows()

    def probed(self, page: Page, shown: bool) -> None:
        """A window has answered the probe: it shows a card that can be managed, or none."""
        call, window = self._desk.open_call(page), self._desk.window(page)
        if call is None or window is None:
            return
        if shown:
            self.managed(call, window)
            self._goes_on(call)
        elif window.managed or window.before or call.shown_before:
            window.taken = True
            self._lost(call, window, "closed_by_portal")
        elif window.refused:
            self._problem(call, page, "not_external", on=True)

    def managed(self, call: Call, window: Window) -> None:
        """The portal has carried out something in this window."""
        window.refused = False
        if not window.managed:
            window.managed = call.managed = True
            self._problem(call, window.page, "not_external", on=False)
            self.check_buttons(call)

    def _refused(self, call: Call, window: Window) -> None:
        """A command was answered as where there is no card that can be managed: the probe tells, if anything does."""
        window.refused = True
        if window.alive and call.ended is None:
            window.page.probe()
            if window.managed:
                asyncio.get_running_loop().call_later(REFUSED_S, self._believe_refused, call, window)

    def _believe_refused(self, call: Call, window: Window) -> None:
        """Nothing has shown since that there is a card."""
        if window.refused and window.alive and call.ended is None and not call.ending:
            window.taken = True
            self._lost(call, window, "closed_by_portal")

    def leave(self, call: Call, page: Page) -> None:
        """The page shows the card of another call: this one's is gone from there."""
        self._lost(call, call.windows[page.id], "replaced")

    def _lost(self, call: Call, window: Window, reason: str) -> None:
        window.shown = False
        call.last_page_id = window.page.id
        left = call.alive()
        if not left:
            self.close(call, reason)
        for other in left:
            other.page.probe()  # the portal takes all away, or none

    def follow(self, call: Call, before: Call) -> None:
        """The handlers of a call wait until it is known whether the call has ended whose window it took."""
        if before.ended is None:
            call.before = before.passed
            asyncio.get_running_loop().call_later(ENDING_S, before.passed.set)

    def _goes_on(self, call: Call) -> None:
        call.passed.set()
        call.passed = asyncio.Event()

    def page_gone(self, page: Page) -> None:
        """The calls of this page go on in other windows, or wait for one, for a limited time."""
        for call in self.going_on():
            window = call.windows.get(page.id)
            if window is None or not window.shown or call.ending:
                continue
            window.shown = False
            call.last_page_id = page.id
            if not call.alive():
                self._without_window(call)

    def _without_window(self, call: Call) -> None:
        if any(window.taken and window.showing == call.showing for window in call.windows.values()):
            self.close(call, "closed_by_portal")  # where it was looked for it was gone already
        elif self._page_grace_s is not None:
            loop = asyncio.get_running_loop()
            call.grace = loop.call_later(self._page_grace_s, self.close, call, "page_gone")

    def closing(self, call: Call) -> None:
        """The operator closes the card in one window, and the portal closes it in the others, in silence."""
        if call.ended is None:
            call.ending = True
            call.stop_titles()
            for window in call.windows.values():
                window.shown = False

    def close(self, call: Call, reason: str) -> None:
        """The card is closed: the last thing that happens to a call."""
        if call.ended is not None:
            return
        call.ended = reason
        call.stop_titles()
        if call.grace:
            call.grace.cancel()
        if self._calls.get(call.call_id) is call:
            del self._calls[call.call_id]
        _push(self._ended, call.call_id, reason, _ENDED_REMEMBERED)
        if reason == "closed_by_portal":
            _push(self._taken, call.call_id, call.card.data, _TAKEN_REMEMBERED)
        call.set_closed()
        for window in call.windows.values():
            window.shown = False
            self._out.tell(window.page, outbox.forget(call.call_id))
            self._out.trace(window.page, "card", "closed", call_id=call.call_id, detail=reason)
        if reason == "user_changed":
            self._desk.forget(call)
        self._keep(call.call_id, None)
        call.closing = self._closed(call, reason)
        call.passed.set()

    def user_changed(self, page: Page) -> None:
        """Another user works on this page: end the calls of the one before, but for those that a page of theirs shows.

        The calls that began on this page are the new user's: it takes them to an interpreter of that user's.
        """
        self.leave_others()
        self._kept.clear()
        self._to_go_on.clear()
        self._taken.clear()
        for call in self.going_on():
            if any(window.page is not page for window in call.alive()):
                self._go_on_without(call, page)
            elif call.began_on == page.id and not call.restored:
                self._release(call)
            else:
                self.close(call, "user_changed")

    def _go_on_without(self, call: Call, page: Page) -> None:
        window = call.windows.pop(page.id, None)
        if window is not None:
            window.stop_titles()
        if self._desk.at(page).call is call:
            self._desk.at(page).call = None

    def _release(self, call: Call) -> None:
        """Forget a call that goes on elsewhere: its card is not closed."""
        call.ended = "released"
        call.stop_titles()
        call.passed.set()
        del self._calls[call.call_id]
        self._desk.forget(call)
        call.windows.clear()

    # What happens to a call ----------------------------------------------------------------------

    def _carried(self, call: Call, command: Command) -> None:
        if command.name is CommandName.CLOSE:
            self.close(call, "closed_by_app")
            return
        if command.name is CommandName.SET_UI_STATE:
            self.check_buttons(call)
        # Once the handler has gone on, or ended: then there may be nothing left to keep.
        asyncio.get_running_loop().call_soon(self.keep, call)

    def greeted(self, call: Call) -> None:
        """The handlers of ``Initialized`` have ended."""
        call.greeted = True
        self.check_buttons(call)

    def check_buttons(self, call: Call) -> None:
        """Tell the pages whether the operator has buttons to close and to fold and no other."""
        if call.ended is not None or call.ending:
            return
        given = call.state.ui_state is not None
        if given or (call.greeted and call.managed and not _gives_buttons(call)):
            for window in call.alive():
                self._problem(call, window.page, "no_buttons", on=not given)

    def _problem(self, call: Call, page: Page, kind: Literal["not_external", "no_buttons"], *, on: bool) -> None:
        pages = call.problems.setdefault(kind, set())
        if on is (page.id not in pages):
            (pages.add if on else pages.discard)(page.id)
            self._out.tell(page, outbox.problem(kind, call.call_id, on=on))

    def going_on(self) -> list[Call]:
        """The calls that have not ended."""
        return list(self._calls.values())

    def keep(self, call: Call) -> None:
        """Keep what must outlive this interpreter, when there is news."""
        if call.ended is not None:
            return
        news = call.news_to_keep()
        if news is not None:
            self._keep(call.call_id, news)
            for page in call.shown():
                self._out.tell(page, outbox.keep(call.call_id, news))


def _gives_buttons(call: Call) -> bool:
    """Whether a command is under way that gives the card another look."""
    return any(command.name is CommandName.SET_UI_STATE for command in call.under_way)


def _push(known: OrderedDict[str, Any], key: str, value: object, limit: int) -> None:
    known[key] = value
    known.move_to_end(key)
    if len(known) > limit:
        known.popitem(last=False)


def _parsed(kept: str | None) -> dict[str, Any] | None:
    known = parsed(kept)
    return known if isinstance(known, dict) else None
