"""Each of the 17 events, raised by a click on the card, and what the Python handler sees of it.

The handler sends the `repr` of its event: it is compared with that of the expected one, so that every field is, value
and type.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.browser.conftest import BX24_FIRST, CLIENTS, SharedPageFor
from tests.support.witness import SharedPage
from worker_py import CallDirection, CallState, CrmBinding
from worker_py.events import (
    AddCommentButtonClick,
    AnswerButtonClick,
    CancelTransferButtonClick,
    CardEvent,
    CloseButtonClick,
    CompleteTransferButtonClick,
    DialpadButtonClick,
    EntityChanged,
    HangupButtonClick,
    HoldButtonClick,
    Initialized,
    MakeCallButtonClick,
    MuteButtonClick,
    NextButtonClick,
    NotifyAdminButtonClick,
    QualityMeterClick,
    SkipButtonClick,
    TransferButtonClick,
)
from worker_py.wire import EVENTS
from worker_py_tool.kit.browser_portal import NOTHING

APP = """
    from worker_py import App, CallCard, events

    app = App()

    @app.on(events.AnswerButtonClick)
    async def answer(event: events.AnswerButtonClick, card: CallCard) -> None:
        await card.set_ui_state("connected")

    async def tell(event: events.CardEvent, card: CallCard) -> None:
        await card.page.call("tell", {
            "event": repr(event),
            "name": event.meta.name,
            "raw": event.meta.raw,
            "call_id": card.call_id,
        })

    for each in vars(events).values():
        if isinstance(each, type) and issubclass(each, events.CardEvent) and each is not events.CardEvent:
            app.add_handler(each, tell)
