"""The worked examples of the demo's editor, in virtual time."""

import asyncio
import runpy
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from worker_py import App, RestError
from worker_py.testing import Portal

EXAMPLES = Path(__file__).parents[2] / "static" / "portal" / "examples"
CONTACTS = {
    7: {"NAME": "Mara", "LAST_NAME": "Lindqvist", "COMPANY_TITLE": "Nordwind Bicycles"},
    12: {"NAME": "Tomás", "LAST_NAME": "Okafor", "COMPANY_TITLE": "Okafor & Daughters"},
}
DEALS = [
    {"TITLE": "Service contract", "OPPORTUNITY": "2300.00", "CURRENCY_ID": "EUR", "CONTACT_ID": 7},
    {"TITLE": "Spring order", "OPPORTUNITY": "18400.00", "CURRENCY_ID": "EUR", "CONTACT_ID": 7},
    {"TITLE": "Spare parts", "OPPORTUNITY": "90.00", "CURRENCY_ID": "EUR", "CONTACT_ID": 7},
]
RunExample = Callable[[str], Portal]


@pytest.fixture
def run() -> Iterator[RunExample]:
    """Runs an example for a portal with clients and colleagues; a card rings."""
    with ExitStack() as portals:

        def start(name: str) -> Portal:
            app = runpy.run_path(str(EXAMPLES / f"{name}.py"))["app"]
            assert isinstance(app, App)
            portal = portals.enter_context(Portal(app))
            portal.rest = {
                "crm.contact.get": lambda params: CONTACTS[params["id"]],
                "crm.deal.list": lambda params: [
                    deal for deal in DEALS if deal["CONTACT_ID"] == params["filter"]["CONTACT_ID"]
                ],
                "user.get": lambda params: (
                    [{"NAME": "Ines", "LAST_NAME": "Hartmann"}] if params["filter"]["ID"] == "2" else []
                ),
            }
            portal.initialized()
            return portal

        yield start


def texts(portal: Portal) -> list[str]:
    """Status texts, in their order."""
    return [params["statusText"] for name, params in portal.sent if name == "CallCardSetStatusText"]


def looks(portal: Portal) -> list[str]:
    """States of the card, in their order."""
    return [params["uiState"] for name, params in portal.sent if name == "CallCardSetUiState"]


def titles(portal: Portal) -> list[str]:
    """Titles of the card, in their order."""
    return [params["title"] for name, params in portal.sent if name == "CallCardSetCardTitle"]


def entity(portal: Portal, kind: str, entity_id: int) -> None:
    """The operator chooses another client."""
    payload = {"PHONE_NUMBER": "+4930123456", "CRM_ENTITY_TYPE": kind, "CRM_ENTITY_ID": entity_id}
    portal.raise_event("entityChanged", payload)


def test_there_is_a_test_here_for_every_example() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    assert [path.stem for path in EXAMPLES.glob("*.py") if f'run("{path.stem}")' not in here] == []


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.py")))
def test_an_example_gives_the_operator_answer_when_the_card_opens(run: RunExample, name: str) -> None:
    assert looks(run(name)) == ["incoming"]


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.py")))
def test_an_example_does_not_let_a_call_ring_that_has_ended(run: RunExample, name: str) -> None:
    portal = run(name)
    portal.raise_event("answerButtonClick")
    portal.raise_event("hangupButtonClick")
    portal.advance(1)
    portal.initialized()
    assert looks(portal) == ["incoming", "connected", "redial", "redial"]


# Screen pop --------------------------------------------------------------------------------------


def test_screen_pop_shows_the_client_and_the_largest_open_deal(run: RunExample) -> None:
    portal = run("screen_pop")
    assert titles(portal) == ["Mara Lindqvist, Nordwind Bicycles"]
    assert texts(portal) == ["Spring order (18,400 EUR)"]


def test_screen_pop_follows_the_operator_to_another_client_and_to_none(run: RunExample) -> None:
    portal = run("screen_pop")
    entity(portal, "CONTACT", 12)
    portal.advance(0.1)
    entity(portal, "", 0)
    portal.advance(0.1)
    assert titles(portal)[1:] == ["Tomás Okafor, Okafor & Daughters", "+4930123456"]
    assert texts(portal)[1:] == ["No open deal", "Not in the CRM: ask for the name"]


