"""Payloads and answers of the portal, value by value, in every variant that the portal sends."""

import json
import sys
from dataclasses import asdict
from typing import Any

import pytest

from tests.support.cases import Payload, payloads, table
from worker_py import CallDirection, CallState, CrmBinding, PayloadError, UiState
from worker_py import events as ev
from worker_py.events import CardEvent, EventMeta
from worker_py.wire import EVENTS, PREFIX, error_code, field, parse, read_event, to_json, ui_states, word

DEPTH = 60 if sys.platform == "emscripten" else 100_000
"""What is nested deeper would end the interpreter in wasm: the page bounds it, so Python never sees it."""

FULL: dict[str, Any] = table("events")["full"]


def read(short_name: str, payload: Any = None, told: list[str] | None = None) -> CardEvent:
    return read_event(PREFIX + short_name, payload, EventMeta(), told)


def initialized(**fields: Any) -> ev.Initialized:
    event = read("initialized", FULL | fields)
    assert isinstance(event, ev.Initialized)
    return event


def test_there_are_seventeen_events_and_each_class_is_named_after_its_event() -> None:
    assert len(EVENTS) == 17
    assert [spec.event_type.__name__ for spec in EVENTS] == [s.short_name[0].upper() + s.short_name[1:] for s in EVENTS]
    assert len({spec.name for spec in EVENTS}) == 17


def test_initialized_is_read_value_by_value() -> None:
    assert initialized() == ev.Initialized(
        call_id="E45D40253D1C2D2F.1774588815.822533",
        phone_number="+4930123456",
        line_number="reg1",
        line_name="Main line",
        crm_entity_type="CONTACT",
        crm_entity_id=7,
        crm_activity_id=21,
        crm_bindings=(CrmBinding("CONTACT", 7), CrmBinding("DEAL", 12)),
        call_direction=CallDirection.INCOMING,
        call_state=CallState.CONNECTING,
        call_list_mode=False,
    )


def test_the_meta_of_an_event_is_kept_as_it_was_given() -> None:
    meta = EventMeta("p:1", PREFIX + "hangupButtonClick", 5, "p", redelivered=True, resumed=False, raw=[])
    assert read_event(PREFIX + "hangupButtonClick", [], meta).meta is meta


@pytest.mark.parametrize("row", payloads(), ids=lambda row: row.title)
def test_a_payload_is_read_value_by_value_or_refused_by_name_and_never_quoted(row: Payload) -> None:
    told: list[str] = []
    if row.refused:
        with pytest.raises(PayloadError) as refused:
            read(row.event, row.payload)
        assert str(refused.value) == row.refused
    else:
        fields = asdict(read(row.event, row.payload, told))
        del fields["meta"]
        assert json.dumps(fields) == json.dumps(row.seen)
        assert "; ".join(dict.fromkeys(told)).startswith(row.left_out)
        assert bool(told) == bool(row.left_out)


def test_each_of_the_seventeen_events_has_payloads() -> None:
    assert [spec.short_name for spec in EVENTS if spec.short_name not in {row.event for row in payloads()}] == []


@pytest.mark.parametrize("direction", list(CallDirection))
def test_every_direction_is_known(direction: CallDirection) -> None:
    assert initialized(CALL_DIRECTION=direction.value).call_direction is direction


@pytest.mark.parametrize("state", list(CallState))
def test_every_call_state_is_known(state: CallState) -> None:
    assert initialized(CALL_STATE=state.value).call_state is state


def test_an_unknown_direction_or_state_is_kept() -> None:
    event = initialized(CALL_DIRECTION="sideways", CALL_STATE="ringing")
    assert isinstance(event.call_direction, CallDirection)
    assert isinstance(event.call_state, CallState)


def test_an_endless_number_is_no_integer() -> None:
    told: list[str] = []
    assert read("initialized", FULL | {"CRM_ENTITY_ID": float("inf")}, told) == initialized(CRM_ENTITY_ID=0)
    assert told == ["CRM_ENTITY_ID should be an integer"]


@pytest.mark.parametrize("name", ["", "initialized", PREFIX, PREFIX + "Initialized", "Other::initialized"])
def test_an_unknown_event_name_is_refused(name: str) -> None:
    with pytest.raises(PayloadError, match=r"^no such event is known$"):
        read_event(name, FULL, EventMeta())


# Answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [[], "", None, {}, ["incoming"], {"0": "incoming"}, True, 0, [[]], "error", {"result": "success", "errorCode": ""}],
)
def test_an_answer_without_an_error_is_a_success(answer: Any) -> None:
    assert error_code(answer) is None


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ([{"result": "error", "errorCode": "Call card is undefined"}], "Call card is undefined"),
        ({"result": "error", "errorCode": "missing field muted"}, "missing field muted"),
        ([{"result": "error"}], "unknown error"),
        ({"result": "error", "errorCode": ""}, "unknown error"),
        ({"result": "error", "errorCode": 12}, "12"),
        ({"result": "error", "errorCode": {}}, "unknown error"),
        ({"error": "ERROR_CORE"}, "ERROR_CORE"),
        ({"errorCode": "Invalid ui state"}, "Invalid ui state"),
    ],
)
def test_an_error_is_found_in_each_of_its_shapes(answer: Any, code: str) -> None:
    assert error_code(answer) == code


def test_the_list_of_states_is_read_from_a_list_and_from_an_object() -> None:
    expected = [UiState.INCOMING, UiState("brandNew")]
    assert ui_states(["incoming", "brandNew"]) == expected
    assert ui_states({"0": "incoming", "1": "brandNew"}) == expected
    assert ui_states([]) == []


@pytest.mark.parametrize("answer", ["incoming", None, [1], [["incoming"]], 3])
def test_a_list_of_states_that_is_none_is_refused(answer: Any) -> None:
    with pytest.raises(PayloadError, match="CallCardGetListUiStates should be a list of strings"):
        ui_states(answer)


# Messages of the page --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "{", "nul", '{"t":"event"', "[" * DEPTH, "1" * 10_000])
def test_a_message_that_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(PayloadError, match=r"^a message of the page is not JSON$"):
        parse(text)


@pytest.mark.parametrize("text", ["null", "[]", '"event"', "{}", '{"t":"ack"}', '{"t":["event"]}', '{"t":null}'])
def test_a_message_of_no_known_type_is_refused(text: str) -> None:
    with pytest.raises(PayloadError, match=r"^a message of the page has no known type$"):
        parse(text)


def test_a_message_is_written_compactly_and_survives_every_character() -> None:
    text = to_json({"t": "report", "text": "é\u2028\ud800", "n": [1, None]})
    assert text == '{"t":"report","text":"\\u00e9\\u2028\\ud800","n":[1,null]}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}])
def test_what_json_cannot_carry_is_not_written(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        to_json({"value": value})


def test_a_field_of_a_message_has_the_type_that_was_asked_for() -> None:
    message = {"t": "event", "seq": 3, "name": "x", "flag": True}
    assert field(message, "seq", int) == 3
    assert (word(message, "name"), word(message, "seq"), word(message, "none")) == ("x", "", "")
    for key in ("flag", "name", "none"):
        with pytest.raises(PayloadError, match=f"^a message of type 'event' lacks its field '{key}'$"):
            field(message, key, int)