"""

CALL_ID = "E45D40253D1C2D2F.1774588815.822533"
CONNECTED = "connected"
NEW_CARD = ("BackgroundCallCard::initialized", "BackgroundCallCard::entityChanged")
"""What handlers see of a new card with a CRM entity; the portal tells of the entity first."""


@pytest.fixture(scope="module", params=BX24_FIRST)  # the other client's payloads: tests/static/page/client/b24jssdk*
def booted(shared_page_for: SharedPageFor, request: pytest.FixtureRequest) -> SharedPage:
    return shared_page_for(APP, client=request.param)


@pytest.fixture
def stage(booted: SharedPage) -> Iterator[SharedPage]:
    with booted.case():
        yield booted
    booted.close_call()


def expect_event(stage: SharedPage, short_name: str, event: CardEvent, raw: object) -> None:
    """The next thing that a Python handler sees is this."""
    raw = stage.empty if raw == [] else raw
    told = stage.told()
    assert told["event"] == repr(event)
    assert told["name"] == f"BackgroundCallCard::{short_name}"
    assert told["raw"] == raw and type(told["raw"]) is type(raw)


def open_card(stage: SharedPage, ui_state: str | None = None) -> None:
    """A call whose `initialized` a handler has seen, and whose CRM entity, told by the portal before that."""
    stage.incoming_call(ui_state=ui_state, callId=CALL_ID)
    told = [stage.told() for _ in NEW_CARD]
    assert [(one["name"], one["call_id"]) for one in told] == [(name, CALL_ID) for name in NEW_CARD]


def close_card(stage: SharedPage) -> None:
    """End the call, so that the next event has no card."""
    stage.raise_event("closeButtonClick")
    assert stage.told()["name"] == "BackgroundCallCard::closeButtonClick"


# By clicking ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Click:
    """What is clicked, on which card, and what Python then sees."""

    button: str
    event: CardEvent
    raw: Any = field(default_factory=list)
    argument: Any = None
    ui_state: str = CONNECTED


CLICKS = {
    "skipButtonClick": Click("Skip", SkipButtonClick(), ui_state="incoming"),
    "answerButtonClick": Click("Answer", AnswerButtonClick(), ui_state="incoming"),
    "makeCallButtonClick": Click("Call", MakeCallButtonClick(), ui_state="outgoing"),
    "hangupButtonClick": Click("Hang up", HangupButtonClick()),
    "muteButtonClick": Click("Mute", MuteButtonClick(True), True),
    "holdButtonClick": Click("Hold", HoldButtonClick(True), True),
    "qualityMeterClick": Click("Quality 4", QualityMeterClick(4), "4"),
    "dialpadButtonClick": Click("Dial pad", DialpadButtonClick("#"), "#", argument="#"),
    "transferButtonClick": Click(
        "Transfer",
        TransferButtonClick("+12025550143", "3"),
        {"phoneNumber": "+12025550143", "target": "3"},
        argument=3,
    ),
    "completeTransferButtonClick": Click("Complete transfer", CompleteTransferButtonClick(), ui_state="transferring"),
    "cancelTransferButtonClick": Click("Return to call", CancelTransferButtonClick(), ui_state="transferring"),
    "addCommentButtonClick": Click(
        "Save comment", AddCommentButtonClick("calls back: Monday"), "calls back: Monday", "calls back: Monday"
    ),
    "entityChanged": Click(
        "entityChanged",
        EntityChanged("+12025550143", "CONTACT", 12),
        {"PHONE_NUMBER": "+12025550143", "CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": 12},
        argument=12,
    ),
    "notifyAdminButtonClick": Click("Notify admin", NotifyAdminButtonClick(), ui_state="moneyError"),
    "closeButtonClick": Click("Close", CloseButtonClick(), ui_state="error"),
}


@pytest.mark.engines
@pytest.mark.engines_all  # delivery/test_call.py clicks there
@pytest.mark.parametrize("booted", CLIENTS, indirect=True)
def test_each_click_on_the_card_reaches_its_handler(stage: SharedPage) -> None:
    for state in dict.fromkeys(clicked.ui_state for clicked in CLICKS.values()):
        open_card(stage, state)
        for short_name, clicked in CLICKS.items():
            if clicked.ui_state == state:
                stage.click(clicked.button, clicked.argument)
                expect_event(stage, short_name, clicked.event, clicked.raw)
        if stage.card()["open"]:
            stage.act("(portal) => portal.act('closeButtonClick')")
            assert stage.told()["name"] == "BackgroundCallCard::closeButtonClick"


def test_a_new_card_reaches_the_handler_of_initialized(stage: SharedPage) -> None:
    stage.incoming_call(callId=CALL_ID)
    raw = {
        "CALL_ID": CALL_ID,
        "PHONE_NUMBER": "+12025550143",
        "LINE_NUMBER": "12025550100",
        "LINE_NAME": "Front desk",
        "CRM_ENTITY_TYPE": "CONTACT",
        "CRM_ENTITY_ID": 7,
        "CRM_ACTIVITY_ID": 901,
        "CRM_BINDINGS": [{"ENTITY_TYPE": "CONTACT", "ENTITY_ID": 7}],
        "CALL_DIRECTION": "incoming",
        "CALL_STATE": "idle",
        "CALL_LIST_MODE": False,
    }
    event = Initialized(
        call_id=CALL_ID,
        phone_number="+12025550143",
        line_number="12025550100",
        line_name="Front desk",
        crm_entity_type="CONTACT",
        crm_entity_id=7,
        crm_activity_id=901,
        crm_bindings=(CrmBinding("CONTACT", 7),),
        call_direction=CallDirection.INCOMING,
        call_state=CallState.IDLE,
        call_list_mode=False,
    )
    expect_event(stage, "initialized", event, raw)
    entity = {"PHONE_NUMBER": "+12025550143", "CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": 7}
    expect_event(stage, "entityChanged", EntityChanged("+12025550143", "CONTACT", 7), entity)


def test_next_in_a_call_list_moves_on_to_the_next_client(stage: SharedPage) -> None:
    stage.call_list(2)
    assert "call_list_mode=True" in stage.told()["event"]
    stage.click("Next")
    expect_event(stage, "nextButtonClick", NextButtonClick(), [])
    raw = {"PHONE_NUMBER": "+12025550178", "CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": 12}
    expect_event(stage, "entityChanged", EntityChanged("+12025550178", "CONTACT", 12), raw)


def test_all_17_events_were_clicked() -> None:
    assert {*CLICKS, "initialized", "nextButtonClick"} == {spec.short_name for spec in EVENTS}
    assert len(EVENTS) == 17


def test_a_second_click_on_mute_and_hold_takes_them_back(stage: SharedPage) -> None:
    open_card(stage, CONNECTED)
    stage.click("Mute")
    stage.click("Mute")
    stage.click("Hold")
    stage.click("Hold")
    events = [MuteButtonClick(True), MuteButtonClick(False), HoldButtonClick(True), HoldButtonClick(False)]
    assert [stage.told()["event"] for _ in events] == [repr(event) for event in events]


def test_every_key_of_the_dial_pad_every_rating_and_a_typed_number_reach_their_handlers(stage: SharedPage) -> None:
    open_card(stage, CONNECTED)
    for key in "0123456789*#":
        stage.click(f"Dial pad {key}")
        expect_event(stage, "dialpadButtonClick", DialpadButtonClick(key), key)
    for rating in range(1, 6):
        stage.click(f"Quality {rating}")
        expect_event(stage, "qualityMeterClick", QualityMeterClick(rating), str(rating))
    stage.click("Transfer", "+12025550166")
    raw = {"phoneNumber": "+12025550143", "target": "+12025550166"}
    expect_event(stage, "transferButtonClick", TransferButtonClick("+12025550143", "+12025550166"), raw)


def test_answering_a_transferred_call(stage: SharedPage) -> None:
    open_card(stage, "transferIncoming")
    stage.click("Answer")
    expect_event(stage, "answerButtonClick", AnswerButtonClick(), [])


# Payloads as they can come ---------------------------------------------------------------------------


def initialized(**changes: Any) -> dict[str, Any]:
    """A payload of `initialized`; `NOTHING` leaves a key out."""
    payload = {
        "CALL_ID": CALL_ID,
        "PHONE_NUMBER": "+12025550143",
        "LINE_NUMBER": "reg7",
        "LINE_NAME": "Front desk",
        "CRM_ENTITY_TYPE": "CONTACT",
        "CRM_ENTITY_ID": 7,
        "CRM_ACTIVITY_ID": 901,
        "CRM_BINDINGS": [{"ENTITY_TYPE": "CONTACT", "ENTITY_ID": 7}],
        "CALL_DIRECTION": "incoming",
        "CALL_STATE": "connecting",
        "CALL_LIST_MODE": False,
    }
    return {key: value for key, value in {**payload, **changes}.items() if value is not NOTHING}


def seen_initialized(**changes: Any) -> Initialized:
    """What Python makes of `initialized()`."""
    fields: dict[str, Any] = {
        "call_id": CALL_ID,
        "phone_number": "+12025550143",
        "line_number": "reg7",
        "line_name": "Front desk",
        "crm_entity_type": "CONTACT",
        "crm_entity_id": 7,
        "crm_activity_id": 901,
        "crm_bindings": (CrmBinding("CONTACT", 7),),
        "call_direction": CallDirection.INCOMING,
        "call_state": CallState.CONNECTING,
        "call_list_mode": False,
    }
    return Initialized(**{**fields, **changes})


INITIALIZED = {
    "no number": (initialized(PHONE_NUMBER=NOTHING), seen_initialized(phone_number=None)),
    "unknown number": (initialized(PHONE_NUMBER="unknown"), seen_initialized(phone_number=None)),
    "hidden number": (initialized(PHONE_NUMBER="hidden"), seen_initialized(phone_number=None)),
    "number as a number": (initialized(PHONE_NUMBER=12025550143), seen_initialized(phone_number="12025550143")),
    "line without a name": (initialized(LINE_NAME=""), seen_initialized(line_name="")),
    "nobody in the CRM": (
        initialized(CRM_ENTITY_TYPE="", CRM_ENTITY_ID=0, CRM_BINDINGS=[]),
        seen_initialized(crm_entity_type="", crm_entity_id=0, crm_bindings=()),
    ),
    "no activity": (initialized(CRM_ACTIVITY_ID=NOTHING), seen_initialized(crm_activity_id=None)),
    "empty activity": (initialized(CRM_ACTIVITY_ID=""), seen_initialized(crm_activity_id=None)),
    "ids as strings": (
        initialized(
            CRM_ENTITY_ID="7",
            CRM_ACTIVITY_ID="901",
            CRM_BINDINGS=[{"ENTITY_TYPE": "CONTACT", "ENTITY_ID": "7"}, {"ENTITY_TYPE": "DEAL", "ENTITY_ID": "31"}],
        ),
        seen_initialized(crm_bindings=(CrmBinding("CONTACT", 7), CrmBinding("DEAL", 31))),
    ),
    "outgoing": (initialized(CALL_DIRECTION="outgoing"), seen_initialized(call_direction=CallDirection.OUTGOING)),
    "callback": (initialized(CALL_DIRECTION="callback"), seen_initialized(call_direction=CallDirection.CALLBACK)),
    "idle": (initialized(CALL_STATE="idle"), seen_initialized(call_state=CallState.IDLE)),
    "connected": (initialized(CALL_STATE="connected"), seen_initialized(call_state=CallState.CONNECTED)),
    "call list": (initialized(CALL_LIST_MODE=True), seen_initialized(call_list_mode=True)),
    "values of tomorrow": (
        initialized(CALL_DIRECTION="sideways", CALL_STATE="ringing", CRM_ENTITY_TYPE="QUOTE"),
        seen_initialized(
            call_direction=CallDirection("sideways"), call_state=CallState("ringing"), crm_entity_type="QUOTE"
        ),
    ),
    "keys of tomorrow": (initialized(MOOD="good"), seen_initialized()),
}


def test_initialized_in_every_shape(stage: SharedPage) -> None:
    for raw, event in INITIALIZED.values():
        stage.raise_event("initialized", raw)
        expect_event(stage, "initialized", event, raw)
        close_card(stage)


VARIANTS: dict[str, tuple[str, object, CardEvent]] = {
    "transfer, employee's id as a number": (
        "transferButtonClick",
        {"phoneNumber": "+12025550143", "target": 3},
        TransferButtonClick("+12025550143", "3"),
    ),
    "transfer, employee's id as a string": (
        "transferButtonClick",
        {"phoneNumber": "+12025550143", "target": "3"},
        TransferButtonClick("+12025550143", "3"),
    ),
    "transfer, to a number": (
        "transferButtonClick",
        {"phoneNumber": "hidden", "target": "+12025550166"},
        TransferButtonClick(None, "+12025550166"),
    ),
    "transfer, to a queue": (
        "transferButtonClick",
        {"type": "queue", "target": "12"},
        TransferButtonClick(None, "12", "queue"),
    ),
    "transfer, to a kind of tomorrow": (
        "transferButtonClick",
        {"type": "robot", "target": 1},
        TransferButtonClick(None, "1", "robot"),
    ),
    "entity, unknown number": (
        "entityChanged",
        {"PHONE_NUMBER": "unknown", "CRM_ENTITY_TYPE": "LEAD", "CRM_ENTITY_ID": 5},
        EntityChanged(None, "LEAD", 5),
    ),
    "entity, id as a string": (
        "entityChanged",
        {"PHONE_NUMBER": "+12025550143", "CRM_ENTITY_TYPE": "DEAL", "CRM_ENTITY_ID": "31"},
        EntityChanged("+12025550143", "DEAL", 31),
    ),
    "entity, unbound": (
        "entityChanged",
        {"PHONE_NUMBER": "+12025550143", "CRM_ENTITY_TYPE": "", "CRM_ENTITY_ID": 0},
        EntityChanged("+12025550143", "", 0),
    ),
    "empty comment": ("addCommentButtonClick", "", AddCommentButtonClick("")),
    "comment that looks like the wire": (
        "addCommentButtonClick",
        'CallCardClose:{"a":1}:cb:sid',
        AddCommentButtonClick('CallCardClose:{"a":1}:cb:sid'),
    ),
    "comment in many scripts": (
        "addCommentButtonClick",
        "перезвонить ☎ 👩🏽‍💻\n\t\u2028",
        AddCommentButtonClick("перезвонить ☎ 👩🏽‍💻\n\t\u2028"),
    ),
    "rating as a number": ("qualityMeterClick", 5, QualityMeterClick(5)),
}


def test_payloads_in_every_shape(stage: SharedPage) -> None:
    open_card(stage)
    for short_name, raw, event in VARIANTS.values():
        stage.raise_event(short_name, raw)
        expect_event(stage, short_name, event, raw)


WITHOUT_DATA = {
    "answerButtonClick": AnswerButtonClick(),
    "skipButtonClick": SkipButtonClick(),
    "makeCallButtonClick": MakeCallButtonClick(),
    "hangupButtonClick": HangupButtonClick(),
    "completeTransferButtonClick": CompleteTransferButtonClick(),
    "cancelTransferButtonClick": CancelTransferButtonClick(),
    "nextButtonClick": NextButtonClick(),
    "notifyAdminButtonClick": NotifyAdminButtonClick(),
    "closeButtonClick": CloseButtonClick(),
}
EMPTY: dict[str, object] = {"[]": [], "": "", "null": None, "undefined": None}
"""What each form on the wire reaches Python as. `[]` is the wire's empty form: the SDK makes it `''`."""


