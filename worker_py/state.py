"""What an app believes about its call card, and how events and commands change it.

The portal shows the card and decides what is possible; it echoes neither mute nor hold. So this
is a belief, kept from events and from commands that succeeded, and never a reason to hold a
command back or to refuse an event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import events as ev
from .commands import Command, CommandName
from .events import Event, UiState


@dataclass(frozen=True)
class CardState:
    """A call card at one moment; ``None`` means not known."""

    ui_state: UiState | None = None
    muted: bool = False
    held: bool = False
    timer_running: bool | None = None
    title: str | None = None
    status_text: str | None = None
    phone_number: str | None = None
    crm_entity_type: str = ""
    crm_entity_id: int = 0
    comment: str | None = None
    rating: int | None = None
    digits: str = ""
    closed: bool = False

    def known(self) -> dict[str, Any]:
        """What is not as in a new card, as JSON values."""
        return {name: value for name, value in vars(self).items() if value != _NEW[name]}

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> CardState:
        """What `known` gave, read from JSON; what is not known (any more) or does not fit is left out."""
        known = {key: fields[key] for key, kind in _KINDS.items() if type(fields.get(key)) is kind}
        if "ui_state" in known:
            known["ui_state"] = UiState(known["ui_state"])
        return cls(**known)


_KINDS: dict[str, type] = {
    "ui_state": str, "muted": bool, "held": bool, "timer_running": bool, "title": str, "status_text": str,
    "phone_number": str, "crm_entity_type": str, "crm_entity_id": int, "comment": str, "rating": int, "digits": str,
    "closed": bool,
}  # fmt: skip
"""What each field holds in JSON when it is known."""

_NEW = dict(vars(CardState()))


def changed(state: CardState, **fields: object) -> CardState:
    """The state with other values in these fields: `dataclasses.replace`, which takes ten times as long for so many."""
    other = object.__new__(CardState)
    vars(other).update(vars(state), **fields)
    return other


_TIMER_STOPS_IN = frozenset({
    UiState.INCOMING, UiState.TRANSFER_INCOMING, UiState.OUTGOING, UiState.CONNECTING_INCOMING,
    UiState.CONNECTING_OUTGOING, UiState.ERROR, UiState.MONEY_ERROR, UiState.REDIAL,
})  # fmt: skip

_Types = set[type[Event]]
_BUTTONS: dict[UiState, _Types] = {
    UiState.INCOMING: {ev.AnswerButtonClick, ev.SkipButtonClick},
    UiState.TRANSFER_INCOMING: {ev.AnswerButtonClick, ev.SkipButtonClick},
    UiState.OUTGOING: {ev.MakeCallButtonClick, ev.NextButtonClick, ev.CloseButtonClick},
    UiState.CONNECTING_INCOMING: {ev.HangupButtonClick},
    UiState.CONNECTING_OUTGOING: {ev.HangupButtonClick},
    UiState.TRANSFER_CONNECTED: {ev.HangupButtonClick},
    UiState.CONNECTED: {ev.HangupButtonClick, ev.HoldButtonClick, ev.MuteButtonClick}
    | {ev.QualityMeterClick, ev.TransferButtonClick, ev.DialpadButtonClick},
    UiState.TRANSFERRING: {ev.CompleteTransferButtonClick, ev.CancelTransferButtonClick},
    UiState.TRANSFER_FAILED: {ev.CancelTransferButtonClick},
    UiState.ERROR: {ev.MakeCallButtonClick, ev.NextButtonClick, ev.CloseButtonClick},
    UiState.MONEY_ERROR: {ev.NotifyAdminButtonClick, ev.CloseButtonClick},
    UiState.REDIAL: {ev.MakeCallButtonClick},
}
_ANYTIME: _Types = {ev.Initialized, ev.EntityChanged, ev.AddCommentButtonClick}


def is_expected(state: CardState, event: Event) -> bool:
    """Whether the card, as far as we know it, shows the button behind this event."""
    if state.closed:
        return False
    if state.ui_state is None or type(event) in _ANYTIME:
        return True
    buttons = _BUTTONS.get(state.ui_state)
    return buttons is None or type(event) in buttons


_TAKEN_FROM: dict[type[Event], tuple[str, ...]] = {
    ev.Initialized: ("phone_number", "crm_entity_type", "crm_entity_id"),
    ev.EntityChanged: ("phone_number", "crm_entity_type", "crm_entity_id"),
    ev.MuteButtonClick: ("muted",),
    ev.HoldButtonClick: ("held",),
    ev.AddCommentButtonClick: ("comment",),
    ev.QualityMeterClick: ("rating",),
}
"""What an event says of the card, by the names of its fields, which are the state's."""


