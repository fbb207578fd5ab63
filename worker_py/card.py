"""The call card as a handler sees it: its state, the app's own data, and the nine commands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from . import state as states
from .commands import Command, CommandName
from .errors import PageGone
from .events import UiState
from .wire import ui_states

if TYPE_CHECKING:
    from .page import Page
    from .rest import Rest

Execute = Callable[["CallCard", Command], Awaitable[Any]]


class CallCard:
    """One call card. An app gets it with each event and keeps what it likes in ``data``.

    Every command is a coroutine that returns once the portal has carried it out, and raises:

    - `CommandFailed` for the portal's error, such as ``Call card is undefined`` (there is no card,
      or the call was not registered by the app);
    - `CommandTimeout` when nothing came back within ``command_timeout_ms``;
    - `PageGone` when the page that shows the card went away;
    - ``TypeError`` or ``ValueError`` for arguments of the wrong kind, before anything is sent.

    Source: https://apidocs.bitrix24.com/api-reference/widgets/ui-interaction/page-background-worker/card.html
    """

    def __init__(self, call_id: str, page: Page, execute: Execute) -> None:
        self.call_id = call_id
        self.data: dict[str, Any] = {}
        """The app's own; lives as long as the call. What is JSON outlives the interpreter too."""
        self.lock = asyncio.Lock()
        """For handlers that need exclusion: those of different events may overlap."""
        self._state = states.CardState()
        self._page: Page | None = page
        self._last_page_id = page.id
        self._restored = False
        self._execute = execute

    def __repr__(self) -> str:
        return f"<CallCard {self.call_id} on page {self._last_page_id}>"

    @property
    def state(self) -> states.CardState:
        """What is believed about the card, from events and from commands that succeeded."""
        return self._state

    @property
    def page_id(self) -> str:
        """The page that owns the card, or owned it last."""
        return self._last_page_id

    @property
    def page(self) -> Page:
        """The page that owns the card.

        Raises:
            PageGone: it went away, and the call has not shown up on another.
        """
        if self._page is None:
            raise PageGone(self._last_page_id)
        return self._page

    @property
    def restored(self) -> bool:
        """Whether the call began in an interpreter that did not live on.

        Its ``data`` and ``state`` are then what had been kept; the rest is unknown.
        """
        return self._restored

    @property
    def rest(self) -> Rest:
        """REST through the page that owns the card. Raises `PageGone` as `page` does."""
        return self.page.rest

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

        Args:
            state: a `UiState`, or the name of one of the twelve.
            disable_auto_start_timer: entering ``CONNECTED`` starts the timer unless this is true,
                which also resets it.

        Source: …/page-background-worker/call-card-set-ui-state.html
        """
        name = _ui_state(state)
        if _bool("disable_auto_start_timer", disable_auto_start_timer):
            await self._run(CommandName.SET_UI_STATE, uiState=name, disableAutoStartTimer=True)
        else:
            await self._run(CommandName.SET_UI_STATE, uiState=name)

    async def get_list_ui_states(self) -> list[UiState]:
        """The looks that this portal knows. Works without a card too.

        Source: …/page-background-worker/call-card-get-list-ui-states.html
        """
        return ui_states(await self._run(CommandName.GET_LIST_UI_STATES))

    async def set_card_title(self, title: str) -> None:
        """Set the card's title.

        Source: …/page-background-worker/call-card-set-card-title.html
        """
        await self._run(CommandName.SET_CARD_TITLE, title=_str("title", title))

    async def set_status_text(self, text: str) -> None:
        """Set the line below the title.

        Source: …/page-background-worker/call-card-set-status-text.html
        """
        await self._run(CommandName.SET_STATUS_TEXT, statusText=_str("text", text))

    async def start_timer(self) -> None:
        """Start the timer; a second time it goes on from the first start, not from zero.

        The browser portal never answers this: silence for ``silent_ok_ms`` is success.

        Source: …/page-background-worker/call-card-start-timer.html
        """
        await self._run(CommandName.START_TIMER)

    async def stop_timer(self) -> None:
        """Stop the timer; safe to repeat. Silence is success, as for `start_timer`.

        Source: …/page-background-worker/call-card-stop-timer.html
        """
        await self._run(CommandName.STOP_TIMER)

    async def close(self) -> None:
        """Close the card. Afterwards it cannot be managed; ``CardClosed`` follows.

        Source: …/page-background-worker/call-card-close.html
        """
        await self._run(CommandName.CLOSE)

    async def _run(self, name: CommandName, **params: bool | str) -> Any:
        return await self._execute(self, Command(name, params))


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
