"""Events as tests raise them: written as the portal writes them, and refused when no portal raises them."""

from typing import Any

import pytest

from worker_py import CallDirection, CallState, CrmBinding
from worker_py import events as ev
from worker_py.payloads import INITIALIZED, check, written
from worker_py.wire import EVENTS, PREFIX, read_event

FULL = ev.Initialized(
    call_id="A",
    phone_number="+49301",
    line_number="reg1",
    line_name="Main line",
    crm_entity_type="DEAL",
    crm_entity_id=3,
    crm_activity_id=4,
    crm_bindings=(CrmBinding("DEAL", 3), CrmBinding("CONTACT", 7)),
    call_direction=CallDirection.OUTGOING,
    call_state=CallState.CONNECTED,
    call_list_mode=True,
)
FIELDS: list[ev.CardEvent] = [
    FULL,
    ev.Initialized("A"),
    ev.AddCommentButtonClick("said"),
    ev.AddCommentButtonClick(""),
    ev.MuteButtonClick(True),
    ev.MuteButtonClick(False),
    ev.HoldButtonClick(True),
    ev.TransferButtonClick("+49301", "5", "user"),
    ev.TransferButtonClick(None, "+49302"),
    ev.EntityChanged("+49301", "CONTACT", 7),
    ev.EntityChanged(),
    ev.QualityMeterClick(4),
    ev.DialpadButtonClick("#"),
]
WITHOUT = [spec.event_type() for spec in EVENTS if not any(isinstance(each, spec.event_type) for each in FIELDS)]


def test_all_17_events_are_among_them() -> None:
    assert {type(event) for event in [*FIELDS, *WITHOUT]} == {spec.event_type for spec in EVENTS}


@pytest.mark.parametrize("event", [*FIELDS, *WITHOUT], ids=repr)
def test_what_is_written_is_read_as_the_event_that_it_was(event: ev.CardEvent) -> None:
    short_name, payload = written(event)
    check(short_name, payload)
    assert read_event(PREFIX + short_name, payload, ev.EventMeta()) == event


def test_the_payload_of_a_test_has_all_keys_and_no_others() -> None:
    assert written(FULL)[1].keys() == INITIALIZED.keys()


def test_an_event_that_no_page_raises_is_refused() -> None:
    with pytest.raises(ValueError, match="PageAttached is no event of the portal"):
        written(ev.PageAttached("memory"))


@pytest.mark.parametrize(
    ("name", "payload", "why"),
    [
        ("answerButonClick", [], "'answerButonClick' is no event of the portal; 'answerButtonClick' is one"),
        ("", [], "'' is no event of the portal; there are addCommentButtonClick, answerButtonClick"),
        ("initialized", {"CRM_ENTITY_TYP": "DEAL"}, "'CRM_ENTITY_TYP' is no key .* 'CRM_ENTITY_TYPE' is one"),
        ("entityChanged", {"CALL_ID": "A"}, "'CALL_ID' is no key of the payload of entityChanged; there are CRM_"),
        ("transferButtonClick", {"traget": "5"}, "'traget' is no key .* 'target' is one. With raw=True it is sent"),
    ],
)
def test_what_no_portal_knows_is_refused_and_what_may_have_been_meant_is_named(
    name: str, payload: Any, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        check(name, payload)


@pytest.mark.parametrize(
    ("name", "payload"), [("initialized", None), ("initialized", {}), ("answerButtonClick", {"any": 1})]
)
def test_a_payload_of_another_shape_is_for_the_interpreter_to_refuse(name: str, payload: Any) -> None:
    check(name, payload)
