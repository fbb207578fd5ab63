"""The demo's handlers in CPython: without a phone, and with one in memory."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any

import pytest

from worker_py import RestError
from worker_py.testing import MemoryPage, Portal
from worker_py_tool.demo.demo import HANDLERS


class PageError(Exception):
    """What the phone throws; JavaScript's errors are known by their names, so is this one by its class."""


class NoSuchCall(PageError):
    """The call has ended."""


class TransferFailed(PageError):
    """The colleague did not take it."""


class NotPossible(Exception):
    """What the page's function throws."""


class Phone:
    """A phone in memory, with the functions of docs/phone.md."""

    def __init__(self, portal: Portal) -> None:
        self.serve(portal)
        self.call: str | None = None
        self.phase = "idle"
        self.calls = 0
        self.kind = "loopback"
        self.muted = False
        self.refuses = ""
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def serve(self, page: Portal | MemoryPage) -> None:
        """A page reaches the phone, wherever it is."""
        for name in ("state", "simulate", "call", "answer", "hangup", "mute", "hold", "dtmf", "transfer"):
            page.provide(f"phone.{name}", partial(self.run, name))

    def run(self, name: str, params: dict[str, Any]) -> dict[str, Any]:
        if name != "state":
            self.asked.append((name, params))
        if name in ("answer", "mute", "hold", "dtmf", "transfer") and params["call"] != self.call:
            raise NoSuchCall("there is no call")
        if name == self.refuses:
            raise NotPossible("the other side refused")
        if name == "transfer" and params["target"] == "3":
            raise TransferFailed("3 did not take the call")
        if name in ("simulate", "call"):
            self.calls += 1
            self.call, self.phase = f"P{self.calls}", "ringing" if name == "simulate" else "calling"
        elif name == "answer":
            self.phase = "connected"
        elif (name == "hangup" and params["call"] == self.call) or name == "transfer":
            self.call, self.phase = None, "idle"
        return {"kind": self.kind, "call": self.call, "phase": self.phase, "muted": self.muted}


@pytest.fixture
def handlers() -> ModuleType:
    """The demo's module, as new."""
    spec = importlib.util.spec_from_file_location("demo_handlers", HANDLERS)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def portal(handlers: ModuleType) -> Iterator[Portal]:
    with Portal(handlers.app) as opened:
        opened.rest |= {
            "crm.contact.get": {"NAME": "Mara", "LAST_NAME": "Lindqvist", "POST": "Head", "COMPANY_TITLE": "Nordwind"},
            "crm.deal.list": [],
            "user.get": [{"NAME": "Samir", "LAST_NAME": "Novak"}],
        }
        yield opened


@pytest.fixture
def phone(portal: Portal) -> Phone:
    return Phone(portal)


def status(portal: Portal) -> str:
    """The text that the card shows."""
    return str([params["statusText"] for command, params in portal.sent if command == "CallCardSetStatusText"][-1])


def states(portal: Portal) -> list[str]:
    """The states that the card went through."""
    return [params["uiState"] for command, params in portal.sent if command == "CallCardSetUiState"]


def test_without_a_phone_the_card_works_alone(portal: Portal) -> None:
    portal.initialized()
    portal.raise_event("answerButtonClick")
    portal.raise_event("muteButtonClick", True)
    assert status(portal) == "They cannot hear you"
    portal.raise_event("hangupButtonClick")
    portal.advance(1)
    portal.raise_event("makeCallButtonClick")

    assert states(portal) == ["incoming", "connected", "redial", "connectingOutgoing", "connected"]
    assert status(portal) == "They picked up"
    assert portal.reports == []


def test_an_incoming_card_rings_the_phone_which_the_clicks_then_drive(portal: Portal, phone: Phone) -> None:
    portal.initialized()
    portal.raise_event("answerButtonClick")
    portal.raise_event("muteButtonClick", True)
    portal.raise_event("holdButtonClick", True)
    portal.raise_event("dialpadButtonClick", "5")
    portal.raise_event("hangupButtonClick")
    portal.advance(1)

    assert [name for name, _ in phone.asked] == ["simulate", "answer", "mute", "hold", "dtmf", "hangup"]
    assert all(params["call"] == "P1" for name, params in phone.asked if name != "simulate")
    assert states(portal) == ["incoming", "connected", "redial"]


