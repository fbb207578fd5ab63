"""The calls: which are going on, which page owns each, what ends them, what is kept of them."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Protocol

from . import state as states
from .card import CallCard
from .commands import Command, CommandName
from .errors import CommandFailed
from .page import Page
from .session import Session

_ENDED_REMEMBERED = 200


class Outside(Protocol):
    """What the calls need of the dispatcher."""

    def tell(self, page: Page, message: Mapping[str, Any]) -> None:
        """Hand a message to a page, if it is still there."""

    def trace(self, page: Page, kind: str, name: str, **more: Any) -> None:
        """Add to a page's trace."""

    def run_closed(self, session: Session, reason: str) -> asyncio.Task[None]:
        """Run the ``CardClosed`` handlers."""

    def keep(self, call_id: str, kept: str | None) -> None:
        """Keep what must outlive the interpreter; ``None`` when the call is over."""


class Calls:
    """Every call from its ``initialized`` to the closing of its card.

    Args:
        outside: the dispatcher.
        page_grace_s: how long a call without a page waits for one; ``None`` for ever.
    """

    def __init__(self, outside: Outside, page_grace_s: float | None) -> None:
        self._outside = outside
        self._page_grace_s = page_grace_s
        self._sessions: dict[str, Session] = {}
        self._kept: dict[str, str] = {}
        self._ended: OrderedDict[str, str] = OrderedDict()

    def remember(self, kept: Mapping[str, str]) -> None:
        """Take what an earlier interpreter kept of calls that may still be going on."""
        self._kept.update(kept)

    def find(self, call_id: str) -> Session | None:
        """The call with this id, if it is going on."""
        return self._sessions.get(call_id)

    def open(self, call_id: str, page: Page, kept: object = None) -> Session:
        """Begin a call, or take it up again from what was kept of it.

        Args:
            call_id: the portal's id.
            page: where its card is.
            kept: what the page itself has of it; goes before what was remembered.
        """
        session = Session(call_id, page, self.execute)
        self._sessions[call_id] = session
        remembered = _parsed(self._kept.pop(call_id, None))
        known = kept if isinstance(kept, dict) and kept else remembered or kept
        if isinstance(known, dict):
            session.restore(known)
        self._outside.trace(page, "session", "restored" if session.restored else "opened", call_id=call_id)
        return session

    def attach(self, page: Page, card: object) -> None:
        """A page says which card it shows: the interpreter is new to it, or the page is back.

        Args:
            page: the page.
            card: ``call_id`` and ``kept``, what the page has of the call; ``False`` as ``kept`` when the page knows
                that another one owns the card.
        """
        if not isinstance(card, dict) or not isinstance(card.get("call_id"), str):
            return
        call_id: str = card["call_id"]
        session = self._sessions.get(call_id)
        if session is None and call_id in self._ended:
            self._outside.tell(page, {"t": "forget", "call_id": call_id})
            self._outside.trace(page, "session", f"closed: {self._ended[call_id]}", call_id=call_id)
            return
        owned = card.get("kept") is not False
        if session is None and owned:
            session = self.open(call_id, page, card.get("kept") or {})
        elif session is not None and session.owner is None and owned:
            self.move(session, page)
        if session is not None and session.owner is page:
            page.current, page.foreign = session, None
        else:
            self.leave_to_owner(page, call_id)

    def leave_to_owner(self, page: Page, call_id: str) -> None:
        """This page shows the card of a call that another page owns; what it has of it is of no use any more."""
        page.current, page.foreign = None, call_id
        self._outside.trace(page, "session", "shown elsewhere", call_id=call_id)
        self._outside.tell(page, {"t": "keep", "call_id": call_id, "kept": "false"})

    def only_waiting(self) -> Session | None:
        """The call that waits for a page, when there is exactly one."""
        waiting = [session for session in self._sessions.values() if session.owner is None]
        return waiting[0] if len(waiting) == 1 else None

    def move(self, session: Session, page: Page) -> None:
        """Give a call to the page that shows it now."""
        session.move_to(page)
        self._outside.trace(page, "session", "moved here", call_id=session.call_id)

    def page_gone(self, page: Page) -> None:
        """The calls of this page wait for another, for a limited time."""
        page.current = None
        for session in list(self._sessions.values()):
            if session.owner is page:
                session.move_to(None)
                if self._page_grace_s is not None:
                    loop = asyncio.get_running_loop()
                    session.grace = loop.call_later(self._page_grace_s, self.close, session, "page_gone")

    async def execute(self, card: CallCard, command: Command) -> Any:
        """Carry out a command on the page that shows the card. Raises as the card's commands do."""
        page = card.page
        showing = page.current
        if showing is not None and showing.card is not card:
            # The portal's commands name no call: this one would change another call's card.
            raise CommandFailed(command.name, "Call card is undefined")
        answer = await page.execute(command)
        session = self._sessions.get(card.call_id)
        if session is not None and session.card is card:
            session.set_state(states.after_command(card.state, command))
            if command.name is CommandName.CLOSE:
                self.close(session, "closed_by_app")
            else:
                # Once the handler has gone on, or ended: then there may be nothing left to keep.
                asyncio.get_running_loop().call_soon(self.keep, session)
        return answer

    def close(self, session: Session, reason: str) -> None:
        """The card is closed: the last thing that happens to a call."""
        if session.ended is not None:
            return
        session.ended = reason
        if session.grace:
            session.grace.cancel()
        if self._sessions.get(session.call_id) is session:
            del self._sessions[session.call_id]
        self._ended[session.call_id] = reason
        if len(self._ended) > _ENDED_REMEMBERED:
            self._ended.popitem(last=False)
        session.set_state(states.changed(session.card.state, closed=True))
        page = session.owner
        if page is not None:
            if page.current is session:
                page.current, page.closed = None, None if reason == "user_changed" else session
            self._outside.tell(page, {"t": "forget", "call_id": session.call_id})
            self._outside.trace(page, "session", f"closed: {reason}", call_id=session.call_id)
        self._outside.keep(session.call_id, None)
        session.closing = self._outside.run_closed(session, reason)

    def user_changed(self, page: Page) -> None:
        """Another user works on this page: end the calls of the one before.

        The calls that began on this page are the new user's: it takes them to an interpreter of that user's.
        """
        self._kept.clear()
        for session in list(self._sessions.values()):
            if session.began_on == page.id and not session.restored:
                self._release(session)
            else:
                self.close(session, "user_changed")

    def _release(self, session: Session) -> None:
        """Forget a call that goes on elsewhere: its card is not closed."""
        session.ended = "released"
        del self._sessions[session.call_id]
        session.move_to(None)

    def keep(self, session: Session) -> None:
        """Keep what must outlive this interpreter, when there is news."""
        if session.ended is not None:
            return
        news = session.news_to_keep()
        if news is not None:
            self._outside.keep(session.call_id, news)
            if session.owner is not None:
                message = {"t": "keep", "call_id": session.call_id, "kept": news}
                self._outside.tell(session.owner, message)


def _parsed(kept: str | None) -> dict[str, Any] | None:
    try:
        known = json.loads(kept) if kept else None
    except (ValueError, RecursionError):
        return None
    return known if isinstance(known, dict) else None
