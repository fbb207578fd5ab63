"""The call card as a handler sees it: its state, the app's own data, and the nine commands."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from . import state as states
from .cause import ONCE, WINDOW
from .commands import Command, CommandName
from .errors import PageGone
from .events import UiState
from .wire import ui_states

if TYPE_CHECKING:
    from .page import Page
    from .rest import Rest

_T = TypeVar("_T")

Execute = Callable[[Command], Awaitable[Any]]
"""Carries out a command wherever the card is shown."""


class Backing(Protocol):
    """A call, as far as its card shows it."""

    state: states.CardState
    restored: bool
    last_page_id: str
    """The page that showed the card last."""
    done: dict[str, Any]
    """What `CallCard.once` has done, and what that gave."""

    def keep(self) -> None:
        """Keep what has changed."""

    def shown(self) -> list[Page]:
        """The pages that show the card, in the order in which they did."""

    def reachable(self) -> list[Page]:
        """Those, and after them the pages that showed it and are still there."""


class CallCard:
    """One call card. An app gets it with each event and keeps what it likes in ``data``.

    Every command is a coroutine that returns once the portal has carried it out, and raises:

    - `CommandFailed` for the portal's error, such as ``Call card is undefined`` (there is no card,
      or the call was not registered by the app); with ``UNANSWERED`` when the portal has worked the command off without
      an answer, ``UNKNOWN_COMMAND`` when it does not list such a command;
    - `CommandTimeout` when nothing at all came back within ``command_timeout_ms``;
    - `PageGone` when all pages that show the card went away;
    - ``TypeError`` or ``ValueError`` for arguments of the wrong kind, before anything is sent.

    Several pages may show the card of one call, each in its own tab. A command goes to all of them, so that they look
    alike, and has succeeded when one carried it out; else it raises what the window of the event said.

    Source: https://apidocs.bitrix24.com/api-reference/widgets/ui-interaction/page-background-worker/card.html
    """

    def __init__(self, call_id: str, call: Backing, execute: Execute) -> None:
        self.call_id = call_id
        self.data: dict[str, Any] = {}
        """The app's own; lives as long as the call. What is JSON outlives the interpreter too."""
        self.lock = asyncio.Lock()
        """For handlers that need exclusion: those of different events may overlap."""
        self._call = call
        self._execute = execute
        self._once: dict[str, asyncio.Lock] = {}

    def __repr__(self) -> str:
        return f"<CallCard {self.call_id} on page {self.page_id}>"

    @property
    def state(self) -> states.CardState:
        """What is believed about the card, from events and from commands that succeeded."""
        return self._call.state

    @property
    def page_ids(self) -> tuple[str, ...]:
        """The pages that show the card; empty while the call waits for one."""
        return tuple(page.id for page in self._call.shown())

    @property
    def page_id(self) -> str:
        """The page of the event that is being handled, else one that shows the card, or showed it last."""
        page = self._here()
        return self._call.last_page_id if page is None else page.id

    @property
    def page(self) -> Page:
        """The page of the event that is being handled, else one that shows the card.

        Raises:
            PageGone: it went away, and the call has not shown up on another.
        """
        page = self._here()
        if page is None:
            raise PageGone(self._call.last_page_id)
        return page

    def _here(self) -> Page | None:
        pages = self._call.reachable()
        of_event = WINDOW.get()
        return next((page for page in pages if page.id == of_event), pages[0] if pages else None)

    @property
    def restored(self) -> bool:
        """Whether the call began in an interpreter that did not live on.

        Its ``data`` and ``state`` are then what had been kept; the rest is unknown.
        """
        return self._call.restored

    @property
    def rest(self) -> Rest:
        """REST through `page`. Raises `PageGone` as that does."""
        return self.page.rest

    async def once(self, key: str, make: Callable[[], Awaitable[_T]]) -> _T:
        """Do something once in this call, though the event that asks for it may be delivered again.

        A handler whose interpreter ended before it did runs anew, with ``meta.redelivered``; what it had written to the
        CRM by then would be there twice::

            await card.once("activity", lambda: card.rest.call("crm.activity.add", {"fields": fields}))

        The page knows the requests of REST that are made in there, by their order, and answers one that it has made
        before as it was answered then. What came of it all is kept with `data`.

        Args:
            key: names it, within the call.
            make: does it; called without arguments. If it fails it is not done, and may be tried again.

        Returns:
            What ``make`` gave, also when that was before: JSON, such as an id. Of anything else, or more than 4,096
            characters, another interpreter knows that it was done and no more: ``None``.

        Raises:
            Exception: what ``make`` raises.
        """
        _str("key", key)
        async with self._once.setdefault(key, asyncio.Lock()):
            if key in self._call.done:
                before: _T = self._call.done[key]
                return before
            token = ONCE.set(f"{self.call_id}/{key}/{number}" for number in itertools.count(1))
            try:
                result = await make()
            finally:
                ONCE.reset(token)
            self._call.done[key] = result
            self._call.keep()
            return result

    # Commands ------------------------------------------------------------------------------------

    async def set_mute(self, muted: bool) -> None:
        """Show the microphone as muted or not. Fires no ``MuteButtonClick``.

        Source: …/page-background-worker/call-card-set-mute.html
        """
        await self._run(CommandName.SET_MUTE, muted=_bool("muted", muted))

    async def set_hold(self, held: bool) -> None:
        """Show the call as held or not. Fires no ``HoldButtonClick``.

        Source: …/page-background-worker/call-card-set-hold.html
        """
        await self._run(CommandName.SET_HOLD, held=_bool("held", held))

    async def set_ui_state(self, state: UiState | str, *, disable_auto_start_timer: bool = False) -> None:
        """Give the card one of its 12 looks, with the buttons that go with it.

        The portal's card begins in a look of its own, with buttons to close and to fold and no other: an app that
        wants an *Answer* button sets ``INCOMING`` when the card is initialized. The portal never answers ``CONNECTED``
        while it has not loaded the card's CRM part, or has none to load; the card changes all the same, and this
        returns once it is certain that no answer will come.

        Args:
            state: a `UiState`, or the name of one of the twelve.
            disable_auto_start_timer: entering ``CONNECTED`` starts the timer unless this is true,
                which also resets it.

        Source: …/page-background-worker/call-card-set-ui-state.html
        """
        params: dict[str, bool | str] = {"uiState": _ui_state(state)}
        if _bool("disable_auto_start_timer", disable_auto_start_timer):
            params["disableAutoStartTimer"] = True
        await self._run(CommandName.SET_UI_STATE, **params)

    async def get_list_ui_states(self) -> list[UiState]:
        """The looks that this portal knows. Works without a card too.

        Source: …/page-background-worker/call-card-get-list-ui-states.html
        """
        return ui_states(await self._run(CommandName.GET_LIST_UI_STATES))

    async def set_card_title(self, title: str) -> None:
        """Set the card's title.

        In the first moments of a card the portal writes its own title over it, once; so it is set again up to three
        times within four seconds, until the app sets another.

        Source: …/page-background-worker/call-card-set-card-title.html
        """
        await self._run(CommandName.SET_CARD_TITLE, title=_str("title", title))

    async def set_status_text(self, text: str) -> None:
        """Set the line below the title.

        Source: …/page-background-worker/call-card-set-status-text.html
        """
        await self._run(CommandName.SET_STATUS_TEXT, statusText=_str("text", text))

    async def start_timer(self) -> None:
        """Start the timer; a second time it goes on where it stopped, if the card's look stayed.

        The browser portal never answers this: it returns once it is certain that no answer will come, or after
        ``silent_ok_ms`` of silence. On a card without a CRM part the portal has no timer to start, and does not say so:
        when ``CONNECTED`` was not answered, ``state.timer_running`` is ``None`` afterwards.

        Source: …/page-background-worker/call-card-start-timer.html
        """
        await self._run(CommandName.START_TIMER)

    async def stop_timer(self) -> None:
        """Stop the timer; safe to repeat. Not answered either: see `start_timer`.

        Source: …/page-background-worker/call-card-stop-timer.html
        """
        await self._run(CommandName.STOP_TIMER)

    async def close(self) -> None:
        """Close the card. Afterwards it cannot be managed; ``CardClosed`` follows.

        Source: …/page-background-worker/call-card-close.html
        """
        await self._run(CommandName.CLOSE)

    async def _run(self, name: CommandName, **params: bool | str) -> Any:
        return await self._execute(Command(name, params))


def _bool(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{name} should be True or False, not {type(value).__name__}")
    return value


def _str(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} should be a str, not {type(value).__name__}")
    return str(value)


def _ui_state(value: object) -> str:
    if isinstance(value, UiState):
        return value.value
    name = _str("state", value)
    if name not in UiState.__members__.values():
        known = ", ".join(member.value for member in UiState)
        raise ValueError(f"{name!r} is no card state; the portal knows: {known}")
    return name
