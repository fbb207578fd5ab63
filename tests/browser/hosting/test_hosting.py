"""One interpreter for all pages of a portal, alive across navigations, tabs and sliders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.conftest import BundleFor, Complaints
from tests.support.hosting import DESK, Desk, app_with

NAVIGATIONS = 10


@pytest.fixture
def desk(context: BrowserContext, bundle_for: BundleFor, serve_app: Callable[[Path], str], portal_url: str) -> Desk:
    """Tabs of one portal in a fresh profile."""
    return Desk(context, portal_url, serve_app(bundle_for(app_with(), page_scripts=(DESK,))))


def test_the_interpreter_is_one_that_outlives_navigations(desk: Desk) -> None:
    tab = desk.tab()

    assert tab.host()["mode"] == "extended"
    assert "outlives a navigation" in tab.host()["reason"]
    assert tab.logged("attached")[0][1:3] == [tab.host()["mode"], tab.host()["reason"]]
    assert tab.diagnostics()["problems"] == []


@pytest.mark.parametrize("again", ["yes", "no"])
def test_ten_navigations_during_a_call_keep_interpreter_state_and_data(desk: Desk, again: str) -> None:
    """Whether the portal raises `initialized` again for the call or not."""
    tab = desk.tab(again=again)
    call = tab.incoming_call()
    tab.until_card(title="Greeted")
    before = tab.state_of_python()

    for number in range(NAVIGATIONS):
        tab.navigate(f"/crm/deal/details/{number}/")
        tab.until_ready()
        tab.raise_event("muteButtonClick", number % 2 == 0)
        tab.until_card(statusText="muted" if number % 2 == 0 else "open")

    after = tab.state_of_python()
    assert after["interpreter"] == before["interpreter"]
    assert [entry[0] for entry in after["log"]].count("started") == 1
    assert after["cards"][call]["data"] == {"mark": f"made by {before['interpreter']}"}
    assert after["cards"][call]["title"] == "Greeted"
    assert [entry[2] for entry in after["log"] if entry[0] == "mute"] == [True, False] * (NAVIGATIONS // 2)
    resumed = [entry for entry in after["log"] if entry[-1] != entry[0] and isinstance(entry[-1], dict)][1:]
    assert sum(entry[-1]["resumed"] for entry in resumed) == NAVIGATIONS
    assert not any(entry[-1]["restored"] or entry[-1]["redelivered"] for entry in resumed)
    assert [entry for entry in after["log"] if entry[0] == "closed"] == []


def test_two_tabs_and_three_sliders_share_the_interpreter_and_a_call_has_one_side_effect(desk: Desk) -> None:
    first, second = desk.tab(), desk.tab()
    for tab in (first, first, second):
        tab.open_slider()
    for tab in (first, second):
        tab.until_ready_everywhere()

    first.incoming_call()
    first.until_card(title="Greeted")
    first.raise_event("muteButtonClick", True)
    first.until_card(statusText="muted")

    assert first.state_of_python()["interpreter"] == second.state_of_python()["interpreter"]
    assert len(first.logged("started")) == 1
    assert len(first.logged("attached")) == 5
    assert len(first.logged("initialized")) == len(first.logged("mute")) == 1
    assert first.sent() == ["CallCardSetCardTitle", "CallCardSetStatusText"]
    assert second.sent() == []


def test_a_page_that_goes_is_told_to_the_app_with_the_reason(desk: Desk) -> None:
    first, second = desk.tab(), desk.tab()
    page_id = second.page_id()

    second.page.close()

    first.until_logged("detached")
    assert first.logged("detached") == [["detached", "gone", page_id]] or first.logged("detached") == [
        ["detached", "closed", page_id]
    ]


def test_a_killed_interpreter_is_replaced_for_all_pages_and_what_was_running_is_delivered_again(
    desk: Desk, complaints: Complaints
) -> None:
    complaints.expect(r"the worker ended \(vanished")
    first, second = desk.tab(), desk.tab()
    first.incoming_call()
    first.until_card(title="Greeted")
    before = first.state_of_python()["interpreter"]
    first.raise_event("holdButtonClick", True)
    first.frame.wait_for_function("() => desk.held.length === 1", polling=50)

    second.frame.evaluate("workerPy.killWorker()")

    first.frame.wait_for_function("() => desk.held.length === 2", polling=50)
    first.frame.evaluate("desk.held.map((release) => release()).length")
    first.until_settled()
    second.until_ready()
    now = first.state_of_python()
    assert now["interpreter"] == second.state_of_python()["interpreter"] != before
    assert [entry[-1]["redelivered"] for entry in now["log"] if entry[0] == "hold"] == [True]
    assert [first.stats()["workers"], second.stats()["workers"]] == [2, 2]
    assert first.stats()["redelivered"] == 1
