"""Payloads and answers of the portal, value by value, in every variant that the portal sends."""

import sys
from typing import Any

import pytest

from worker_py import CallDirection, CallState, CrmBinding, PayloadError, UiState
from worker_py import events as ev
from worker_py.events import CardEvent, EventMeta
from worker_py.wire import EVENTS, PREFIX, error_code, field, parse, read_event, to_json, ui_states, word

DEPTH = 60 if sys.platform == "emscripten" else 100_000
"""What is nested deeper would end the interpreter in wasm: the page bounds it, so Python never sees it."""

FULL: dict[str, Any] = {
    "CALL_ID": "E45D40253D1C2D2F.1774588815.822533",
    "PHONE_NUMBER": "+4930123456",
    "LINE_NUMBER": "reg1",
    "LINE_NAME": "Main line",
    "CRM_ENTITY_TYPE": "CONTACT",
    "CRM_ENTITY_ID": 7,
    "CRM_ACTIVITY_ID": 21,
    "CRM_BINDINGS": [{"ENTITY_TYPE": "CONTACT", "ENTITY_ID": 7}, {"ENTITY_TYPE": "DEAL", "ENTITY_ID": 12}],
    "CALL_DIRECTION": "incoming",
    "CALL_STATE": "connecting",
    "CALL_LIST_MODE": False,
}


def read(short_name: str, payload: Any = None) -> CardEvent:
    return read_event(PREFIX + short_name, payload, EventMeta())


def initialized(**fields: Any) -> ev.Initialized:
    event = read("initialized", FULL | fields)
    assert isinstance(event, ev.Initialized)
    return event


def without(key: str) -> ev.Initialized:
    event = read("initialized", {name: value for name, value in FULL.items() if name != key})
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


@pytest.mark.parametrize("number", ["hidden", "unknown", "", None, []])
def test_a_number_that_is_not_known_is_none(number: Any) -> None:
    assert initialized(PHONE_NUMBER=number).phone_number is None
    assert without("PHONE_NUMBER").phone_number is None


def test_a_number_that_arrives_as_an_integer_is_text() -> None:
    assert initialized(PHONE_NUMBER=4930123456).phone_number == "4930123456"


@pytest.mark.parametrize(("sent", "seen"), [("7", 7), (" 7 ", 7), (7.0, 7), ("", 0), (None, 0), (0, 0), ("0", 0)])
def test_an_entity_id_is_an_integer_however_it_arrives(sent: Any, seen: int) -> None:
    assert initialized(CRM_ENTITY_ID=sent).crm_entity_id == seen
    assert without("CRM_ENTITY_ID").crm_entity_id == 0


@pytest.mark.parametrize(("sent", "seen"), [("21", 21), (21, 21), ("", None), (None, None), (0, None), ([], None)])
def test_an_activity_id_that_is_absent_or_empty_is_none(sent: Any, seen: int | None) -> None:
    assert initialized(CRM_ACTIVITY_ID=sent).crm_activity_id == seen
    assert without("CRM_ACTIVITY_ID").crm_activity_id is None


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ([], ()),
        ("", ()),
        (None, ()),
        ([{"ENTITY_TYPE": "LEAD", "ENTITY_ID": "3"}], (CrmBinding("LEAD", 3),)),
        ({"0": {"ENTITY_TYPE": "LEAD", "ENTITY_ID": 3}}, (CrmBinding("LEAD", 3),)),
    ],
)
def test_bindings_are_a_tuple_however_they_arrive(sent: Any, seen: tuple[CrmBinding, ...]) -> None:
    assert initialized(CRM_BINDINGS=sent).crm_bindings == seen
    assert without("CRM_BINDINGS").crm_bindings == ()


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        (True, True), (False, False), ("Y", True), ("N", False), ("true", True), ("false", False), ("1", True),
        ("0", False), (1, True), (0, False), ("", False), (None, False), ([], False),
    ],
)  # fmt: skip
def test_call_list_mode_is_a_boolean_however_it_arrives(sent: Any, seen: bool) -> None:
    assert initialized(CALL_LIST_MODE=sent).call_list_mode is seen


def test_empty_line_names_and_unbound_entities_are_empty_text() -> None:
    event = initialized(LINE_NAME="", CRM_ENTITY_TYPE="", LINE_NUMBER=None)
    assert (event.line_name, event.crm_entity_type, event.line_number) == ("", "", "")


