"""The demo shows which pages are attached, which ones show the card, and that one interpreter serves them all."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect


@pytest.fixture
def pages(demo_page: Page) -> Page:
    """The demo with a call that one page shows, and the list of pages open."""
    expect(demo_page.locator("#pages li.shows")).to_have_count(1)
    demo_page.get_by_text("Pages of the portal").click()
    return demo_page


def test_tabs_and_sliders_are_shown_with_the_one_interpreter_that_serves_them(
    pages: Page,
) -> None:
    expect(pages.locator("#served")).to_have_text("One interpreter serves one page.")

    pages.get_by_role("button", name="Open a slider").click()
    with pages.context.expect_page() as opened:
        pages.get_by_role("button", name="New tab").click()
    other = opened.value

    for each in (pages, other):
        expect(each.locator("#served")).to_have_text("One interpreter serves 3 pages.")
        expect(each.locator("#pages .badge")).to_have_text(["shows the card"])
    expect(pages.locator("#pages li")).to_contain_text(["This page", "Slider", "Another tab"])
    other.close()
    expect(pages.locator("#served")).to_have_text("One interpreter serves 2 pages.")


def test_the_card_and_who_shows_it_survive_a_navigation(pages: Page) -> None:
    served = pages.locator("#pages li .hosting").inner_text()
    call = pages.evaluate("portal.card().callId")

    with pages.expect_navigation():
        pages.get_by_role("button", name="Go to another page").click()

    expect(pages.locator("#pages li.shows")).to_contain_text("/crm/deal/details/3/")
    assert pages.evaluate("portal.card().callId") == call
    expect(pages.locator("#pages li .hosting")).to_have_text(served)


def test_a_page_that_is_killed_shows_nothing_and_one_that_is_reloaded_has_the_call_back(pages: Page) -> None:
    pages.get_by_role("button", name="Open a slider").click()
    expect(pages.locator("#served")).to_have_text("One interpreter serves 2 pages.")

    pages.get_by_role("button", name="Kill: Slider").click()
    expect(pages.locator("#served")).to_have_text("One interpreter serves one page.")

    pages.get_by_role("button", name="Reload: This page").click()
    expect(pages.locator("#pages li.shows")).to_have_count(0)
    expect(pages.locator("#served")).to_have_text("One interpreter serves one page.")
    pages.wait_for_function("() => portal.frames()[0].bound.length === 17")
    pages.get_by_role("button", name="Answer").click()
    expect(pages.locator("#pages li.shows")).to_have_count(1)


def test_without_raising_initialized_again_the_card_stays_behind(pages: Page) -> None:
    pages.get_by_label("Raise initialized again").uncheck()
    with pages.expect_navigation():
        pages.get_by_role("button", name="Go to another page").click()
    expect(pages.locator("#served")).to_have_text("One interpreter serves one page.")
    expect(pages.locator("#pages li.shows")).to_have_count(0)
    expect(pages.locator("#card-buttons")).to_have_count(0)


def test_two_tabs_stand_side_by_side_each_with_a_card_of_its_own(pages: Page) -> None:
    pages.get_by_role("button", name="Open a second tab").click()
    second = pages.frame_locator("iframe.tab-beside")
    expect(second.get_by_text("No card in this tab.")).to_be_visible()
    pages.wait_for_function("() => portal.tabs[0]?.frames()[0]?.bound.length === 17")

    pages.get_by_label("hears after").select_option("90")
    pages.get_by_role("button", name="Hidden number").click()
    expect(second.get_by_role("heading", name="Hidden number")).to_be_visible()
    assert pages.evaluate("portal.tabs[0].card().callId === portal.card().callId")
    expect(pages.locator("#pages .badge")).to_have_text(["shows the card", "shows the card"])
    tops = [each.locator("#card").bounding_box() for each in (pages, second)]
    assert tops[0] and tops[1]
    assert tops[0]["y"] == pytest.approx(tops[1]["y"], abs=2)

    second.get_by_role("button", name="Answer").click()
    for each in (pages, second):
        expect(each.locator("#card-state")).to_have_text("On the call")
    of_second = pages.locator("#trace > li.event", has_text="answerButtonClick")
    expect(of_second.locator("> .entry .where")).to_have_count(1)
    expect(of_second.locator(".where").filter(has_not_text="tab 2")).to_have_count(0)

    pages.get_by_role("button", name="Finish the call").click()
    expect(second.get_by_text("No card in this tab.")).to_be_visible()
    pages.get_by_role("button", name="Close the second tab").click()
    expect(pages.locator("iframe.tab-beside")).to_have_count(0)


def test_the_page_that_is_frozen_waits_behind_another_one(pages: Page) -> None:
    pages.get_by_role("button", name="Freeze this page").click()
    pages.get_by_role("button", name="Go back").click()

    expect(pages.locator("#served")).to_have_text("One interpreter serves one page.")
