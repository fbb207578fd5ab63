"""The demo's faults at a click: for each, what the project did about it can be read on the page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Complaints
from tests.support.browsers import engine, needs


def outcome(page: Page, text: str) -> Locator:
    """A line of what came of the fault."""
    return page.locator("#fault-outcomes li", has_text=re.compile(text)).first


def lasting(seconds: int) -> str:
    """A pattern of as many seconds or more, at most nine, in milliseconds as the page has them."""
    return rf"(?:[{seconds}-9]|\d{{2,}}),\d+ ms"


def explained(page: Page, text: str) -> None:
    """Assert that the page says what is done about the fault that was chosen last."""
    expect(page.locator("#fault-does")).to_contain_text(text)


def interpreter(page: Page) -> str:
    """How the page is hosted, the interpreter's name included."""
    return page.locator("#pages li .hosting").inner_text()


def answer_works(page: Page) -> None:
    """Python lives: a click on Answer connects the call."""
    page.get_by_role("button", name="Answer").click()
    expect(page.locator("#card-state")).to_have_text("On the call")
    expect(page.locator("#phone-phase")).to_contain_text("Connected")


@pytest.mark.engines
@needs("is_playwrights")
@pytest.mark.engines_all  # phone/test_phone_sip.py hears a call there
def test_call_is_played_to_its_end_and_its_sound_is_told_of(demo_page: Page) -> None:
    answer_works(demo_page)
    expect(demo_page.locator("#phone dt", has_text="Received").locator("+ dd")).to_have_text(re.compile(r"[1-9]"))
    demo_page.locator("#card").get_by_role("button", name="Mute").click()
    expect(demo_page.locator("#card-status")).to_have_text("They cannot hear you")

    demo_page.locator("#card").get_by_role("button", name="Hang up").click()

    expect(demo_page.locator("#card-state")).to_have_text("Call ended")
    expect(demo_page.locator("#phone-phase")).to_have_text("Idle")


def test_portal_that_is_silent_costs_a_command_timeout_in_one_handler_and_the_log_shows_it_as_an_error(
    demo_page: Page, complaints: Complaints
) -> None:
    complaints.expect("CallCardSetCardTitle .* was not answered within 5000 ms")

    demo_page.get_by_label("Commands stay unanswered").check()

    explained(demo_page, "CommandTimeout")
    late = f"CallCardSetCardTitle was not answered: CommandTimeout after {lasting(5)}"
    expect(outcome(demo_page, late)).to_be_visible()
    expect(outcome(demo_page, "reported: follow_the_crm: CommandTimeout")).to_be_visible()
    expect(demo_page.locator("#trace li.command .end.bad").first).to_contain_text("timeout")
    expect(demo_page.locator("#trace li.report", has_text="follow_the_crm: CommandTimeout")).to_be_visible()
    demo_page.get_by_label("Commands stay unanswered").uncheck()
    answer_works(demo_page)


# In CI: `fault_list.test.mjs`, `fault_panel.test.mjs`, and of commands `delivery/test_commands.py`.
@pytest.mark.campaign
def test_answers_that_are_slow_are_waited_for(demo_page: Page) -> None:
    demo_page.get_by_label("Answers take two seconds").check()

    explained(demo_page, "waits for its command")
    expect(outcome(demo_page, f"CallCardSetStatusText was answered after {lasting(2)}")).to_be_visible()


@pytest.mark.campaign  # the same hold it
def test_answer_that_comes_too_late_is_dropped(demo_page: Page, complaints: Complaints) -> None:
    complaints.expect("was not answered within 5000 ms")
    demo_page.get_by_label("Answers take two seconds").check()

    demo_page.get_by_label("Answers come too late").check()

    expect(demo_page.get_by_label("Answers take two seconds")).not_to_be_checked()
    explained(demo_page, "dropped and counted")
    expect(outcome(demo_page, "The answer came after that, and was dropped")).to_be_visible()


def test_second_answer_is_dropped(demo_page: Page) -> None:
    demo_page.get_by_label("Answers come twice").check()

    explained(demo_page, "The first answer ends the command")
    expect(outcome(demo_page, "A second answer came, and was dropped")).to_be_visible()
    answer_works(demo_page)


@pytest.mark.engines
@needs("is_playwrights")
@pytest.mark.engines_all  # rest/test_rest.py has it there
def test_rest_that_is_out_of_order_is_a_rest_error_that_the_card_shows(demo_page: Page) -> None:
    demo_page.get_by_label("REST is out of order").check()

    explained(demo_page, "RestError")
    expect(outcome(demo_page, "crm.contact.get failed with INTERNAL_SERVER_ERROR: RestError")).to_be_visible()
    expect(demo_page.locator("#card-status")).to_have_text("The CRM did not answer: INTERNAL_SERVER_ERROR")
    answer_works(demo_page)


@pytest.mark.engines
@needs("is_playwrights")
@pytest.mark.engines_all  # hosting/test_hosting.py has it there
def test_worker_that_is_killed_is_replaced_and_gets_its_event_again(demo_page: Page, complaints: Complaints) -> None:
    complaints.expect(r"the worker ended \(vanished")
    before = interpreter(demo_page)

    demo_page.get_by_role("button", name="Kill the worker").click()  # as "End the interpreter" does, and stirs the card

    explained(demo_page, "redelivered")
    expect(outcome(demo_page, "The interpreter has ended")).to_be_visible()
    expect(outcome(demo_page, "The call was taken up")).to_be_visible()
    line = r"Interpreter \w{4} took the place of \w{4}, [\d,]+ ms after the click; 1 event was delivered again"
    expect(outcome(demo_page, line)).to_be_visible()
    expect(demo_page.locator("#pages li .hosting")).not_to_have_text(before)
    expect(demo_page.locator("#served")).to_have_text("One interpreter serves one page.")
    expect(demo_page.locator("#pages li.shows")).to_have_count(1)
    answer_works(demo_page)