def test_an_outgoing_card_is_connected_when_the_phone_says_so(portal: Portal, phone: Phone) -> None:
    portal.initialized(CALL_DIRECTION="outgoing")
    portal.raise_event("makeCallButtonClick")
    assert states(portal) == ["outgoing", "connectingOutgoing"]

    assert status(portal) == "Dialling"
    portal.emit("phone.progress", {"call": "P1", "stage": "ringing"})
    assert status(portal) == "It rings at the other side"
    portal.emit("phone.progress", {"call": "P1", "stage": "early_media"})
    assert status(portal) == "There is something to be heard"

    portal.emit("phone.connected", {"call": "P1", "direction": "outgoing"})
    portal.emit("phone.progress", {"call": "P1", "stage": "ringing"})

    assert states(portal) == ["outgoing", "connectingOutgoing", "connected"]
    assert status(portal) == "They picked up"


def test_a_hold_that_is_refused_switches_the_button_back(portal: Portal, phone: Phone) -> None:
    portal.initialized()
    portal.raise_event("answerButtonClick")
    phone.refuses = "hold"

    portal.raise_event("holdButtonClick", True)

    assert [params["held"] for command, params in portal.sent if command == "CallCardSetHold"] == [False]
    assert status(portal) == "the other side refused"


@pytest.mark.parametrize(
    ("reason", "state", "text"),
    [
        ("busy", "redial", "The line is busy"),
        ("refused", "moneyError", "The line has no credit for this number"),
    ],
)
def test_a_call_that_is_not_taken_shows_why(portal: Portal, phone: Phone, reason: str, state: str, text: str) -> None:
    portal.initialized(CALL_DIRECTION="outgoing")
    portal.raise_event("makeCallButtonClick")
    portal.emit("phone.ended", {"call": "P1", "reason": reason, "seconds": 0})
    portal.advance(1)

    assert (states(portal)[-1], status(portal)) == (state, text)


def test_a_transfer_that_is_not_taken_leaves_the_call_to_be_returned_to(portal: Portal, phone: Phone) -> None:
    portal.initialized()
    portal.raise_event("answerButtonClick")
    portal.raise_event("transferButtonClick", {"target": 3, "phoneNumber": "+4930123456"})
    portal.raise_event("completeTransferButtonClick")
    assert status(portal) == "Samir Novak did not take the call"

    portal.raise_event("cancelTransferButtonClick")

    assert states(portal) == ["incoming", "connected", "transferring", "transferFailed", "connected"]
    assert [params["held"] for name, params in phone.asked if name == "hold"] == [True, False]


def test_a_click_on_a_call_that_the_phone_no_longer_has_ends_it_on_the_card(
    handlers: ModuleType, portal: Portal, phone: Phone
) -> None:
    portal.initialized()
    portal.raise_event("answerButtonClick")
    phone.call = None

    portal.raise_event("muteButtonClick", True)
    portal.advance(1)

    assert (states(portal)[-1], status(portal)) == ("redial", handlers.GONE)
    assert portal.reports == []


def test_a_card_that_is_replaced_hangs_up_before_the_next_one_rings(portal: Portal, phone: Phone) -> None:
    portal.initialized()
    portal.raise_event("answerButtonClick")

    portal.initialized(CALL_ID="B.1", PHONE_NUMBER="+12025550199")

    assert [name for name, _ in phone.asked] == ["simulate", "answer", "hangup", "simulate"]


def test_the_last_entry_of_a_list_is_left_where_next_is_offered(portal: Portal, phone: Phone) -> None:
    portal.initialized(CALL_DIRECTION="outgoing", CALL_LIST_MODE=True)
    portal.raise_event("makeCallButtonClick")
    portal.raise_event("hangupButtonClick")
    portal.advance(1)

    assert states(portal)[-1] == "outgoing"


# What a call leaves behind ------------------------------------------------------------------------


