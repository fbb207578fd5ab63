"""What is believed about a card: after every event, after every command, and across interpreters."""

import json
from dataclasses import replace
from typing import Any

import pytest

from worker_py import CardState, UiState
from worker_py import events as ev
from worker_py.commands import Command, CommandName
from worker_py.state import after_command, after_event, commands_to_show, is_expected
from worker_py.wire import EVENTS

BEFORE = CardState(
    ui_state=UiState.CONNECTED, muted=True, held=True, timer_running=True, title="T", status_text="S",
    phone_number="+491", crm_entity_type="LEAD", crm_entity_id=3, comment="C", rating=2, digits="12",
)  # fmt: skip


def test_nothing_is_known_at_first() -> None:
    state = CardState()
    assert state == CardState(
        ui_state=None, muted=False, held=False, timer_running=None, title=None, status_text=None, phone_number=None,
        crm_entity_type="", crm_entity_id=0, comment=None, rating=None, digits="", closed=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        (
            ev.Initialized("c", "+492", crm_entity_type="DEAL", crm_entity_id=9),
            {"phone_number": "+492", "crm_entity_type": "DEAL", "crm_entity_id": 9},
        ),
        (ev.Initialized("c", None), {"phone_number": None, "crm_entity_type": "", "crm_entity_id": 0}),
        (
            ev.EntityChanged("+493", "CONTACT", 5),
            {"phone_number": "+493", "crm_entity_type": "CONTACT", "crm_entity_id": 5},
        ),
        (ev.EntityChanged(None, "CONTACT", 5), {"crm_entity_type": "CONTACT", "crm_entity_id": 5}),
        (ev.MuteButtonClick(False), {"muted": False}),
        (ev.HoldButtonClick(False), {"held": False}),
        (ev.AddCommentButtonClick("hello"), {"comment": "hello"}),
        (ev.AddCommentButtonClick(""), {"comment": ""}),
        (ev.QualityMeterClick(5), {"rating": 5}),
        (ev.DialpadButtonClick("#"), {"digits": "12#"}),
        (ev.NextButtonClick(), {"ui_state": UiState.OUTGOING, "timer_running": False}),
        (ev.CloseButtonClick(), {"closed": True}),
        (ev.TransferButtonClick("+491", "5"), {}),
        (ev.CancelTransferButtonClick(), {}),
        (ev.CompleteTransferButtonClick(), {}),
        (ev.HangupButtonClick(), {}),
        (ev.SkipButtonClick(), {}),
        (ev.AnswerButtonClick(), {}),
        (ev.MakeCallButtonClick(), {}),
        (ev.NotifyAdminButtonClick(), {}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, ev.Event) else "",
)
def test_each_event_changes_what_it_tells_and_nothing_else(event: ev.CardEvent, changes: dict[str, Any]) -> None:
    assert after_event(BEFORE, event) == replace(BEFORE, **changes)


@pytest.mark.parametrize(
    ("command", "changes"),
    [
        (Command(CommandName.SET_MUTE, {"muted": False}), {"muted": False}),
        (Command(CommandName.SET_HOLD, {"held": False}), {"held": False}),
        (Command(CommandName.SET_CARD_TITLE, {"title": "New"}), {"title": "New"}),
        (Command(CommandName.SET_STATUS_TEXT, {"statusText": "Busy"}), {"status_text": "Busy"}),
        (Command(CommandName.START_TIMER, {}), {"timer_running": True}),
        (Command(CommandName.STOP_TIMER, {}), {"timer_running": False}),
        (Command(CommandName.CLOSE, {}), {"closed": True}),
        (Command(CommandName.GET_LIST_UI_STATES, {}), {}),
    ],
    ids=lambda value: value.name if isinstance(value, Command) else "",
)
def test_each_command_changes_what_it_did_and_nothing_else(command: Command, changes: dict[str, Any]) -> None:
    assert after_command(BEFORE, command) == replace(BEFORE, **changes)


STOPS = {"incoming", "transferIncoming", "outgoing", "connectingIncoming", "connectingOutgoing", "error", "moneyError"}
STOPS |= {"redial"}


@pytest.mark.parametrize("entered", list(UiState))
@pytest.mark.parametrize("running", [True, False, None])
def test_the_timer_starts_stops_or_runs_on_as_the_portal_has_it(entered: UiState, running: bool | None) -> None:
    state = after_command(
        replace(BEFORE, timer_running=running), Command(CommandName.SET_UI_STATE, {"uiState": entered.value})
    )
    expected = True if entered is UiState.CONNECTED else False if entered.value in STOPS else running
    assert (state.ui_state, state.timer_running) == (entered, expected)
    assert state == replace(BEFORE, ui_state=entered, timer_running=expected)


