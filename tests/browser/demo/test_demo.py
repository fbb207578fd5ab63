"""The demo as `scripts/demo` serves it: a call rings, one clicks, and Python answers."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Complaints
from tests.browser.demo.conftest import GREETING, SharedDemo
from tests.support.browsers import needs


def panel(group: Locator) -> list[tuple[str, str, str]]:
    """What a group of the log holds: kind, name and end of each row."""
    rows = group.locator("li").evaluate_all(
        """(rows) => rows.map((row) => [
            row.dataset.kind, row.querySelector("code").textContent, row.querySelector(".end").textContent])"""
    )
    return [(kind, name, end) for kind, name, end in rows]


def test_an_incoming_card_is_greeted_by_python_and_answer_sets_title_status_text_and_state(demo_page: Page) -> None:
    expect(demo_page.locator("#card-state")).to_have_text("Incoming call")
    expect(demo_page.locator("#card-title")).to_have_text("Mara Lindqvist · Nordwind Bicycles")
    expect(demo_page.locator("#card-buttons button")).to_have_text(["Answer", "Skip"])
    expect(demo_page.locator("#python-quiet")).to_be_hidden()

    demo_page.get_by_role("button", name="Answer").click()

    expect(demo_page.locator("#card-status")).to_have_text("Answered by Python")
    expect(demo_page.locator("#card-state")).to_have_text("On the call")
    expect(demo_page.locator("#card-title")).to_have_text("Mara Lindqvist · Nordwind Bicycles")
    expect(demo_page.locator("#card-timer")).to_be_visible()


def test_the_panel_shows_event_commands_with_outcomes_and_handler_in_their_order(demo_page: Page) -> None:
    demo_page.get_by_role("button", name="Clear").click()
    demo_page.get_by_role("button", name="Answer").click()
    group = demo_page.locator("#trace > li.event", has_text="answerButtonClick")
    expect(group.locator("> .inside > li.handler > .inside > li.command")).to_have_count(3)
    expect(group.locator(".inside .entry .end")).to_have_text([re.compile(r"^ok · [\d.]+ m?s$")] * 6)
    shown = panel(group)
    assert [(kind, re.sub(r"[0-9a-f]{8}…", "CALL", name)) for kind, name, _ in shown] == [
        ("handler", "answer"),
        ("call", "phone.state"),
        ("call", "phone.answer {call: CALL}"),
        ("command", "state ← connected"),
        ("command", "title ← “Mara Lindqvist · Nordwind Bicycles”"),
        ("command", "status ← “Answered by Python”"),
    ]


def test_a_row_of_the_log_leads_to_the_handlers_line_and_to_its_bar_and_the_bar_leads_back(demo_page: Page) -> None:
    demo_page.get_by_role("button", name="Answer").click()
    handler = demo_page.locator("#trace li.handler", has_text="status ← “Answered by Python”")
    handler.locator("> .entry").get_by_role("button", name="line").click()
    expect(demo_page.locator(".cm-activeLine")).to_have_text(
        "async def answer(event: AnswerButtonClick, card: CallCard) -> None:"
    )
    demo_page.get_by_role("tab", name="What Python did").click()
    handler.locator("> .entry").get_by_role("button", name="bar").click()
    expect(demo_page.locator(".tl-bar[aria-selected=true]")).to_have_attribute(
        "aria-label", re.compile("^Handler answer, ok")
    )
    demo_page.get_by_role("button", name="In the log").click()
    group = demo_page.locator("#trace > li.event", has_text="answerButtonClick")
    expect(group.locator("> .entry .fold")).to_be_focused()


def test_the_log_shows_what_failed_alone_and_one_call_of_two(demo_page: Page, complaints: Complaints) -> None:
    complaints.expect("LookupError")
    groups = demo_page.locator("#trace > li:visible")
    demo_page.get_by_role("button", name="A handler raises").click()
    expect(demo_page.locator("#trace li.report")).to_be_visible()
    demo_page.locator("#log-show").select_option("failures")
    expect(groups).to_contain_text(["demo.fault"])
    demo_page.locator("#log-show").select_option("everything")
    expect(demo_page.locator("#log-call")).to_be_hidden()
    demo_page.get_by_role("button", name="Known contact").click()
    expect(demo_page.locator("#log-call")).to_be_visible()
    newest = demo_page.locator("#log-call option").count() - 1
    demo_page.locator("#log-call").select_option(index=newest)
    expect(groups.locator("> .entry .fold + code")).to_contain_text(["initialized"])
    assert groups.count() < demo_page.locator("#trace > li").count()


def test_a_log_that_was_cleared_offers_no_call_of_before(demo_page: Page, shared_demo: SharedDemo) -> None:
    choice = demo_page.locator("#log-call")
    demo_page.get_by_role("button", name="Known contact").click()
    expect(choice).to_be_visible()
    expect(demo_page.locator("#card-status")).to_have_text(GREETING)
    shared_demo.until_settled()
    choice.select_option("Call 2")
    demo_page.get_by_role("button", name="Clear", exact=True).click()
    assert choice.locator("option").all_text_contents() == ["all calls"]
    expect(choice).to_be_hidden()
    demo_page.get_by_role("button", name="Answer").click()
    expect(demo_page.locator("#trace > li:visible", has_text="answerButtonClick")).to_be_visible()


@pytest.mark.engines
@needs("is_playwrights")
def test_card_play_calls_faults_and_log_are_seen_together(demo_page: Page) -> None:
    for width, height in ((1440, 900), (1280, 800)):
        demo_page.set_viewport_size({"width": width, "height": height})
        for name in ("Answer", "Play", "Next step", "Known contact", "Clear"):
            expect(demo_page.get_by_role("button", name=name, exact=True)).to_be_in_viewport(ratio=1)
        expect(demo_page.get_by_text("Make the portal misbehave")).to_be_in_viewport()
        assert demo_page.evaluate("document.documentElement.scrollHeight") <= height


def test_tabs_follow_arrow_keys_and_show_one_panel(demo_page: Page) -> None:
    demo_page.get_by_role("tab", name="What Python did").focus()
    demo_page.keyboard.press("ArrowLeft")
    handlers = demo_page.get_by_role("tab", name="Handlers")
    expect(handlers).to_be_focused()
    expect(handlers).to_have_attribute("aria-selected", "true")
    expect(demo_page.get_by_role("tabpanel")).to_have_count(1)
    demo_page.keyboard.press("Home")
    expect(demo_page.get_by_role("tabpanel", name="What Python did")).to_be_visible()