def test_screen_pop_of_a_client_who_was_replaced_meanwhile_does_not_come_late(run: RunExample) -> None:
    portal = run("screen_pop")
    quick = portal.rest["crm.contact.get"]

    async def slow(params: Any) -> Any:
        await asyncio.sleep(2 if params["id"] == 7 else 1)
        return quick(params)

    portal.rest["crm.contact.get"] = slow
    entity(portal, "CONTACT", 7)
    entity(portal, "CONTACT", 12)
    portal.advance(3)
    assert titles(portal)[1:] == ["Tomás Okafor, Okafor & Daughters"]


def test_screen_pop_says_when_the_crm_refuses(run: RunExample) -> None:
    portal = run("screen_pop")
    portal.rest["crm.contact.get"] = RestError("QUERY_LIMIT_EXCEEDED", status=503)
    entity(portal, "CONTACT", 12)
    portal.raise_event("answerButtonClick")
    portal.raise_event("hangupButtonClick")
    assert texts(portal)[-1] == "The CRM did not answer: QUERY_LIMIT_EXCEEDED"
    assert looks(portal) == ["incoming", "connected", "redial"]


# Notes to the CRM --------------------------------------------------------------------------------


def test_crm_notes_become_one_entry_at_hang_up(run: RunExample) -> None:
    portal = run("crm_notes")
    saved: list[Any] = []

    def save(params: Any) -> int:
        saved.append(params["fields"])
        return len(saved)

    portal.rest["crm.timeline.comment.add"] = save
    portal.raise_event("answerButtonClick")
    for comment in ("wants an offer", "call back on Friday", "wants an offer"):
        portal.raise_event("addCommentButtonClick", comment)
    portal.raise_event("qualityMeterClick", "4")
    portal.raise_event("hangupButtonClick")
    text = "- wants an offer\n- call back on Friday\nLine: 4 of 5"
    assert saved == [{"ENTITY_ID": 7, "ENTITY_TYPE": "contact", "COMMENT": text}]
    assert texts(portal)[-1] == "2 notes saved in the CRM"
    portal.raise_event("hangupButtonClick")
    assert len(saved) == 1


def test_crm_notes_stay_until_the_crm_has_taken_them(run: RunExample) -> None:
    portal = run("crm_notes")
    portal.rest["crm.timeline.comment.add"] = RestError("ACCESS_DENIED", status=403)
    portal.raise_event("addCommentButtonClick", "wants an offer")
    portal.raise_event("hangupButtonClick")
    assert texts(portal)[-1] == "Not saved (ACCESS_DENIED): hang up again to retry"
    portal.rest["crm.timeline.comment.add"] = 5001
    portal.raise_event("hangupButtonClick")
    assert texts(portal)[-1] == "1 notes saved in the CRM"


def test_crm_notes_without_a_client_are_not_sent(run: RunExample) -> None:
    portal = run("crm_notes")
    portal.raise_event("hangupButtonClick")
    entity(portal, "", 0)
    portal.raise_event("addCommentButtonClick", "who was it?")
    portal.raise_event("hangupButtonClick")
    assert texts(portal) == ["No notes", "Notes for the CRM: 1", "1 notes, and no client to save them for"]


# Keypad menu -------------------------------------------------------------------------------------


def test_keypad_menu_answers_keys_level_by_level(run: RunExample) -> None:
    portal = run("keypad_menu")
    portal.raise_event("answerButtonClick")
    for key in "1120*21":
        portal.raise_event("dialpadButtonClick", key)
    main, deals, notes = (
        "1 deals · 2 notes · * main menu",
        "1 how many are open · 2 the newest · 0 back",
        "1 call back today · 2 send an offer · 0 back",
    )
    assert texts(portal) == [main, deals, "Open deals: 3", "Spare parts", main, main, notes, "Noted: Call back today"]


def test_keypad_menu_says_which_keys_there_are_and_keeps_fast_keys_in_order(run: RunExample) -> None:
    portal = run("keypad_menu")
    deals = portal.rest["crm.deal.list"]

    async def slow(params: Any) -> Any:
        await asyncio.sleep(1)
        return deals(params)

    portal.rest["crm.deal.list"] = slow
    for key in ("9", "1", "1", "0"):
        portal.raise_event("dialpadButtonClick", key)
    portal.advance(2)
    portal.raise_event("hangupButtonClick")
    assert texts(portal)[0] == "No 9 here: 1 deals · 2 notes · * main menu"
    assert texts(portal)[-2:] == ["Open deals: 3", "1 deals · 2 notes · * main menu"]