def title(portal: Portal) -> str:
    """The title that the card shows."""
    return str([params["title"] for command, params in portal.sent if command == "CallCardSetCardTitle"][-1])


def flags(portal: Portal) -> dict[str, bool]:
    """Mute and hold, as the handlers set them last."""
    names = {"CallCardSetMute": "muted", "CallCardSetHold": "held"}
    return {names[command]: params[names[command]] for command, params in portal.sent if command in names}


@pytest.mark.parametrize("phase", ["ringing", "calling", "connected"])
def test_a_call_that_other_handlers_left_to_the_phone_is_in_nobodys_way(
    portal: Portal, phone: Phone, phase: str
) -> None:
    phone.call, phone.phase = "P0", phase  # its card went while an example ran, and with it who knew of the call
    portal.initialized()
    portal.raise_event("answerButtonClick")

    assert status(portal) == "Answered by Python"
    assert [name for name, _ in phone.asked] == ["hangup", "simulate", "answer"]
    assert phone.asked[-1][1] == {"call": "P1"}


def test_a_call_that_other_handlers_left_to_the_phone_does_not_keep_it_from_dialling(
    portal: Portal, phone: Phone
) -> None:
    phone.call, phone.phase = "P0", "connected"
    portal.initialized(CALL_DIRECTION="outgoing")
    portal.raise_event("makeCallButtonClick")

    assert [name for name, _ in phone.asked] == ["hangup", "call"]


def test_a_real_phones_call_is_not_ended_because_no_card_is_known_for_it(portal: Portal, phone: Phone) -> None:
    phone.kind, phone.call, phone.phase = "jssip", "P0", "connected"
    portal.initialized()
    portal.raise_event("answerButtonClick")

    assert "hangup" not in [name for name, _ in phone.asked]
    assert status(portal) == "Not answered: the phone is in another call"


def test_the_call_of_a_card_in_another_page_goes_on_when_one_rings_here(portal: Portal, phone: Phone) -> None:
    portal.initialized()
    portal.raise_event("answerButtonClick")
    other = portal.open_page()
    phone.serve(other)
    other.initialized(CALL_ID="B.1")
    other.raise_event("answerButtonClick")

    assert phone.call == "P1"
    assert "hangup" not in [name for name, _ in phone.asked]
    assert status(portal) == "Not answered: the phone is in another call"


def test_an_ended_call_that_is_shown_again_does_not_ring_again(portal: Portal, phone: Phone) -> None:
    portal.initialized()
    portal.raise_event("answerButtonClick")
    portal.raise_event("hangupButtonClick")
    portal.advance(1)
    phone.asked.clear()
    portal.initialized()
    portal.advance(1)

    assert (states(portal)[-1], status(portal)) == ("redial", "The call has ended")
    assert phone.asked == []


def test_a_call_that_they_gave_up_is_over_on_the_card_too(portal: Portal, phone: Phone) -> None:
    portal.initialized()
    portal.emit("phone.ended", {"call": "P1", "reason": "missed", "seconds": 0})
    portal.advance(1)

    assert (states(portal)[-1], status(portal)) == ("redial", "They gave up")


def test_a_call_that_rings_and_is_shown_again_rings_on(portal: Portal, phone: Phone) -> None:
    portal.initialized()
    phone.call, phone.phase = None, "idle"  # its page went
    portal.initialized()
    portal.advance(1)

    assert states(portal)[-1] == "incoming"
    assert phone.phase == "ringing"


def test_a_call_that_goes_on_is_muted_on_a_fresh_card_as_it_is_in_the_phone(portal: Portal, phone: Phone) -> None:
    portal.initialized()
    portal.raise_event("answerButtonClick")
    phone.muted = True
    portal.initialized()
    portal.advance(1)

    assert status(portal) == "Back on the call"
    assert flags(portal) == {"muted": True}


