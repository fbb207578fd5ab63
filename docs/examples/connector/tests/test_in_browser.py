"""The connector as operators get it: its bundle on a simulated card, and an exchange that it reaches by WebSocket."""

from typing import Any

import pytest
from pbx import Exchange

ADA = {"CALL_ID": "call-1", "PHONE_NUMBER": "+442079460018", "CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": 7}

WAITS_AT_FIRST = "() => (globalThis.asked = (globalThis.asked ?? 0) + 1) > 1 ? null : new Promise(() => {})"
"""A function of the page that never answers its first caller."""


class Crm:
    """Takes what is written to it."""

    def __init__(self, rest: dict[str, Any]) -> None:
        self.written: list[str] = []
        for method in ("crm.activity.add", "telephony.externalCall.finish"):
            rest[method] = lambda params, method=method: self.take(method)

    def take(self, method: str) -> int:
        self.written.append(method)
        return len(self.written)


@pytest.fixture
def crm(browser_portal, exchange: Exchange) -> Crm:
    browser_portal.rest["user.option.get"] = exchange.url
    browser_portal.rest["crm.contact.get"] = {"NAME": "Ada", "LAST_NAME": "Byron"}
    return Crm(browser_portal.rest)


def answered(browser_portal, exchange: Exchange):
    """A call on which they talk."""
    call = browser_portal.initialized(**ADA)
    exchange.rings("leg-1", call="call-1")
    call.wait_for(lambda card: card.status == "Ringing")
    call.click("Answer")
    call.wait_for(lambda card: card.status == "Talking")
    return call


def test_a_call_from_ringing_to_its_end(browser_portal, exchange: Exchange, crm: Crm) -> None:
    call = answered(browser_portal, exchange)
    assert call.title == "Ada Byron · +44 20 7946 0018"
    assert call.ui_state == "connected"
    assert call.timer.running
    call.click("Hang up")
    call.wait_for(lambda card: card.status == "Ended after 0:42")
    assert call.ui_state == "redial"
    assert exchange.orders == [("answer", "leg-1"), ("hang_up", "leg-1"), ("forget", "leg-1")]
    assert crm.written == ["crm.activity.add", "telephony.externalCall.finish"]


def test_a_call_is_finished_by_another_interpreter(browser_portal, exchange: Exchange, crm: Crm) -> None:
    call = answered(browser_portal, exchange)
    browser_portal.kill_interpreter()
    exchange.ends("leg-1", seconds=65)
    call.wait_for(lambda card: card.status == "Ended after 1:05")
    assert call.ui_state == "redial"
    assert crm.written == ["crm.activity.add", "telephony.externalCall.finish"]


def test_what_is_in_the_crm_is_not_written_again_when_its_end_is_told_again(
    browser_portal, exchange: Exchange, crm: Crm
) -> None:
    call = answered(browser_portal, exchange)
    browser_portal.provide("pbx.forget", WAITS_AT_FIRST)
    exchange.ends("leg-1", seconds=65)
    call.wait_for(lambda card: browser_portal.playwright_frame.evaluate("globalThis.asked === 1"))
    browser_portal.kill_interpreter()  # its handler has not ended, so another interpreter runs it again
    assert call.status == "Ended after 1:05"
    assert browser_portal.playwright_frame.evaluate("workerPy.stats().redelivered") == 1
    assert crm.written == ["crm.activity.add", "telephony.externalCall.finish"]
