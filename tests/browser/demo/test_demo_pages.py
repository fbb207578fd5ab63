"""The demo shows which pages are attached, which ones show the card, and that one interpreter serves them all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints
from worker_py_tool.demo import demo


@pytest.fixture
def address(demo_bundle: Path, serve_app: Callable[[Path], str], portal_url: str) -> str:
    """The demo's, as `scripts/demo` opens it."""
    return demo.portal_url(portal_url, serve_app(demo_bundle))


@pytest.fixture
def demo_page(warm_page: Page, address: str) -> Page:
    """The demo with a first call."""
    return showing(warm_page, address)


@pytest.fixture
def cold_page(page: Page, address: str) -> Page:
    """The same with an interpreter of its own, for tests that end it, or in which it has to know of one call alone."""
    return showing(page, address)


def showing(page: Page, address: str) -> Page:
    page.goto(address)
    expect(page.locator("#pages li.shows")).to_have_count(1)
    page.get_by_text("Pages of the portal").click()
    return page


def test_tabs_and_sliders_are_shown_with_the_one_interpreter_that_serves_them(
    demo_page: Page,
) -> None:
    expect(demo_page.locator("#served")).to_have_text("One interpreter serves one page.")

    demo_page.get_by_role("button", name="Open a slider").click()
    with demo_page.context.expect_page() as opened:
        demo_page.get_by_role("button", name="New tab").click()
    other = opened.value

    for each in (demo_page, other):
        expect(each.locator("#served")).to_have_text("One interpreter serves 3 pages.")
        expect(each.locator("#pages .badge")).to_have_text(["shows the card"])
    expect(demo_page.locator("#pages li")).to_contain_text(["This page", "Slider", "Another tab"])
    other.close()
    expect(demo_page.locator("#served")).to_have_text("One interpreter serves 2 pages.")


def test_the_card_and_who_shows_it_survive_a_navigation(demo_page: Page) -> None:
    served = demo_page.locator("#pages li .hosting").inner_text()
    call = demo_page.evaluate("portal.card().callId")

    with demo_page.expect_navigation():
        demo_page.get_by_role("button", name="Go to another page").click()

    expect(demo_page.locator("#pages li.shows")).to_contain_text("/crm/deal/details/3/")
    assert demo_page.evaluate("portal.card().callId") == call
    assert demo_page.locator("#pages li .hosting").inner_text() == served


def test_a_page_that_is_killed_shows_nothing_and_one_that_is_reloaded_has_the_call_back(cold_page: Page) -> None:
    cold_page.get_by_role("button", name="Open a slider").click()
    expect(cold_page.locator("#served")).to_have_text("One interpreter serves 2 pages.")

    cold_page.get_by_role("button", name="Kill: Slider").click()
    expect(cold_page.locator("#served")).to_have_text("One interpreter serves one page.")

    cold_page.get_by_role("button", name="Reload: This page").click()
    expect(cold_page.locator("#pages li.shows")).to_have_count(0)
    expect(cold_page.locator("#served")).to_have_text("One interpreter serves one page.")
    cold_page.wait_for_function("() => portal.frames()[0].bound.length === 17")
    cold_page.get_by_role("button", name="Answer").click()
    expect(cold_page.locator("#pages li.shows")).to_have_count(1)


def test_an_interpreter_that_is_ended_is_replaced_in_the_list(cold_page: Page, complaints: Complaints) -> None:
    complaints.expect(r"the worker ended \(vanished")
    before = cold_page.locator("#pages li .hosting").inner_text()

    cold_page.get_by_role("button", name="End the interpreter").click()

    expect(cold_page.locator("#pages li .hosting")).not_to_have_text(before)
    expect(cold_page.locator("#served")).to_have_text("One interpreter serves one page.")
    expect(cold_page.locator("#pages li.shows")).to_have_count(1)


def test_without_raising_initialized_again_the_card_stays_behind(cold_page: Page) -> None:
    cold_page.get_by_label("Raise initialized again").uncheck()
    with cold_page.expect_navigation():
        cold_page.get_by_role("button", name="Go to another page").click()
    expect(cold_page.locator("#served")).to_have_text("One interpreter serves one page.")
    expect(cold_page.locator("#pages li.shows")).to_have_count(0)
    expect(cold_page.locator("#card-buttons")).to_have_count(0)


def test_two_tabs_stand_side_by_side_each_with_a_card_of_its_own(cold_page: Page) -> None:
    cold_page.get_by_role("button", name="Open a second tab").click()
    second = cold_page.frame_locator("iframe.tab-beside")
    expect(second.get_by_text("No card in this tab.")).to_be_visible()
    cold_page.wait_for_function("() => portal.tabs[0]?.frames()[0]?.bound.length === 17")

    cold_page.get_by_label("hears after").select_option("90")
    cold_page.get_by_role("button", name="Hidden number").click()
    expect(second.get_by_role("heading", name="Hidden number")).to_be_visible()
    assert cold_page.evaluate("portal.tabs[0].card().callId === portal.card().callId")
    expect(cold_page.locator("#pages .badge")).to_have_text(["shows the card", "shows the card"])
    tops = [each.locator("#card").bounding_box() for each in (cold_page, second)]
    assert tops[0] and tops[1]
    assert tops[0]["y"] == pytest.approx(tops[1]["y"], abs=2)

    second.get_by_role("button", name="Answer").click()
    for each in (cold_page, second):
        expect(each.locator("#card-state")).to_have_text("On the call")
    of_second = cold_page.locator("#trace > li.event", has_text="answerButtonClick")
    expect(of_second.locator("> .entry .where")).to_have_count(1)
    expect(of_second.locator(".where").filter(has_not_text="tab 2")).to_have_count(0)

    cold_page.get_by_role("button", name="Finish the call").click()
    expect(second.get_by_text("No card in this tab.")).to_be_visible()
    cold_page.get_by_role("button", name="Close the second tab").click()
    expect(cold_page.locator("iframe.tab-beside")).to_have_count(0)


def test_the_page_that_is_frozen_waits_behind_another_one(demo_page: Page) -> None:
    demo_page.get_by_role("button", name="Freeze this page").click()
    demo_page.get_by_role("button", name="Go back").click()

    expect(demo_page.locator("#served")).to_have_text("One interpreter serves one page.")