@pytest.mark.parametrize("direction", list(CallDirection))
def test_every_direction_is_known(direction: CallDirection) -> None:
    assert initialized(CALL_DIRECTION=direction.value).call_direction is direction


@pytest.mark.parametrize("state", list(CallState))
def test_every_call_state_is_known(state: CallState) -> None:
    assert initialized(CALL_STATE=state.value).call_state is state


def test_an_unknown_direction_or_state_is_kept() -> None:
    event = initialized(CALL_DIRECTION="sideways", CALL_STATE="ringing")
    assert (event.call_direction, event.call_direction.value) == ("sideways", "sideways")
    assert isinstance(event.call_state, CallState)
    assert event.call_state == "ringing"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"CALL_ID": ""}, "CALL_ID is empty"),
        ({"CALL_ID": None}, "CALL_ID is missing"),
        ({"CALL_ID": ["x"]}, "CALL_ID should be a string, not a list"),
        ({"PHONE_NUMBER": True}, "PHONE_NUMBER should be a string, not a boolean"),
        ({"PHONE_NUMBER": 10**18}, "PHONE_NUMBER should be a string, not a number"),
        ({"CRM_ENTITY_ID": "seven"}, "CRM_ENTITY_ID should be an integer"),
        ({"CRM_ENTITY_ID": "٣"}, "CRM_ENTITY_ID should be an integer"),
        ({"CRM_ENTITY_ID": "9" * 5000}, "CRM_ENTITY_ID should be an integer"),
        ({"CRM_ENTITY_ID": "--3"}, "CRM_ENTITY_ID should be an integer"),
        ({"CRM_ENTITY_ID": 1.5}, "CRM_ENTITY_ID should be an integer"),
        ({"CRM_ENTITY_ID": float("inf")}, "CRM_ENTITY_ID should be an integer"),
        ({"CRM_ENTITY_ID": True}, "CRM_ENTITY_ID should be an integer, not a boolean"),
        ({"CRM_ENTITY_ID": {}}, "CRM_ENTITY_ID should be an integer, not an object"),
        ({"CRM_BINDINGS": 5}, "CRM_BINDINGS should be a list, not a number"),
        ({"CRM_BINDINGS": ["x"]}, "CRM_BINDINGS should hold objects, not a string"),
        ({"CRM_BINDINGS": [None]}, "CRM_BINDINGS should hold objects, not nothing"),
        ({"CALL_LIST_MODE": "maybe"}, "CALL_LIST_MODE should be a boolean"),
        ({"CALL_LIST_MODE": {}}, "CALL_LIST_MODE should be a boolean"),
        ({"CALL_DIRECTION": 1.5}, "CALL_DIRECTION should be a string, not a number"),
    ],
)
def test_a_field_of_the_wrong_type_is_refused_by_name_and_never_quoted(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(PayloadError) as refused:
        initialized(**fields)
    assert str(refused.value) == message


def test_an_initialized_without_call_id_is_refused() -> None:
    with pytest.raises(PayloadError, match=r"^CALL_ID is missing$"):
        without("CALL_ID")


@pytest.mark.parametrize("name", ["initialized", "transferButtonClick", "entityChanged"])
@pytest.mark.parametrize(
    ("payload", "kind"), [([], "a list"), ("", "a string"), (None, "nothing"), (True, "a boolean"), (3, "a number")]
)
def test_an_event_that_needs_an_object_refuses_everything_else(name: str, payload: Any, kind: str) -> None:
    with pytest.raises(PayloadError, match=f"^an object was expected, not {kind}$"):
        read(name, payload)


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("closeButtonClick", ev.CloseButtonClick()),
        ("cancelTransferButtonClick", ev.CancelTransferButtonClick()),
        ("completeTransferButtonClick", ev.CompleteTransferButtonClick()),
        ("hangupButtonClick", ev.HangupButtonClick()),
        ("nextButtonClick", ev.NextButtonClick()),
        ("skipButtonClick", ev.SkipButtonClick()),
        ("answerButtonClick", ev.AnswerButtonClick()),
        ("makeCallButtonClick", ev.MakeCallButtonClick()),
        ("notifyAdminButtonClick", ev.NotifyAdminButtonClick()),
    ],
)
@pytest.mark.parametrize("payload", [[], "", None, {}])
def test_an_event_without_data_is_read_from_every_form_of_nothing(name: str, event: CardEvent, payload: Any) -> None:
    found = read(name, payload)
    assert (type(found), found) == (type(event), event)