def test_the_timer_does_not_start_when_its_start_is_disabled() -> None:
    command = Command(CommandName.SET_UI_STATE, {"uiState": "connected", "disableAutoStartTimer": True})
    assert after_command(BEFORE, command).timer_running is False


def test_a_look_that_only_the_portal_knows_is_kept() -> None:
    state = after_command(BEFORE, Command(CommandName.SET_UI_STATE, {"uiState": "brandNew"}))
    assert (state.ui_state, state.timer_running) == ("brandNew", True)


BUTTONS: dict[str, set[str]] = {
    "incoming": {"AnswerButtonClick", "SkipButtonClick"},
    "transferIncoming": {"AnswerButtonClick", "SkipButtonClick"},
    "outgoing": {"MakeCallButtonClick", "NextButtonClick", "CloseButtonClick"},
    "connectingIncoming": {"HangupButtonClick"},
    "connectingOutgoing": {"HangupButtonClick"},
    "transferConnected": {"HangupButtonClick"},
    "connected": {
        "HoldButtonClick", "MuteButtonClick", "QualityMeterClick", "TransferButtonClick", "DialpadButtonClick",
        "HangupButtonClick",
    },
    "transferring": {"CompleteTransferButtonClick", "CancelTransferButtonClick"},
    "transferFailed": {"CancelTransferButtonClick"},
    "error": {"CloseButtonClick", "MakeCallButtonClick", "NextButtonClick"},
    "moneyError": {"NotifyAdminButtonClick", "CloseButtonClick"},
    "redial": {"MakeCallButtonClick"},
}  # fmt: skip
SAMPLES: dict[str, ev.CardEvent] = {
    "Initialized": ev.Initialized("c"),
    "AddCommentButtonClick": ev.AddCommentButtonClick(""),
    "MuteButtonClick": ev.MuteButtonClick(True),
    "HoldButtonClick": ev.HoldButtonClick(True),
    "TransferButtonClick": ev.TransferButtonClick(None, "5"),
    "EntityChanged": ev.EntityChanged(),
    "QualityMeterClick": ev.QualityMeterClick(1),
    "DialpadButtonClick": ev.DialpadButtonClick("1"),
}


@pytest.mark.parametrize("look", list(UiState))
def test_each_look_has_the_buttons_that_the_portal_shows(look: UiState) -> None:
    expected = BUTTONS[look.value] | {"Initialized", "EntityChanged", "AddCommentButtonClick"}
    events = {spec.event_type.__name__: spec.event_type for spec in EVENTS}
    found = {
        name for name, kind in events.items() if is_expected(CardState(ui_state=look), SAMPLES.get(name) or kind())
    }
    assert found == expected


def test_everything_is_expected_of_a_look_that_is_not_known() -> None:
    assert is_expected(CardState(), ev.HangupButtonClick())
    assert is_expected(CardState(ui_state=UiState("brandNew")), ev.HangupButtonClick())


def test_nothing_is_expected_of_a_closed_card() -> None:
    assert not is_expected(CardState(closed=True), ev.EntityChanged())


@pytest.mark.parametrize("state", [CardState(), BEFORE, replace(BEFORE, ui_state=UiState("brandNew"), closed=True)])
def test_a_state_survives_json(state: CardState) -> None:
    text = json.dumps(vars(state))
    found = CardState.from_json(json.loads(text))
    assert found == state
    assert type(found.ui_state) is type(state.ui_state)


def test_what_does_not_fit_a_state_is_left_out() -> None:
    fields = {
        "ui_state": 5, "muted": "yes", "held": True, "timer_running": 1, "title": None, "crm_entity_id": True,
        "digits": None, "closed": 0, "rating": 4, "unheard_of": 1,
    }  # fmt: skip
    assert CardState.from_json(fields) == CardState(held=True, rating=4)


@pytest.mark.parametrize(("running", "params"), [(True, {}), (None, {}), (False, {"disableAutoStartTimer": True})])
def test_what_shows_a_connected_card_starts_its_timer_unless_it_is_known_to_stand(
    running: bool | None, params: dict[str, Any]
) -> None:
    (command,) = commands_to_show(CardState(ui_state=UiState.CONNECTED, timer_running=running))
    assert (command.name, command.params) == (CommandName.SET_UI_STATE, {"uiState": "connected", **params})


def test_a_card_as_it_is_at_first_takes_no_command_to_show() -> None:
    assert commands_to_show(CardState(phone_number="+491", crm_entity_type="DEAL", digits="1")) == []