@pytest.mark.engines
@needs("is_playwrights")
@pytest.mark.engines_all  # hosting/test_hosting.py has it there
def test_page_that_is_loaded_anew_finds_interpreter_and_call_and_loses_the_media(demo_page: Page) -> None:
    answer_works(demo_page)

    demo_page.get_by_role("button", name="Load the hidden page anew").click()

    explained(demo_page, "the new page finds it running")
    expect(outcome(demo_page, "The call was given to the new page")).to_be_visible()
    kept = "the same interpreter as before" if engine().outlives_navigation else "an interpreter of its own"
    expect(outcome(demo_page, f"with {kept}")).to_be_visible()
    expect(outcome(demo_page, "Python was told that the media ended")).to_be_visible()
    expect(demo_page.locator("#card-status")).to_have_text("The page with the phone went, and the call with it")
    expect(demo_page.locator("#card-state")).to_have_text("Call ended")


def test_page_that_is_loaded_anew_while_it_rings_rings_again(demo_page: Page) -> None:
    demo_page.get_by_role("button", name="Load the hidden page anew").click()
    expect(outcome(demo_page, "The call was given to the new page")).to_be_visible()
    expect(demo_page.locator("#phone-phase")).to_contain_text("Rings")

    answer_works(demo_page)


@pytest.mark.engines
@needs("is_playwrights")
@pytest.mark.engines_all  # Python's own: tests/unit/test_runner.py
def test_handler_that_raises_fails_alone(demo_page: Page, complaints: Complaints) -> None:
    complaints.expect("LookupError: this handler was told to fail")

    demo_page.get_by_role("button", name="A handler raises").click()

    explained(demo_page, "@app.on_error")
    expect(outcome(demo_page, "A handler failed, alone, and was reported: misbehave: LookupError")).to_be_visible()
    printed = demo_page.locator("#trace li.printed")
    expect(printed).to_contain_text("A handler failed: LookupError('this handler was told to fail')")
    traceback = demo_page.locator("#trace li.report .traceback")
    expect(traceback).to_contain_text('raise LookupError("this handler was told to fail")')
    expect(outcome(demo_page, "follow_the_crm has handled entityChanged: Python goes on")).to_be_visible()
    answer_works(demo_page)


def test_handler_that_never_ends_is_interrupted_and_the_interpreter_lives(
    demo_page: Page, complaints: Complaints
) -> None:
    complaints.expect("HandlerTimeout")
    before = interpreter(demo_page)

    demo_page.get_by_role("button", name="A handler never ends").click()

    explained(demo_page, "interrupted from inside")
    expect(outcome(demo_page, f"misbehave was interrupted after {lasting(1)}")).to_be_visible()
    expect(outcome(demo_page, "follow_the_crm has handled entityChanged: Python goes on")).to_be_visible()
    assert interpreter(demo_page) == before
    answer_works(demo_page)


def test_names_that_are_registered_late_are_bound_as_soon_as_they_are_there(demo_page: Page) -> None:
    with demo_page.expect_navigation():
        demo_page.get_by_role("button", name="Restart with names registered late").click()
    explained(demo_page, "asks again and again which names there are")
    expect(outcome(demo_page, "The portal lists no name")).to_be_visible()
    expect(demo_page.locator("#served")).to_have_text("One interpreter serves one page.")
    assert demo_page.evaluate("portal.frames()[0].bound") == []

    demo_page.get_by_role("button", name="Register the names now").click()

    expect(outcome(demo_page, r"All 17 events were bound \d+ ms after their names were registered")).to_be_visible()
    answer_works(demo_page)


SAVES_A_COMMENT = """
    const starts = window === top && location.search.includes("slow_start");
    const timer = starts && setInterval(() => {
        if (window.portal?.card() && portal.frames()[0]?.bound.length === 17) {
            clearInterval(timer);
            document.querySelector("[data-event=addCommentButtonClick]").click();
        }
    }, 20);
"""
"""On that page alone, as soon as it hears it: Python has not given the card Answer yet, and starts in four seconds."""


def test_events_that_come_during_a_slow_start_are_handled_after_it(demo_page: Page) -> None:
    demo_page.add_init_script(SAVES_A_COMMENT)
    with demo_page.expect_navigation():
        demo_page.get_by_role("button", name="Restart with a slow start").click()
    explained(demo_page, "waits in the page's journal")
    expect(outcome(demo_page, "initialized came")).to_be_visible()
    expect(outcome(demo_page, "addCommentButtonClick came")).to_be_visible()

    expect(outcome(demo_page, f"Python ran {lasting(4)} after the page began")).to_be_visible()
    expect(outcome(demo_page, "comment has handled addCommentButtonClick")).to_be_visible()
    expect(demo_page.locator("#card-state")).to_have_text("Incoming call")
    lines = demo_page.locator("#fault-outcomes li").all_inner_texts()
    came = [line for line in lines if " came " in line]
    assert ["initialized" in came[0], "addCommentButtonClick" in came[1]] == [True, True], lines
    assert lines.index(came[1]) < next(at for at, line in enumerate(lines) if line.startswith("Python ran")), lines