def test_events_without_data_and_comments_in_every_form_of_nothing(stage: SharedPage) -> None:
    for form, seen in EMPTY.items():
        if form == "undefined" and stage.client != "bx24":
            continue  # it is no JSON, which is all that the SDK reads
        open_card(stage)
        for short_name, event in {"addCommentButtonClick": AddCommentButtonClick(""), **WITHOUT_DATA}.items():
            stage.raise_event(short_name, empty=form)
            expect_event(stage, short_name, event, seen)
        stage.portal("(portal) => portal.endCall()")


# Order -----------------------------------------------------------------------------------------------


def test_entity_changed_before_initialized_is_handled_after_it(stage: SharedPage) -> None:
    open_card(stage)
    stage.click("Close")
    stage.told()
    stage.incoming_call(callId="early.1")
    first, second = stage.told(), stage.told()
    assert [first["name"], second["name"]] == ["BackgroundCallCard::initialized", "BackgroundCallCard::entityChanged"]
    assert [first["call_id"], second["call_id"]] == ["early.1", "early.1"]
    assert second["event"] == repr(EntityChanged("+12025550143", "CONTACT", 7))


def test_events_of_a_burst_are_handled_in_their_order(stage: SharedPage) -> None:
    open_card(stage, CONNECTED)
    keys = "0123456789*#" * 4
    stage.raise_all([("dialpadButtonClick", key) for key in keys])
    assert [stage.told()["raw"] for _ in keys] == list(keys)


def test_each_call_has_its_own_card(stage: SharedPage) -> None:
    for call_id in ("first.1", "second.2"):
        stage.incoming_call(callId=call_id, ui_state="incoming", entityChangedFirst=False)
        stage.click("Answer")
        told = [stage.told() for _ in ("initialized", "answerButtonClick")]
        assert [one["call_id"] for one in told] == [call_id] * 2
