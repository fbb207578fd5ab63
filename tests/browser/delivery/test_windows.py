"""A call has windows: each tab shows a card of its own, and the portal tells nobody when it takes them away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.conftest import BX24_FIRST, BundleFor, Complaints
from tests.support.browsers import needs
from tests.support.hosting import DESK, HostingPage, HostingPortal, app_with
from worker_py_tool.kit.browser_portal import BrowserPortal

SHOWN = ("uiState", "title", "statusText", "muted", "held")
"""What is alike in all windows of a call."""


@pytest.fixture(scope="module", params=BX24_FIRST)
def app_url(bundle_for: BundleFor, serve_app: Callable[[Path], str], request: pytest.FixtureRequest) -> str:
    return serve_app(bundle_for(app_with(), page_scripts=(DESK,), client=request.param))


@pytest.fixture(scope="module")
def portal(warm_context: BrowserContext, app_url: str, portal_url: str) -> HostingPortal:
    """The portal in a profile whose interpreter serves all of these tests."""
    return BrowserPortal(warm_context, portal_url, app_url, HostingPage)


@pytest.fixture(scope="module")
def windows(portal: HostingPortal) -> tuple[HostingPage, HostingPage]:
    """Two tabs of the operator for all of these tests."""
    return portal.open_page(), portal.open_page()


@pytest.fixture
def tabs(
    windows: tuple[HostingPage, HostingPage], warm_context: BrowserContext, complaints: Complaints
) -> Iterator[tuple[HostingPage, HostingPage]]:
    """Both without a call; the second hears of the first one's calls once `hearsMs` is set."""
    first, second = windows
    with complaints.watching(warm_context), first.case(), second.case():
        yield first, second
        first.act("(portal) => portal.card()?.open && portal.act('closeButtonClick')")
        for tab in windows:
            tab.playwright_page.wait_for_function("() => !portal.card()?.open")
            tab.until_settled()


@pytest.fixture
def tab(tabs: tuple[HostingPage, HostingPage]) -> HostingPage:
    """One without a call; the other tab hears of none."""
    return tabs[0]


def shown(tab: HostingPage) -> dict[str, Any]:
    """How the card looks in this window."""
    card = tab.card()
    return {key: card[key] for key in SHOWN}


def until_alike(first: HostingPage, second: HostingPage, **wanted: object) -> None:
    """Wait until both windows show the card like this, and everything else alike."""
    for tab in (first, second):
        tab.until_card(**wanted)
    first.poll(lambda: shown(first) == shown(second), "cards that look alike", lambda: [shown(first), shown(second)])


def greeted_in_both(tabs: tuple[HostingPage, HostingPage], *, apart_ms: int = 30) -> str:
    """A call that the second tab hears of so much later, once both show it; its id."""
    first, second = tabs
    second.configure(hearsMs=apart_ms)
    call = first.incoming_call().call_id
    until_alike(first, second, uiState="incoming", title="Greeted")
    return call


# Two tabs --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("apart_ms", [0, pytest.param(30, marks=pytest.mark.campaign), 90])
def test_a_call_looks_alike_in_both_tabs_and_a_click_in_either_is_handled_once(
    tabs: tuple[HostingPage, HostingPage], apart_ms: int
) -> None:
    first, second = tabs
    call = greeted_in_both(tabs, apart_ms=apart_ms)

    second.click("Answer")
    until_alike(first, second, uiState="connected")
    first.click("Mute")
    until_alike(first, second, muted=True, statusText="muted")
    second.click("Mute")
    until_alike(first, second, muted=False, statusText="open")

    log = [entry for entry in first.state_of_python()["log"] if call in entry]
    pages = [(entry[0], entry[-1]["page"]) for entry in log]
    at_first, at_second = first.page_id(), second.page_id()
    assert pages[0] in [("initialized", at_first), ("initialized", at_second)]  # whichever Python hears first
    assert pages[1:] == [("answer", at_second), ("mute", at_first), ("mute", at_second)]
    assert not any(entry[-1]["resumed"] or entry[-1]["redelivered"] for entry in log)


def test_what_a_click_changed_by_itself_is_set_in_the_other_tab(tabs: tuple[HostingPage, HostingPage]) -> None:
    first, second = tabs
    greeted_in_both(tabs)
    first.click("Answer")
    until_alike(first, second, uiState="connected")

    second.click("Hold")

    until_alike(first, second, held=True)
    second.until_held(1)
    second.release_held()


def test_a_copy_for_the_other_tab_is_not_the_apps_own_command(tabs: tuple[HostingPage, HostingPage]) -> None:
    first, second = tabs
    greeted_in_both(tabs)
    first.until_settled()
    second.until_settled()

    assert sorted(tab.counted("service", "mirror") for tab in tabs) == [0, 2]
    own = [entry for tab in (first, second) for entry in tab.trace("command") if not entry.get("purpose")]
    assert [entry["name"] for entry in own] == ["CallCardSetUiState", "CallCardSetCardTitle"]


@pytest.mark.parametrize("closed_in", [pytest.param("first", marks=pytest.mark.campaign), "second", "Python"])
def test_closing_the_card_anywhere_closes_the_call_once(tabs: tuple[HostingPage, HostingPage], closed_in: str) -> None:
    first, second = tabs
    call = greeted_in_both(tabs)

    if closed_in == "Python":
        first.raise_event("addCommentButtonClick", "close")
    else:
        tab = first if closed_in == "first" else second
        tab.act("(portal) => portal.act('closeButtonClick')")
    first.until_logged("closed", call)

    for tab in (first, second):
        tab.until_card(open=False)
        tab.until_settled()
    reason = "closed_by_app" if closed_in == "Python" else "closed_by_operator"
    assert first.logged("closed", call) == [["closed", call, reason]]
    assert first.state_of_python()["cards"][call]["closed"] is True


