"""The worked examples: each is loaded into the editor and applied in the middle of a call of the demo.

In CI `tests/unit/test_examples.py` holds what each does, `test_demo_says.py` that one is loaded and runs in a call.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.live_page import LivePage

pytestmark = pytest.mark.campaign


@pytest.fixture
def desk(demo_page: Page) -> Iterator[LivePage]:
    """A call that the demo's own handlers answered; at the end the interpreter gets these back."""
    made = LivePage(demo_page, demo_page.evaluate("portal.frames()[0].src"))
    made.click("answerButtonClick")
    expect(made.card_status).to_have_text("Answered by Python")
    made.open()
    yield made
    made.revert()


def test_screen_pop(desk: LivePage) -> None:
    desk.load_example("Screen pop with CRM look-up")
    desk.click("entityChanged", 12)
    expect(desk.playwright_page.locator("#card-title")).to_have_text("Tomás Okafor, Okafor & Daughters")
    expect(desk.card_status).to_have_text("No open deal")
    desk.click("entityChanged", 7)
    expect(desk.card_status).to_have_text("Spring order: 40 city frames (18,400 EUR)")


def test_notes_to_the_crm(desk: LivePage) -> None:
    desk.load_example("Notes to the CRM at hang-up")
    desk.click("addCommentButtonClick", "wants an offer")
    expect(desk.card_status).to_have_text("Notes for the CRM: 1")
    desk.click("hangupButtonClick")
    expect(desk.card_status).to_have_text("1 notes saved in the CRM")


def test_keypad_menu(desk: LivePage) -> None:
    desk.load_example("Keypad menu")
    desk.click("dialpadButtonClick", "1")
    expect(desk.card_status).to_have_text("1 how many are open · 2 the newest · 0 back")
    desk.click("dialpadButtonClick", "1")
    expect(desk.card_status).to_have_text("Open deals: 2")


def test_wrap_up_timer(desk: LivePage) -> None:
    desk.load_example("Wrap-up timer")
    # A step of the real clock instead of five seconds: only the number in the text is at stake.
    desk.write(desk.source().replace("STEP_S = 5", "STEP_S = 15").replace("sleep(STEP_S)", "sleep(STEP_S / 50)"))
    desk.playwright_page.keyboard.press("ControlOrMeta+Enter")
    expect(desk.state).to_have_text("Applied: your edit runs. The call goes on.")
    desk.click("hangupButtonClick")
    desk.playwright_page.wait_for_function("() => portal.sent.some(({ command }) => command === 'CallCardClose')")
    texts = desk.playwright_page.evaluate("portal.sent.map(({ params }) => params.statusText).filter(Boolean)")
    assert texts[-2:] == ["Wrap-up: 30 s left", "Wrap-up: 15 s left"]


def test_transfer_policy(desk: LivePage) -> None:
    desk.load_example("Transfer policy")
    desk.click("transferButtonClick", "+4930999999")
    expect(desk.card_status).to_have_text("No transfers to +4930999999")
    expect(desk.playwright_page.locator("#card-state")).to_have_text("On the call")
    desk.click("transferButtonClick", "2")
    expect(desk.card_status).to_have_text("Asking Ines Hartmann")
