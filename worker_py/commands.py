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


@dataclass(frozen=True, slots=True)
class Command:
    """One command as it goes out: its name and the parameters that the portal documents."""

    name: CommandName
    params: dict[str, bool | str]
