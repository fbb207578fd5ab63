"""The vocabulary of events: frozen values, equal by their own fields, with open enumerations."""

import copy
import dataclasses
import pickle
from typing import Any

import pytest

from worker_py import CallDirection, CallState, CrmBinding, UiState
from worker_py import events as ev
from worker_py.wire import EVENTS

EMPTY = [spec.event_type for spec in EVENTS if [each.name for each in dataclasses.fields(spec.event_type)] == ["meta"]]


def test_the_twelve_looks_of_a_card_have_the_names_of_the_portal() -> None:
    assert [state.value for state in UiState] == [
        "incoming", "transferIncoming", "outgoing", "connectingIncoming", "connectingOutgoing", "connected",
        "transferring", "transferFailed", "transferConnected", "error", "moneyError", "redial",
    ]  # fmt: skip


def test_directions_and_call_states_have_the_names_of_the_portal() -> None:
    assert [each.value for each in CallDirection] == ["incoming", "outgoing", "callback"]
    assert [each.value for each in CallState] == ["idle", "connecting", "connected"]


@pytest.mark.parametrize("kind", [UiState, CallDirection, CallState])
def test_a_value_known_or_not_is_copied_and_pickled_as_what_it_is(kind: type[ev.OpenEnum]) -> None:
    for member in (*kind, kind("someday")):
        pickled = [pickle.loads(pickle.dumps(member, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
        for other in (copy.copy(member), copy.deepcopy(member), *pickled):
            assert (type(other), other, other.name) == (kind, member, member.name)
            assert other is member or member == "someday"


def test_an_event_with_a_value_that_is_not_known_can_be_copied() -> None:
    event = ev.Initialized(call_id="A.1", call_state=CallState("someday"))
    assert copy.deepcopy(event) == event
    assert dataclasses.asdict(event)["call_state"] == "someday"


@pytest.mark.parametrize("kind", [UiState, CallDirection, CallState])
def test_an_unknown_value_stays_what_it_is(kind: type[ev.OpenEnum]) -> None:
    member = kind("someday")
    assert isinstance(member, kind)
    assert (member, str(member), member.value, member.name) == ("someday", "someday", "someday", "someday")
    assert kind("someday") == member
    assert len({member, kind("someday")}) == 1
    assert member not in list(kind)
    assert copy.deepcopy(member) == member


def test_a_known_value_is_the_member_itself() -> None:
    assert UiState("connected") is UiState.CONNECTED
    assert {UiState.CONNECTED: 1}["connected"] == 1  # type: ignore[index]


@pytest.mark.parametrize("value", [None, 3, ["connected"]])
def test_what_is_no_text_is_no_value_of_an_enumeration(value: Any) -> None:
    with pytest.raises(ValueError, match="is not a valid UiState"):
        UiState(value)


def test_events_cannot_be_changed() -> None:
    event = ev.MuteButtonClick(True)
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.muted = False  # type: ignore[misc]
    with pytest.raises((AttributeError, TypeError)):
        event.note = "x"  # type: ignore[attr-defined]


def test_events_are_equal_when_their_own_fields_are_whatever_their_meta() -> None:
    first = ev.MuteButtonClick(True, meta=ev.EventMeta(id="p:1"))
    second = ev.MuteButtonClick(True, meta=ev.EventMeta(id="p:2"))
    assert first == second
    assert first != ev.MuteButtonClick(False)
    hold: ev.CardEvent = ev.HoldButtonClick(True)
    assert first != hold


def test_nine_events_have_no_field_of_their_own() -> None:
    assert [kind.__name__ for kind in EMPTY] == [
        "CloseButtonClick", "CancelTransferButtonClick", "CompleteTransferButtonClick", "HangupButtonClick",
        "NextButtonClick", "SkipButtonClick", "AnswerButtonClick", "MakeCallButtonClick", "NotifyAdminButtonClick",
    ]  # fmt: skip


def test_an_event_shows_its_own_fields_and_not_the_raw_payload() -> None:
    event = ev.DialpadButtonClick("5", meta=ev.EventMeta(raw="secret"))
    assert repr(event) == "DialpadButtonClick(key='5')"


def test_the_fields_of_each_event_are_those_of_the_interface() -> None:
    def names(kind: type[ev.Event]) -> list[str]:
        return [each.name for each in dataclasses.fields(kind) if each.name != "meta"]

    assert names(ev.Initialized) == [
        "call_id", "phone_number", "line_number", "line_name", "crm_entity_type", "crm_entity_id", "crm_activity_id",
        "crm_bindings", "call_direction", "call_state", "call_list_mode",
    ]  # fmt: skip
    assert names(ev.AddCommentButtonClick) == ["comment"]
    assert names(ev.MuteButtonClick) == ["muted"]
    assert names(ev.HoldButtonClick) == ["held"]
    assert names(ev.TransferButtonClick) == ["phone_number", "target", "target_type"]
    assert names(ev.EntityChanged) == ["phone_number", "crm_entity_type", "crm_entity_id"]
    assert names(ev.QualityMeterClick) == ["rating"]
    assert names(ev.DialpadButtonClick) == ["key"]
    assert names(ev.CardClosed) == ["call_id", "reason"]
    assert names(ev.PageAttached) == ["mode", "reason"]
    assert names(ev.PageDetached) == ["reason"]
    assert names(ev.Started) == []
    assert [each.name for each in dataclasses.fields(ev.EventMeta)] == [
        "id", "name", "received_at", "page_id", "redelivered", "resumed", "raw",
    ]  # fmt: skip


def test_bindings_are_values() -> None:
    assert CrmBinding("LEAD", 3) == CrmBinding("LEAD", 3)
    assert pickle.loads(pickle.dumps(CrmBinding("LEAD", 3))) == CrmBinding("LEAD", 3)
