"""The vocabulary of what an app can ask of a call card: the portal's nine commands.

Source:
    https://apidocs.bitrix24.com/api-reference/widgets/ui-interaction/page-background-worker/index.html
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CommandName(StrEnum):
    """The portal's names."""

    SET_MUTE = "CallCardSetMute"
    SET_HOLD = "CallCardSetHold"
    SET_UI_STATE = "CallCardSetUiState"
    GET_LIST_UI_STATES = "CallCardGetListUiStates"
    SET_CARD_TITLE = "CallCardSetCardTitle"
    SET_STATUS_TEXT = "CallCardSetStatusText"
    START_TIMER = "CallCardStartTimer"
    STOP_TIMER = "CallCardStopTimer"
    CLOSE = "CallCardClose"


SILENT_COMMANDS = frozenset({CommandName.START_TIMER, CommandName.STOP_TIMER})
"""The browser portal never answers these: silence is their success."""

UNDEFINED = "Call card is undefined"
"""The portal's error: this window shows no card, or one that no app can manage."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command as it goes out: its name and the parameters that the portal documents."""

    name: CommandName
    params: dict[str, bool | str]


PROBE = Command(CommandName.SET_UI_STATE, {"uiState": "?"})
"""Changes no card, and its error tells whether a window shows one that can be managed.

The portal notes on the page that an app has sent a command. In the desktop app the error is the same without a card.
"""

PROBE_SHOWN = "Invalid ui state"
"""The error of the probe where there is such a card; `UNDEFINED` where there is none."""


def may_be_silent(command: Command) -> bool:
    """Whether the browser portal may carry this out without an answer.

    It never answers the timers, nor ``connected`` on a card that has no CRM part (yet).
    """
    return command.name in SILENT_COMMANDS or is_connected(command)


def is_connected(command: Command) -> bool:
    """Whether this shows the card as connected."""
    return command.name is CommandName.SET_UI_STATE and command.params.get("uiState") == "connected"
