"""One interpreter for all pages of a portal, alive across navigations, tabs and sliders."""

from __future__ import annotations

import pytest

from tests.support.browsers import engine
from tests.support.complaints import Complaints
from tests.support.hosting import HostingPortal

pytestmark = pytest.mark.engines


@pytest.mark.parametrize(
    ("again", "navigations"),
    [
        ("yes", 2),
        pytest.param("yes", 10, marks=pytest.mark.campaign),
        pytest.param("no", 2, marks=pytest.mark.engines_all),
    ],
)
def test_navigations_during_a_call_keep_interpreter_state_and_data(
    portal: HostingPortal, again: str, navigations: int
) -> None:
    """Whether the portal raises `initialized` again for the call or not; the interpreter where it outlives them."""
    lives_on = engine().outlives_navigation
    navigations = navigations if lives_on else 2  # each boots one
    tab = portal.open_page(again=again)
    if lives_on:
        assert tab.host()["mode"] == "extended"
        assert "outlives a navigation" in tab.host()["reason"]
    assert tab.logged("attached")[0][1:3] == [tab.host()["mode"], tab.host()["reason"]]
    assert tab.diagnostics()["problems"] == []
    call = tab.greeted_call().call_id
    before = tab.state_of_python()

    for number in range(navigations):
        tab.navigate(f"/crm/deal/details/{number}/")
        tab.until_ready()
        if again == "no":
            tab.incoming_call(callId=call, silent=True)
        tab.raise_event("muteButtonClick", number % 2 == 0)
        tab.until_card(statusText="muted" if number % 2 == 0 else "open")

    after = tab.state_of_python()
    assert [entry[0] for entry in after["log"]].count("started") == 1
    assert after["cards"][call]["data"] == {"mark": f"made by {before['interpreter']}"}
    assert after["cards"][call]["title"] == "Greeted"
    assert [entry for entry in after["log"] if entry[0] == "closed"] == []
    if lives_on is None:
        return  # the next page may have found it or not
    assert (after["interpreter"] == before["interpreter"]) is lives_on
    muted = [entry[2] for entry in after["log"] if entry[0] == "mute"]
    assert muted == ([True, False] * (navigations // 2) if lives_on else [False])
    told = [entry[-1] for entry in after["log"] if isinstance(entry[-1], dict)]
    resumed = told[1:] if lives_on else told
    assert sum(each["resumed"] for each in resumed) == (navigations if lives_on else 1)
    assert not any(each["redelivered"] for each in resumed)
    assert {each["restored"] for each in resumed} == {not lives_on}


@pytest.mark.parametrize(
    "way",
    [
        pytest.param("navigated", marks=pytest.mark.campaign),  # test_fallbacks.py navigates and ends workers
        pytest.param("reloaded", marks=pytest.mark.campaign),
        pytest.param("frame reloaded", marks=pytest.mark.engines_all),
        "another tab",
    ],
)
def test_a_call_that_changed_pages_is_known_to_the_interpreter_that_replaces_this_one(
    portal: HostingPortal, complaints: Complaints, way: str
) -> None:
    complaints.expect(r"the worker ended \(vanished")
    tab = portal.open_page(again="yes")
    other = portal.open_page(hears="0") if way == "another tab" else tab
    call = tab.greeted_call().call_id
    tab.until_settled()  # else the page says that the event went with it
    if way == "another tab":
        other.until_card(title="Greeted")
        tab.close()
        other.until_logged("detached")
        tab = other
    elif way == "navigated":
        tab.navigate("/crm/")
    elif way == "reloaded":
        tab.reload()
    else:
        tab.portal("(portal) => portal.reloadFrame()")
        tab.until_there()
        tab.until_bound()
        tab.raise_event("holdButtonClick", True)  # by which the call is known to be here
        tab.until_held(1)
        tab.release_held()
    tab.until_settled()
    if way in ("navigated", "reloaded"):
        lives_on = engine().outlives_navigation
        heard = {2: lives_on is not False, 1: not lives_on}
        tab.poll(lambda: heard.get(len(tab.logged("initialized")), False), "initialized again")

    tab.kill_interpreter()
    tab.until_ready()
    tab.raise_event("muteButtonClick", True)
    tab.until_card(statusText="muted")

    assert [entry[1:3] for entry in tab.logged("mute")] == [[call, True]]
    assert tab.state_of_python()["cards"][call]["data"]["mark"].startswith("made by ")
    assert tab.diagnostics()["problems"] == []


def test_two_tabs_and_three_sliders_share_the_interpreter_and_a_killed_one_is_replaced_for_all_of_them(
    portal: HostingPortal, complaints: Complaints
) -> None:
    """A call has one side effect; what was running is delivered again."""
    first, second = portal.open_page(), portal.open_page()
    for tab in (first, first, second):
        tab.open_slider()
    for tab in (first, second):
        tab.until_ready_everywhere()

    first.greeted_call()
    first.raise_event("muteButtonClick", True)
    first.until_card(statusText="muted")

    before = first.interpreter()
    assert second.interpreter() == before
    assert len(first.logged("started")) == 1
    first.poll(lambda: len(first.logged("attached")) == 5, "five pages in the log")
    assert len(first.logged("initialized")) == len(first.logged("mute")) == 1
    assert first.sent() == ["CallCardSetUiState", "CallCardSetCardTitle", "CallCardSetStatusText"]
    assert second.sent() == []

    first.until_settled()  # else its event is delivered again, too
    complaints.expect(r"the worker ended \(vanished")
    first.raise_event("holdButtonClick", True)
    first.until_held(1)
    second.kill_interpreter()
    first.until_held(2)
    first.release_held()
    first.until_settled()
    for tab in (first, second):
        tab.until_ready_everywhere()
    now = first.state_of_python()
    assert now["interpreter"] == second.interpreter() != before
    assert [entry[-1]["redelivered"] for entry in now["log"] if entry[0] == "hold"] == [True]
    assert [first.stats()["workers"], second.stats()["workers"]] == [2, 2]
    # A page that reached the dying worker asks again, and sends again what nobody has acknowledged.
    assert first.stats()["redelivered"] in ([1] if engine().ends_at_once else [1, 2])