@pytest.mark.parametrize(("sent", "seen"), [("Call back", "Call back"), ("", ""), (None, ""), ([], ""), (12, "12")])
def test_a_comment_may_be_empty(sent: Any, seen: str) -> None:
    assert read("addCommentButtonClick", sent) == ev.AddCommentButtonClick(seen)


def test_a_comment_that_is_no_text_is_refused() -> None:
    with pytest.raises(PayloadError, match=r"^the comment should be a string, not an object$"):
        read("addCommentButtonClick", {"secret": 1})


@pytest.mark.parametrize("state", [True, False])
def test_mute_and_hold_carry_the_state_after_the_click(state: bool) -> None:
    assert read("muteButtonClick", state) == ev.MuteButtonClick(state)
    assert read("holdButtonClick", state) == ev.HoldButtonClick(state)


@pytest.mark.parametrize("name", ["muteButtonClick", "holdButtonClick"])
@pytest.mark.parametrize(("payload", "kind"), [("yes", "a string"), (1, "a number"), (None, "nothing"), ([], "a list")])
def test_mute_and_hold_refuse_what_is_no_boolean(name: str, payload: Any, kind: str) -> None:
    with pytest.raises(PayloadError, match=f"^a boolean was expected, not {kind}$"):
        read(name, payload)


@pytest.mark.parametrize(
    ("payload", "event"),
    [
        ({"phoneNumber": "+491", "target": "17"}, ev.TransferButtonClick("+491", "17", None)),
        ({"phoneNumber": "+491", "target": 17}, ev.TransferButtonClick("+491", "17", None)),
        ({"phoneNumber": "hidden", "target": "+492"}, ev.TransferButtonClick(None, "+492", None)),
        ({"type": "user", "target": 5}, ev.TransferButtonClick(None, "5", "user")),
        ({"type": "pstn", "target": "+493"}, ev.TransferButtonClick(None, "+493", "pstn")),
        ({"type": "queue", "target": "3"}, ev.TransferButtonClick(None, "3", "queue")),
    ],
)
def test_a_transfer_is_read_in_both_of_its_shapes(payload: Any, event: ev.TransferButtonClick) -> None:
    assert read("transferButtonClick", payload) == event


@pytest.mark.parametrize(
    ("payload", "message"), [({}, "target is missing"), ({"target": ""}, "target is empty"), ({"target": None}, "miss")]
)
def test_a_transfer_without_target_is_refused(payload: Any, message: str) -> None:
    with pytest.raises(PayloadError, match=message):
        read("transferButtonClick", payload)


@pytest.mark.parametrize(
    ("payload", "event"),
    [
        (
            {"PHONE_NUMBER": "+491", "CRM_ENTITY_TYPE": "DEAL", "CRM_ENTITY_ID": 4},
            ev.EntityChanged("+491", "DEAL", 4),
        ),
        (
            {"PHONE_NUMBER": "unknown", "CRM_ENTITY_TYPE": "LEAD", "CRM_ENTITY_ID": "4"},
            ev.EntityChanged(None, "LEAD", 4),
        ),
        ({}, ev.EntityChanged(None, "", 0)),
    ],
)
def test_an_entity_change_is_read_with_unknown_numbers_and_text_ids(payload: Any, event: ev.EntityChanged) -> None:
    assert read("entityChanged", payload) == event


@pytest.mark.parametrize("sent", ["1", "2", "3", "4", "5", 1, 5])
def test_a_rating_is_one_to_five_as_an_integer(sent: Any) -> None:
    assert read("qualityMeterClick", sent) == ev.QualityMeterClick(int(sent))


@pytest.mark.parametrize("sent", ["0", "6", "", None, [], -1])
def test_a_rating_outside_one_to_five_is_refused(sent: Any) -> None:
    with pytest.raises(PayloadError, match=r"^the rating should be 1 to 5$"):
        read("qualityMeterClick", sent)


@pytest.mark.parametrize("key", list("0123456789*#"))
def test_every_key_of_the_dial_pad_is_read(key: str) -> None:
    assert read("dialpadButtonClick", key) == ev.DialpadButtonClick(key)


def test_a_key_that_arrives_as_an_integer_is_text() -> None:
    assert read("dialpadButtonClick", 5) == ev.DialpadButtonClick("5")


@pytest.mark.parametrize("key", ["A", "12", "", "+"])
def test_a_key_that_no_dial_pad_has_is_refused(key: str) -> None:
    with pytest.raises(PayloadError, match=r"^the key should be one of 0-9, \* and #$"):
        read("dialpadButtonClick", key)


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
