"""The demo as `scripts/demo` serves it: a call rings, one clicks, and Python answers."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints
from worker_py_tool.demo import demo


@pytest.fixture(scope="module")
def demo_url() -> Iterator[str]:
    """The address that `scripts/demo` prints."""
    with demo.running() as url:
        yield url


@pytest.fixture
def demo_page(warm_page: Page, demo_url: str) -> Page:
    """The demo with its first call, which Python has greeted."""
    page = warm_page
    page.goto(demo_url)
    expect(page.locator("#card-state")).to_have_text("Incoming call")
    expect(page.locator("#card-status")).to_have_text("Head of purchasing · open deals: 2")
    return page


def panel(page: Page) -> list[tuple[str, str, str]]:
    """What the panel shows: kind, name and end of each row."""
    rows = page.locator("#trace li").evaluate_all(
        """(rows) => rows.map((row) => [
            row.dataset.kind, row.querySelector("code").textContent, row.querySelector(".end").textContent])"""
    )
    return [(kind, name, end) for kind, name, end in rows]


def test_an_incoming_card_is_greeted_by_python(demo_page: Page) -> None:
    expect(demo_page.locator("#card-title")).to_have_text("Mara Lindqvist · Nordwind Bicycles")
    expect(demo_page.locator("#card-buttons button")).to_have_text(["Answer", "Skip"])
    expect(demo_page.locator("#python-quiet")).to_be_hidden()


def test_answer_makes_python_set_title_status_text_and_state(demo_page: Page) -> None:
    demo_page.get_by_role("button", name="Clear").click()
    demo_page.get_by_role("button", name="Answer").click()
    expect(demo_page.locator("#card-status")).to_have_text("Answered by Python")
    expect(demo_page.locator("#card-state")).to_have_text("On the call")
    expect(demo_page.locator("#card-title")).to_have_text("On the call: Mara Lindqvist · Nordwind Bicycles")
    expect(demo_page.locator("#card-timer")).to_be_visible()


def test_the_panel_shows_event_commands_with_outcomes_and_handler_in_their_order(demo_page: Page) -> None:
    demo_page.get_by_role("button", name="Clear").click()
    demo_page.get_by_role("button", name="Answer").click()
    expect(demo_page.locator("#trace li.handler", has_text="answerButtonClick")).to_be_visible()
    shown = panel(demo_page)
    own = [row for row in shown if row[1] not in ("phone.connected", "picked_up")]  # the phone tells meanwhile
    assert [(kind, name) for kind, name, _ in own] == [
        ("event", "answerButtonClick"),
        ("call", "phone.state"),
        ("call", "phone.answer"),
        ("command", "CallCardSetUiState"),
        ("command", "CallCardSetCardTitle"),
        ("command", "CallCardSetStatusText"),
        ("handler", "answer"),
    ]
    assert all(end.startswith("ok · ") and end.endswith(" ms") for kind, _, end in own if kind != "event")


def test_an_outcome_that_is_an_error_is_shown_as_such(demo_page: Page, complaints: Complaints) -> None:
    complaints.expect("CallCardSetUiState .* was not answered within 5000 ms")
    complaints.expect("CallCardSetCardTitle .* was not answered within 5000 ms")  # the client is looked up anew
    demo_page.get_by_text("Make the portal misbehave").click()
    demo_page.get_by_role("checkbox", name="Commands stay unanswered").check()
    demo_page.get_by_role("button", name="Answer").click()
    expect(demo_page.locator("#trace li.command .end.bad").first).to_contain_text("timeout")
    expect(demo_page.locator("#trace li.report", has_text="answer: CommandTimeout")).to_be_visible()


def test_the_demo_page_is_no_wider_than_its_window(demo_page: Page) -> None:
    for width in (1280, 390):
        demo_page.set_viewport_size({"width": width, "height": 800})
        overflow = demo_page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0


def test_tabs_follow_arrow_keys_and_show_one_panel(demo_page: Page) -> None:
    demo_page.get_by_role("tab", name="What Python did").focus()
    demo_page.keyboard.press("ArrowLeft")
    handlers = demo_page.get_by_role("tab", name="Handlers")
    expect(handlers).to_be_focused()
    expect(handlers).to_have_attribute("aria-selected", "true")
    expect(demo_page.get_by_role("tabpanel")).to_have_count(1)
    demo_page.keyboard.press("Home")
    expect(demo_page.get_by_role("tabpanel", name="What Python did")).to_be_visible()
