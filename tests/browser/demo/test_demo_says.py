"""What the demo's page says is so: of the call, of the phone, of Python, of the app's own page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import BundleFor, Complaints
from tests.browser.demo.conftest import SharedDemo
from tests.support.faulty_server import Fault, FaultyServer
from tests.support.live_page import LivePage
from worker_py_tool.bundle import manifest
from worker_py_tool.demo import demo
from worker_py_tool.paths import PORTAL

FAILS_IN_A_WORKER = """
    import js
    from worker_py import App

    app = App()

    def lacking():
        return js.WorkerGlobalScope and app.no_such_thing

    if hasattr(js, "WorkerGlobalScope"):
        lacking()
"""


@pytest.fixture
def talking(demo_page: Page) -> Page:
    """The call, answered."""
    demo_page.get_by_role("button", name="Answer").click()
    expect(demo_page.locator("#card-status")).to_have_text("Answered by Python")
    return demo_page


def test_words_that_come_move_no_button_in_the_card_and_below_it(talking: Page) -> None:
    card = talking.locator("#card")
    buttons = [card.get_by_role("button", name=name) for name in ("Mute", "Hang up", "Save comment")]
    for width, flag in ((1280, "Microphone off"), (390, "")):
        talking.set_viewport_size({"width": width, "height": 1400})
        before = [button.bounding_box() for button in buttons]
        card.get_by_role("button", name="Mute").click()
        expect(talking.locator("#card-flags")).to_have_text(flag)
        expect(talking.locator("#card-status")).to_have_text("They cannot hear you" if flag else "They can hear you")
        assert [button.bounding_box() for button in buttons] == before
        talking.locator("#card-status").evaluate("(status) => status.replaceChildren()")
        assert [button.bounding_box() for button in buttons] == before

    talking.get_by_role("button", name="Dial pad").click()
    key = talking.get_by_role("button", name="0", exact=True)
    dialled = ""
    for width in (390, 1280):
        talking.set_viewport_size({"width": width, "height": 1400})
        box = key.bounding_box()
        talking.get_by_role("button", name="4", exact=True).click()
        dialled += "4"
        expect(talking.locator("#card-flags")).to_have_text(f"Dialled {dialled}")
        assert key.bounding_box() == box


def test_every_example_is_offered_and_one_that_is_loaded_runs_in_the_middle_of_the_call(talking: Page) -> None:
    desk = LivePage(talking, talking.evaluate("portal.frames()[0].src"))
    desk.open()
    offered = talking.locator("#live-example option").evaluate_all("(all) => all.map(({ value }) => value)")
    assert sorted(filter(None, offered)) == sorted(path.stem for path in (PORTAL / "examples").glob("*.py"))
    desk.load_example("Screen pop with CRM look-up")
    desk.click("entityChanged", 12)
    expect(talking.locator("#card-title")).to_have_text("Tomás Okafor, Okafor & Daughters")
    expect(desk.card_status).to_have_text("No open deal")
    desk.revert()


def test_a_call_that_an_example_left_to_the_phone_does_not_keep_the_next_from_being_answered(talking: Page) -> None:
    desk = LivePage(talking, talking.evaluate("portal.frames()[0].src"))
    desk.open()
    desk.load_example("Wrap-up timer")
    desk.click("hangupButtonClick")
    expect(desk.card_status).to_have_text(re.compile("^Wrap-up: "))
    talking.get_by_role("button", name="Finish the call").click()
    expect(talking.locator("#pages .badge")).to_have_count(0)  # the example has been told, and does nothing about it
    expect(talking.locator("#phone-phase")).to_contain_text("Connected")  # nobody has told it
    desk.revert()

    talking.get_by_role("button", name="Known contact").click()
    expect(desk.card_status).to_have_text("Head of purchasing · open deals: 2")
    talking.get_by_role("button", name="Answer").click()
    expect(desk.card_status).to_have_text("Answered by Python")
    expect(talking.locator("#phone-phase")).to_have_text("Connected · +12025550143")


def test_a_call_that_has_ended_does_not_ring_when_the_hidden_page_is_loaded_anew(talking: Page) -> None:
    talking.get_by_role("button", name="Hang up").click()
    expect(talking.locator("#card-status")).to_have_text("The call has ended")
    shown = talking.evaluate("portal.sent.length")
    talking.get_by_role("button", name="Load the hidden page anew").click()
    talking.wait_for_function("(shown) => portal.sent.length > shown", arg=shown)
    expect(talking.locator("#card-state")).to_have_text("Call ended")
    expect(talking.locator("#card-status")).to_have_text("The call has ended")
    states = talking.evaluate("(shown) => portal.sent.slice(shown).map(({ params }) => params.uiState)", shown)
    assert "incoming" not in states
    expect(talking.locator("#phone-phase")).to_have_text("Idle")


def test_a_tab_that_begins_without_a_call_promises_none(demo_page: Page) -> None:
    demo_page.get_by_text("Pages of the portal").click()
    with demo_page.context.expect_page() as opened:
        demo_page.get_by_role("button", name="New tab").click()
    expect(opened.value.locator("#python-state")).to_have_text("Python is ready")
    expect(opened.value.locator("#guide")).to_have_text("No call yet. Start one below.")


def test_a_look_into_the_crm_that_fails_leaves_what_was_seen(demo_page: Page) -> None:
    pane = demo_page.locator("#card-client-content")
    expect(pane).to_contain_text("Open deals: 2")
    demo_page.evaluate("portal.configure({rest: {down: true}})")
    for _ in range(2):
        demo_page.get_by_role("button", name="Ask the CRM again").click()
        expect(pane.locator(".bad")).to_have_count(1)
        expect(pane).to_have_attribute("aria-busy", "false")
    expect(pane).to_contain_text("Open deals: 2")
    demo_page.evaluate("portal.configure(null)")
    demo_page.get_by_role("button", name="Ask the CRM again").click()
    expect(pane.locator(".bad")).to_have_count(0)


def test_a_method_that_the_portal_does_not_have_is_stubbed_for_the_app(demo_page: Page) -> None:
    stubs = {"crm.contact.get": {"NAME": "Ada", "LAST_NAME": "Berg", "POST": "Owner", "COMPANY_TITLE": "Berg"}}
    demo_page.evaluate("(stubs) => portal.configure({rest: {stubs}})", stubs)
    demo_page.get_by_role("button", name="Known contact").click()
    expect(demo_page.locator("#card-title")).to_have_text("Ada Berg · Berg")


def test_the_apps_page_says_what_the_portal_then_does_and_can_be_closed(demo_page: Page) -> None:
    demo_page.get_by_text("Pages of the portal").click()
    demo_page.get_by_role("button", name="Open the install page").click()
    app = demo_page.frame_locator("#app-view iframe")
    expect(app.locator("main")).to_have_attribute("data-state", "ready")
    expect(app.locator(".checks .warn")).to_contain_text("127.0.0.1 is not a public name; the portal refuses")
    app.get_by_role("button", name="Register", exact=True).click()
    expect(app.locator("#result")).to_contain_text("ERROR_WRONG_HANDLER_URL")
    demo_page.get_by_role("button", name="Close the install page").click()
    expect(demo_page.locator("#app-view")).to_be_hidden()
    expect(demo_page.locator("#app-view iframe")).to_have_count(0)


def test_a_portal_that_was_opened_with_the_apps_page_goes_on_without_it(
    demo_page: Page, shared_demo: SharedDemo
) -> None:
    page = demo_page  # for its interpreter, which runs
    page.goto(f"{shared_demo.address}&view=install")
    expect(page.frame_locator("#app-view iframe").locator("main")).to_have_attribute("data-state", "ready")
    page.get_by_role("button", name="Close the install page").click()
    expect(page.locator("#card-status")).to_have_text("Head of purchasing · open deals: 2")


def test_an_app_that_cannot_be_started_is_said_with_the_end_of_its_traceback(
    page: Page, bundle_for: BundleFor, portal_url: str, complaints: Complaints
) -> None:
    complaints.expect("no_such_thing")
    bundle = bundle_for(FAILS_IN_A_WORKER)
    (snapshot,) = (path for path in manifest.read(bundle).files if path.endswith("/snapshot.bin"))
    with FaultyServer(bundle) as server:
        server.faults[snapshot] = Fault("missing")  # with it the app would not be imported here
        page.goto(demo.portal_url(portal_url, f"http://app.localhost:{server.port}/"))
        expect(page.locator("#python-state")).to_have_text("Python could not be started")
        failure = page.locator("#python-failure")
        expect(failure).to_contain_text("in lacking")
        expect(failure).to_contain_text("AttributeError: 'App' object has no attribute 'no_such_thing'")
        expect(page.locator("#guide")).to_contain_text("Python could not be started")
        expect(page.locator("#boot")).to_be_hidden()
        page.get_by_role("tab", name="Handlers").click()
        expect(page.locator(".live-state")).to_have_text("Python could not be started: no handlers run.")