def after_event(state: CardState, event: Event) -> CardState:
    """The state once an event has happened."""
    kind = type(event)
    if kind in _TAKEN_FROM:
        told = {name: getattr(event, name) for name in _TAKEN_FROM[kind]}
        if kind is ev.EntityChanged and not told["phone_number"]:
            del told["phone_number"]
        return changed(state, **told)
    match event:
        case ev.DialpadButtonClick():
            return changed(state, digits=state.digits + event.key)
        case ev.NextButtonClick():
            return changed(state, ui_state=UiState.OUTGOING, timer_running=False)
        case ev.CloseButtonClick():
            return changed(state, closed=True)
        case _:
            return state


SHOWN_BY: dict[CommandName, tuple[str, str]] = {
    CommandName.SET_UI_STATE: ("ui_state", "uiState"),
    CommandName.SET_CARD_TITLE: ("title", "title"),
    CommandName.SET_STATUS_TEXT: ("status_text", "statusText"),
    CommandName.SET_MUTE: ("muted", "muted"),
    CommandName.SET_HOLD: ("held", "held"),
}
"""Commands that change how a card looks: the field of its state, and the parameter that says what it is then."""


def after_command(state: CardState, command: Command, *, timer_unknown: bool = False) -> CardState:
    """The state once a command has succeeded.

    Args:
        state: the state before.
        command: the command.
        timer_unknown: the card may have no timer: ``connected`` was carried out without an answer, as on a card
            without a CRM part. What starts the timer then leaves it unknown.
    """
    params: dict[str, Any] = command.params
    match command.name:
        case CommandName.SET_UI_STATE:
            ui_state = UiState(params["uiState"])
            running = _timer_after(state, ui_state, bool(params.get("disableAutoStartTimer")))
            return changed(state, ui_state=ui_state, timer_running=None if running and timer_unknown else running)
        case CommandName.START_TIMER:
            return changed(state, timer_running=None if timer_unknown else True)
        case CommandName.STOP_TIMER:
            return changed(state, timer_running=False)
        case CommandName.CLOSE:
            return changed(state, closed=True)
        case name if name in SHOWN_BY:
            field, parameter = SHOWN_BY[name]
            return changed(state, **{field: params[parameter]})
        case _:
            return state


def commands_to_show(state: CardState) -> list[Command]:
    """What makes a card of the portal, as it is at first, look like this one."""
    found: list[Command] = []
    for name, (field, parameter) in SHOWN_BY.items():
        value = getattr(state, field)
        if value not in (None, False):
            params = {parameter: value}
            if value is UiState.CONNECTED and state.timer_running is False:
                params["disableAutoStartTimer"] = True
            found.append(Command(name, params))
    return found


def command_like(event: Event) -> Command | None:
    """What does to another window what this click did by itself to its own: the portal tells nobody."""
    match event:
        case ev.MuteButtonClick():
            return Command(CommandName.SET_MUTE, {"muted": event.muted})
        case ev.HoldButtonClick():
            return Command(CommandName.SET_HOLD, {"held": event.held})
        case _:
            return None


def _timer_after(state: CardState, entered: UiState, start_disabled: bool) -> bool | None:
    if entered == UiState.CONNECTED:
        return not start_disabled
    return False if entered in _TIMER_STOPS_IN else state.timer_running