def test_when_one_tab_goes_the_call_goes_on_in_the_other(portal: HostingPortal, tab: HostingPage) -> None:
    tab.configure(hearsMs=0)
    going = portal.open_page()
    call = going.incoming_call().call_id
    until_alike(going, tab, uiState="incoming", title="Greeted")
    gone = going.page_id()

    going.close()
    tab.poll(lambda: any(gone in entry for entry in tab.logged("detached")), "the closed tab's end in the log")
    tab.click("Answer")

    tab.until_card(uiState="connected")
    assert tab.logged("closed", call) == []


@needs("is_playwrights")
# tests/browser/hosting/test_fallbacks.py: pages with an interpreter of their own; tests/unit/test_carry.py: copies go
# to windows of the same interpreter
@pytest.mark.campaign
def test_where_each_page_has_an_interpreter_of_its_own_each_window_is_right_by_itself(
    portal: HostingPortal, context: BrowserContext
) -> None:
    own = BrowserPortal(context, portal.portal_url, portal.app_url, HostingPage)
    own.context.add_init_script("delete globalThis.SharedWorker")
    first, second = own.open_page(), own.open_page(hears="0")
    assert [tab.host()["mode"] for tab in (first, second)] == ["dedicated", "dedicated"]
    call = first.incoming_call().call_id
    until_alike(first, second, uiState="incoming", title="Greeted")

    second.click("Answer")
    second.until_card(uiState="connected")
    first.until_settled()
    second.until_settled()

    assert first.card()["uiState"] == "incoming", "what is alike in others is not promised there"
    assert [len(tab.logged("answer")) for tab in (first, second)] == [0, 1]
    assert [tab.stats()["service"]["mirror"] for tab in (first, second)] == [0, 0]
    first.act("(portal) => portal.act('closeButtonClick')")
    for tab in (first, second):
        tab.until_logged("closed", call)
        assert len(tab.logged("closed")) == 1


# Ends that nobody tells ------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["finish", "hide"])
def test_a_card_that_the_portal_takes_away_in_silence_is_closed_before_the_next_call(
    tab: HostingPage, how: str
) -> None:
    call = tab.greeted_call().call_id

    tab.portal(f"(portal, id) => portal.{how}(id)", call)
    tab.until_logged("closed", call, "closed_by_portal")
    assert tab.state_of_python()["cards"][call]["closed"] is True

    again = tab.greeted_call().call_id
    tab.portal(f"(portal, id) => portal.{how}(id)", again)
    last = tab.greeted_call().call_id
    calls = (call, again, last)
    told = ("initialized", "closed")
    log = [entry[:2] for entry in tab.state_of_python()["log"] if entry[0] in told and entry[1] in calls]
    assert log == [
        ["initialized", call], ["closed", call], ["initialized", again], ["closed", again], ["initialized", last],
    ]  # fmt: skip


def test_a_card_that_is_shown_again_is_a_fresh_one_with_the_apps_data(tab: HostingPage) -> None:
    call = tab.greeted_call().call_id
    tab.raise_event("muteButtonClick", True)
    tab.until_card(statusText="muted")
    tab.until_settled()

    tab.portal("(portal, id) => portal.hide(id)", call)
    tab.until_logged("closed", call, "closed_by_portal")
    tab.portal("(portal, id) => portal.show(id)", call)
    tab.poll(lambda: len(tab.logged("initialized", call)) == 2, "initialized again")

    assert [entry[-1]["resumed"] for entry in tab.logged("initialized", call)] == [False, True]
    card = tab.state_of_python()["cards"][call]
    assert card["data"]["mark"].startswith("made by ")
    assert (card["muted"], card["title"], card["closed"]) == (False, None, False)


# What the portal does not answer ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("internal", "faults"),
    [(True, {}), (False, {"crmDelayMs": 60_000}), (False, {"crmFails": True})],
    ids=["internal", "CRM late", "CRM fails"],
)
def test_answering_a_card_without_crm_layout_is_proven_instead_of_waited_for(
    tab: HostingPage, internal: bool, faults: dict[str, object]
) -> None:
    tab.configure(**faults)
    tab.greeted_call(internal=internal)

    tab.click("Answer")
    tab.until_card(uiState="connected")
    tab.until_settled()

    outcomes = [entry["outcome"] for entry in tab.trace("outcome") if entry["name"] == "CallCardSetUiState"]
    assert outcomes == ["ok", "proven"]
    assert tab.portal("(portal) => portal.errors.length") == 1


@pytest.mark.parametrize(
    "delay_ms",  # the others: test_the_portals_own_title_does_not_stay_over_the_apps in tests/unit/test_carry_title.py
    [pytest.param(0, marks=pytest.mark.campaign), pytest.param(300, marks=pytest.mark.campaign), 1800],
)
def test_the_title_stays_though_the_portal_writes_its_own(tab: HostingPage, delay_ms: int) -> None:
    tab.configure(titleDelayMs=delay_ms)
    tab.greeted_call()

    tab.poll(lambda: tab.counted("service", "title") == 3, "all the times that a title is set again")
    tab.until_card(title="Greeted")

    assert tab.sent("CallCardSetCardTitle") == [{"title": "Greeted"}]
    assert tab.portal("(portal) => portal.repeated.length") == 3
