"""The demo as `scripts/demo` serves it: a call rings, one clicks, and Python answers."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Complaints
from tests.support.browsers import needs
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


def panel(group: Locator) -> list[tuple[str, str, str]]:
    """What a group of the log holds: kind, name and end of each row."""
    rows = group.locator("li").evaluate_all(
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
    demo_page.locator("#log-call").select_option("Call 2")
    expect(groups.locator("> .entry .fold + code")).to_contain_text(["initialized"])
    assert groups.count() < demo_page.locator("#trace > li").count()


def test_what_is_said_moves_no_button(demo_page: Page) -> None:
    demo_page.get_by_role("button", name="Answer").click()
    mute = demo_page.locator("#card").get_by_role("button", name="Mute")
    comment = demo_page.get_by_role("button", name="Save comment")
    expect(demo_page.locator("#card-status")).to_have_text("Answered by Python")
    before = mute.bounding_box(), comment.bounding_box()
    mute.click()
    expect(demo_page.locator("#card-flags")).to_have_text("Microphone off")
    expect(demo_page.locator("#card-status")).to_have_text("They cannot hear you")
    assert (mute.bounding_box(), comment.bounding_box()) == before
    demo_page.locator("#card-status").evaluate("(status) => status.replaceChildren()")
    assert (mute.bounding_box(), comment.bounding_box()) == before


@pytest.mark.engines
@needs("is_playwrights")
@pytest.mark.parametrize(("width", "height"), [pytest.param(1440, 900, marks=pytest.mark.engines_all), (1280, 800)])
def test_card_play_calls_faults_and_log_are_seen_together(demo_page: Page, width: int, height: int) -> None:
    demo_page.set_viewport_size({"width": width, "height": height})
    for name in ("Answer", "Play", "Next step", "Known contact", "Clear"):
        expect(demo_page.get_by_role("button", name=name, exact=True)).to_be_in_viewport(ratio=1)
    expect(demo_page.get_by_text("Make the portal misbehave")).to_be_in_viewport()
    assert demo_page.evaluate("document.documentElement.scrollHeight") <= height


def test_an_outcome_that_is_an_error_is_shown_as_such(demo_page: Page, complaints: Complaints) -> None:
    complaints.expect("CallCardSetUiState .* was not answered within 5000 ms")
    complaints.expect("CallCardSetCardTitle .* was not answered within 5000 ms")  # the client is looked up anew
    demo_page.get_by_role("checkbox", name="Commands stay unanswered").check()
    demo_page.get_by_role("button", name="Answer").click()
    expect(demo_page.locator("#trace li.command .end.bad").first).to_contain_text("timeout")
    for handler in ("follow_the_crm", "answer"):
        expect(demo_page.locator("#trace li.report", has_text=f"{handler}: CommandTimeout")).to_be_visible()


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