def test_keypad_menu_of_a_client_without_deals(run: RunExample) -> None:
    portal = run("keypad_menu")
    entity(portal, "CONTACT", 12)
    portal.raise_event("dialpadButtonClick", "1")
    portal.raise_event("dialpadButtonClick", "2")
    assert texts(portal)[-1] == "No open deal"


# Wrap-up timer -----------------------------------------------------------------------------------


def closed(portal: Portal) -> bool:
    return ("CallCardClose", {}) in portal.sent


def test_wrap_up_counts_down_and_closes_the_card(run: RunExample) -> None:
    portal = run("wrap_up")
    portal.raise_event("answerButtonClick")
    portal.raise_event("hangupButtonClick")
    portal.advance(29)
    assert texts(portal) == [f"Wrap-up: {left} s left" for left in (30, 25, 20, 15, 10, 5)]
    assert not closed(portal)
    portal.advance(2)
    assert closed(portal)
    assert portal.reports == []


def test_wrap_up_gives_whoever_writes_a_comment_the_time_anew(run: RunExample) -> None:
    portal = run("wrap_up")
    portal.raise_event("addCommentButtonClick", "before the end: no countdown yet")
    portal.raise_event("hangupButtonClick")
    portal.advance(21)
    portal.raise_event("addCommentButtonClick", "wants an offer")
    portal.advance(35)
    assert not closed(portal)
    portal.advance(10)
    assert closed(portal)


def test_wrap_up_ends_when_the_next_call_begins(run: RunExample) -> None:
    portal = run("wrap_up")
    portal.raise_event("hangupButtonClick")
    portal.advance(12)
    portal.raise_event("makeCallButtonClick")
    portal.advance(60)
    assert texts(portal)[-1] == "Calling again"
    assert not closed(portal)
    assert portal.page.unacknowledged == {}


# Transfer policy ---------------------------------------------------------------------------------


def transfer(portal: Portal, target: str) -> None:
    portal.raise_event("transferButtonClick", {"phoneNumber": "+4930123456", "target": target})


def test_transfer_policy_lets_calls_go_to_colleagues(run: RunExample) -> None:
    portal = run("transfer_policy")
    portal.raise_event("answerButtonClick")
    transfer(portal, "2")
    portal.raise_event("completeTransferButtonClick")
    portal.advance(60)
    assert looks(portal) == ["incoming", "connected", "transferring", "transferConnected"]
    assert texts(portal) == ["Asking Ines Hartmann", "Handed over"]
    assert portal.reports == []


@pytest.mark.parametrize("target", ["+4930999", "9", "00449999999"])
def test_transfer_policy_refuses_other_targets(run: RunExample, target: str) -> None:
    portal = run("transfer_policy")
    portal.raise_event("answerButtonClick")
    transfer(portal, target)
    assert looks(portal) == ["incoming", "connected", "connected"]
    assert texts(portal) == [f"No transfers to {target}"]


def test_transfer_policy_knows_a_number_on_the_list_and_returns_to_the_client_on_demand(run: RunExample) -> None:
    portal = run("transfer_policy")
    transfer(portal, "+12025550100")
    portal.raise_event("cancelTransferButtonClick")
    portal.raise_event("hangupButtonClick")
    assert texts(portal) == ["Asking +12025550100", "Back with the client"]
    assert looks(portal)[-1] == "redial"


def test_transfer_policy_leaves_nobody_on_hold_and_counts_each_attempt_by_itself(run: RunExample) -> None:
    portal = run("transfer_policy")
    transfer(portal, "2")
    portal.advance(15)
    portal.raise_event("cancelTransferButtonClick")
    transfer(portal, "2")
    portal.advance(10)
    assert looks(portal)[-1] == "transferring"
    portal.advance(11)
    assert looks(portal)[-1] == "transferFailed"
    assert texts(portal)[-1] == "Ines Hartmann did not take over within 20 s: return to the client"


def test_transfer_policy_takes_a_directory_that_does_not_answer_for_a_no(run: RunExample) -> None:
    portal = run("transfer_policy")
    portal.rest["user.get"] = RestError("INTERNAL", status=500)
    transfer(portal, "2")
    assert texts(portal) == ["No transfers to 2"]
