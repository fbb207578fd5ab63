"""The demo's handlers in CPython: without a phone, and with one in memory."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any

import pytest

from worker_py.testing import Portal
from worker_py_tool.demo import HANDLERS


class PageError(Exception):
    """What the phone throws; JavaScript's errors are known by their names, so is this one by its class."""


class NoSuchCall(PageError):
    """The call has ended."""


class TransferFailed(PageError):
    """The colleague did not take it."""


class Phone:
    """A phone in memory, with the functions of docs/phone.md."""

    def __init__(self, portal: Portal) -> None:
        self.call: str | None = None
        self.phase = "idle"
        self.asked: list[tuple[str, dict[str, Any]]] = []
        for name in ("state", "simulate", "call", "answer", "hangup", "mute", "hold", "dtmf", "transfer"):
            portal.provide(f"phone.{name}", partial(self.run, name))

    def run(self, name: str, params: dict[str, Any]) -> dict[str, Any]:
        if name != "state":
            self.asked.append((name, params))
        if name in ("answer", "mute", "hold", "dtmf", "transfer") and params["call"] != self.call:
            raise NoSuchCall("there is no call")
        if name == "transfer" and params["target"] == "3":
            raise TransferFailed("3 did not take the call")
        if name in ("simulate", "call"):
            self.call, self.phase = "P1", "ringing" if name == "simulate" else "calling"
        elif name == "answer":
            self.phase = "connected"
        elif name == "hangup" and params["call"] == self.call:
            self.call, self.phase = None, "idle"
        return {"call": self.call, "phase": self.phase}


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

    portal.emit("phone.connected", {"call": "P1", "direction": "outgoing"})

    assert states(portal) == ["outgoing", "connectingOutgoing", "connected"]


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
