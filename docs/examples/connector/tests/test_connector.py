"""The connector against a portal in memory; what the exchange says, the test emits as `pbx.js` does."""

from typing import Any

import pytest
from connector.numbers import written

from worker_py import RestError
from worker_py.events import AnswerButtonClick, HangupButtonClick, HoldButtonClick
from worker_py.testing import Portal

LEG = {"leg": "leg-1"}
ADA = {"CALL_ID": "call-1", "PHONE_NUMBER": "+442079460018", "CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": 7}


@pytest.fixture
def told(portal: Portal) -> list[str]:
    """What the exchange is told to do; and a portal that has the operator's settings and a contact."""
    orders: list[str] = []
    portal.rest["user.option.get"] = "ws://exchange"
    portal.rest["user.current"] = {"ID": "1"}
    portal.rest["crm.contact.get"] = {"NAME": "Ada", "LAST_NAME": "Byron"}
    for order in ("connect", "answer", "hold", "resume", "hang_up", "forget"):
        portal.provide(f"pbx.{order}", lambda params, order=order: orders.append(order))
    return orders


@pytest.fixture
def crm(portal: Portal) -> list[str]:
    """What was written to the CRM."""
    written_there: list[str] = []

    def write(method: str) -> None:
        def take(params: dict[str, Any]) -> int:
            written_there.append(method)
            return len(written_there)

        portal.rest[method] = take

    write("crm.activity.add")
    write("telephony.externalCall.finish")
    return written_there


def rings(portal: Portal) -> None:
    portal.initialized(**ADA)
    portal.emit("pbx.ringing", {**LEG, "call": "call-1"})


@pytest.mark.parametrize(
    ("number", "shown"),
    [("+442079460018", "+44 20 7946 0018"), ("12", "12"), (None, "Hidden number"), ("+1", "+1")],
)
def test_numbers_are_written_as_people_do(number: str | None, shown: str) -> None:
    assert written(number) == shown


def test_the_card_shows_who_calls_and_a_call_is_answered_and_hung_up(portal: Portal, told: list[str]) -> None:
    rings(portal)
    assert portal.page.card.title == "Ada Byron · +44 20 7946 0018"
    assert portal.page.card.status_text == "Ringing"
    portal.raise_event(AnswerButtonClick())
    portal.emit("pbx.answered", LEG)
    assert portal.page.card.ui_state == "connected"
    portal.raise_event(HoldButtonClick(held=True))
    assert portal.page.card.status_text == "On hold"
    portal.raise_event(HangupButtonClick())
    assert told == ["connect", "answer", "hold", "hang_up"]


def test_the_exchange_may_be_quicker_than_the_portal(portal: Portal, told: list[str]) -> None:
    portal.attach()
    portal.emit("pbx.ringing", {**LEG, "call": "call-1"})
    portal.kill_interpreter()
    portal.initialized(**ADA)
    assert portal.page.card.status_text == "Ringing"


def test_an_answer_waits_for_the_exchange(portal: Portal, told: list[str]) -> None:
    portal.initialized(**ADA)
    portal.raise_event(AnswerButtonClick())
    assert portal.page.card.status_text == "The exchange does not know this call yet"


def test_the_end_is_written_once_whoever_tells_it(portal: Portal, told: list[str], crm: list[str]) -> None:
    rings(portal)
    portal.kill_interpreter()
    for _ in range(2):  # each window does
        portal.emit("pbx.ended", {**LEG, "seconds": 65})
    assert portal.page.card.status_text == "Ended after 1:05"
    assert portal.page.card.ui_state == "redial"
    assert crm == ["crm.activity.add", "telephony.externalCall.finish"]


def test_without_the_crm_the_call_goes_on(portal: Portal, told: list[str]) -> None:
    portal.rest["crm.contact.get"] = RestError("ACCESS_DENIED", "", 403)
    rings(portal)
    assert portal.page.card.title == "+44 20 7946 0018"


def test_without_an_exchange_there_are_cards(portal: Portal) -> None:
    portal.rest["user.option.get"] = RestError("ERROR_METHOD_NOT_FOUND", "", 404)
    portal.initialized(PHONE_NUMBER="hidden", CRM_ENTITY_TYPE="", CRM_ENTITY_ID=0)
    assert portal.page.card.title == "Hidden number"
    assert ("info", "connect", "no exchange: ERROR_METHOD_NOT_FOUND") in portal.printed