def test_nothing_of_a_call_outlives_it_on_the_card(portal: Portal, phone: Phone) -> None:
    portal.initialized()
    portal.raise_event("answerButtonClick")
    portal.raise_event("muteButtonClick", True)
    portal.raise_event("holdButtonClick", True)
    for key in "42":
        portal.raise_event("dialpadButtonClick", key)
    portal.raise_event("hangupButtonClick")
    portal.advance(1)

    assert flags(portal) == {"muted": False, "held": False}
    portal.raise_event("makeCallButtonClick")
    portal.emit("phone.connected", {"call": "P2", "direction": "outgoing"})
    portal.raise_event("dialpadButtonClick", "7")
    assert status(portal) == "Tones sent: 7"


def test_title_button_and_phone_agree_after_a_transfer(portal: Portal, phone: Phone) -> None:
    portal.initialized()
    portal.raise_event("answerButtonClick")
    portal.raise_event("transferButtonClick", {"target": 2, "phoneNumber": "+4930123456"})
    assert title(portal) == "Mara Lindqvist · Nordwind"
    portal.raise_event("completeTransferButtonClick")
    portal.advance(1)

    assert phone.phase == "idle"
    assert title(portal) == "Mara Lindqvist · Nordwind"
    assert states(portal)[-1] == "redial"
    assert status(portal) == "Handed over to Samir Novak"


# What the CRM is told and tells ---------------------------------------------------------------------


def test_a_comment_without_a_client_is_saved_when_one_is_chosen(portal: Portal) -> None:
    saved: list[Any] = []
    portal.rest["crm.timeline.comment.add"] = lambda params: saved.append(params["fields"])
    portal.initialized(CRM_ENTITY_TYPE="", CRM_ENTITY_ID=0)
    portal.raise_event("addCommentButtonClick", "wants an offer")
    assert status(portal) == "Comment not saved yet: choose the client it is for"

    entity = {"PHONE_NUMBER": "+4930123456", "CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": 7}
    portal.raise_event("entityChanged", entity)
    portal.raise_event("entityChanged", entity)
    portal.advance(1)

    assert saved == [{"ENTITY_ID": 7, "ENTITY_TYPE": "contact", "COMMENT": "wants an offer"}]


def test_a_comment_that_the_crm_refuses_is_not_said_to_be_saved(portal: Portal) -> None:
    portal.rest["crm.timeline.comment.add"] = RestError("ACCESS_DENIED", status=403)
    portal.initialized()
    portal.raise_event("addCommentButtonClick", "wants an offer")
    assert status(portal) == "Comment not saved in the CRM: ACCESS_DENIED"


@pytest.mark.parametrize("method", ["crm.contact.get", "crm.deal.list"])
def test_a_look_up_that_fails_leaves_a_name_that_is_known(portal: Portal, method: str) -> None:
    portal.initialized()
    portal.rest[method] = RestError("INTERNAL_SERVER_ERROR", status=500)
    entity = {"PHONE_NUMBER": "+4930123456", "CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": 7}
    portal.raise_event("entityChanged", entity)
    portal.advance(10)

    assert title(portal) == "Mara Lindqvist · Nordwind"
    assert status(portal) == "The CRM did not answer: INTERNAL_SERVER_ERROR"


def test_a_look_up_that_fails_does_not_leave_the_name_of_another_client(portal: Portal) -> None:
    portal.initialized()
    portal.rest["crm.contact.get"] = RestError("INTERNAL_SERVER_ERROR", status=500)
    entity = {"PHONE_NUMBER": "+4930123456", "CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": 12}
    portal.raise_event("entityChanged", entity)
    portal.advance(10)

    assert title(portal) == "+4930123456"


# How the call sounds --------------------------------------------------------------------------------


def test_a_poor_connection_is_said_once_and_beside_what_the_card_says(portal: Portal, phone: Phone) -> None:
    portal.initialized()
    portal.raise_event("answerButtonClick")
    for _ in range(3):
        portal.emit("phone.stats", {"call": "P1", "mos": 1.0, "level": 1})
    assert status(portal) == "Answered by Python · The connection is poor"
    portal.raise_event("muteButtonClick", True)
    portal.emit("phone.stats", {"call": "P1", "mos": 1.0, "level": 1})
    assert status(portal) == "They cannot hear you"
