"""The demo's scenarios, played by themselves and step by step, with real media in the phone that they drive."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Complaints, LaunchBrowser
from tests.support.phones import AUDIBLE
from worker_py_tool.demo import demo
from worker_py_tool.kit.browser_portal import PortalPage

SCENARIOS = {
    "A client we know calls": 10,
    "An unknown number calls": 5,
    "Calling a client": 3,
    "Calling back": 3,
    "A call list of five": 12,
    "A transfer that succeeds": 5,
    "A transfer that fails": 6,
    "No money on the line": 4,
    "Busy, and again": 4,
}
"""With the number of their steps."""
ANSWERS_BY_ITSELF = """
    let answered = false;
    const timer = window === top && setInterval(() => {
        const state = window.portal?.card()?.uiState;
        if (state === "incoming" && !answered) {
            answered = true;
            window.portal.click("Answer");
        } else if (state === "connected" && !document.querySelector("#phone-level").hidden) {
            clearInterval(timer);
            console.info("connected");
        }
    }, 100);
"""


class Theatre:
    """The demo's page with its scenarios."""

    def __init__(self, page: Page, app_url: str) -> None:
        self.page = page
        self.portal = PortalPage(page, app_url)
        self.panel = page.locator("#scenarios")
        self.status = page.locator("#scenario-status")
        self.current = page.locator('#scenarios [aria-current="step"]')

    def choose(self, title: str) -> None:
        """Take a scenario from its beginning."""
        self.page.locator("#scenario-choice").select_option(label=title)
        self.panel.get_by_role("button", name="Restart").click()
        expect(self.status).to_have_text("Play it, or go step by step")

    def step(self) -> None:
        """Do the next step, and wait until what it wants has happened."""
        done = self.done()
        self.panel.get_by_role("button", name="Next step").click()
        self.page.wait_for_function(
            """(done) => document.querySelector("#scenarios").dataset.phase === "failed"
                || document.querySelectorAll("#scenarios .steps .done").length > done""",
            arg=done,
        )
        assert self.done() == done + 1, self.status.inner_text()

    def done(self) -> int:
        """How many steps are done."""
        return self.panel.locator(".steps .done").count()

    def step_to(self, words: str) -> None:
        """Do all steps up to the one that says this, and that one."""
        while True:
            says = self.current.inner_text()
            self.step()
            if words in says:
                return

    def phone(self) -> dict[str, Any]:
        """What the phone is: `phone.state`."""
        state: dict[str, Any] = self.portal.evaluate("workerPyPhone.state()")
        return state

    def until_phone(self, condition: str) -> None:
        """Wait until an expression of the phone's `state` holds."""
        script = f"async () => {{ const state = await workerPyPhone.state(); return {condition}; }}"
        self.portal.until_evaluates(script)

    def until_bytes_flow(self) -> None:
        """Wait until media have come in both directions since now."""
        now = self.phone()["stats"]
        self.until_phone(
            f"state.stats?.bytes_sent > {now['bytes_sent'] + 1000}"
            f" && state.stats.bytes_received > {now['bytes_received'] + 1000}"
        )

    def fact(self, name: str) -> str:
        """What the phone's panel says."""
        return self.page.locator(f'#phone [data-fact="{name}"]').inner_text()


@pytest.fixture(scope="module")
def shared(
    browser: Browser, demo_bundle: Path, serve_app: Callable[[Path], str], portal_url: str
) -> Iterator[tuple[Theatre, Complaints]]:
    """One demo page for the scenarios of the module: each begins with a card of its own."""
    context = browser.new_context()
    complaints = Complaints()
    complaints.watch(context)
    page = context.new_page()
    app_url = serve_app(demo_bundle)
    page.goto(demo.portal_url(portal_url, app_url, plain=""))
    expect(page.locator("#phone")).to_be_visible()
    yield Theatre(page, app_url), complaints
    context.close()


@pytest.fixture
def theatre(shared: tuple[Theatre, Complaints]) -> Iterator[Theatre]:
    opened, complaints = shared
    yield opened
    complaints.check()


def test_every_scenario_of_this_list_is_offered(theatre: Theatre) -> None:
    expect(theatre.page.locator("#scenario-choice").locator("option")).to_have_text(list(SCENARIOS))


@pytest.mark.parametrize("title", SCENARIOS)
def test_scenario_plays_by_itself_to_its_end(theatre: Theatre, title: str) -> None:
    theatre.page.locator("#scenario-pace").select_option("At once")
    theatre.choose(title)

    theatre.panel.get_by_role("button", name="Play").click()

    expect(theatre.panel).to_have_attribute("data-phase", re.compile("done|failed"), timeout=60_000)
    expect(theatre.status).to_have_text(f"All {SCENARIOS[title]} steps done")  # or why it failed


@pytest.mark.parametrize(
    "title",
    [
        pytest.param(title, marks=() if title == "A transfer that fails" else pytest.mark.campaign)
        for title in SCENARIOS
    ],
)
def test_scenario_goes_step_by_step_with_the_present_step_marked(theatre: Theatre, title: str) -> None:
    theatre.choose(title)
    says = theatre.panel.locator(".steps li").all_inner_texts()
    assert len(says) == SCENARIOS[title]

    for words in says:
        expect(theatre.current).to_have_text(words)
        theatre.step()

    expect(theatre.current).to_have_count(0)
    expect(theatre.status).to_have_text(f"All {len(says)} steps done")
    expect(theatre.panel.get_by_role("button", name="Next step")).to_be_disabled()


def test_a_scenario_that_plays_can_be_paused_gone_on_with_and_restarted(theatre: Theatre) -> None:
    theatre.page.locator("#scenario-pace").select_option("Unhurried")
    theatre.choose("Calling a client")

    theatre.panel.get_by_role("button", name="Play").click()
    expect(theatre.status).to_have_text("Step 1 of 3 done; the next follows")
    theatre.panel.get_by_role("button", name="Pause").click()
    expect(theatre.status).to_have_text("Step 1 of 3 done; paused")
    assert theatre.page.evaluate("portal.card().uiState") == "outgoing"

    theatre.step()
    assert theatre.page.evaluate("portal.card().uiState") == "connected"

    theatre.panel.get_by_role("button", name="Restart").click()
    expect(theatre.status).to_have_text("Play it, or go step by step")
    assert theatre.done() == 0


def test_a_step_that_cannot_be_done_says_what_it_wanted(theatre: Theatre) -> None:
    theatre.choose("Calling a client")
    theatre.step()
    theatre.page.evaluate("portal.act('closeButtonClick')")

    theatre.panel.get_by_role("button", name="Next step").click()

    expect(theatre.status).to_contain_text('The card shows no "makeCallButtonClick"')
    expect(theatre.current).to_have_class("failed")


# The media behind it ----------------------------------------------------------------------------------


def test_media_flow_once_answered_stop_where_muted_or_held_go_on_afterwards_and_keys_arrive(theatre: Theatre) -> None:
    phase, flags = theatre.page.locator("#phone-phase"), theatre.page.locator("#phone-flags")
    theatre.choose("A client we know calls")
    theatre.step()
    expect(phase).to_have_text("Rings · +12025550143")

    theatre.step_to("The operator answers")
    theatre.until_bytes_flow()
    theatre.until_phone(f"state.far_level > {AUDIBLE}")
    expect(phase).to_have_text("Connected · +12025550143")
    expect(theatre.page.locator('#phone [data-fact="Sent"]')).to_contain_text("kB")
    expect(theatre.page.locator('#phone [data-fact="Quality"]')).to_contain_text("of 4.4 (MOS)")

    theatre.step_to("Mute")
    theatre.until_phone(f"state.far_level < {AUDIBLE / 10}")
    expect(flags).to_have_text("Muted")
    theatre.step_to("hear the operator again")
    theatre.until_phone(f"state.far_level > {AUDIBLE}")
    expect(flags).to_have_text("")

    theatre.step_to("Hold")
    theatre.until_phone("state.held")
    expect(flags).to_have_text("On hold")
    held = theatre.portal.evaluate(
        """async () => {
            const count = async () => (await workerPyPhone.state()).stats.bytes_sent;
            const first = await count();
            await new Promise((resolve) => setTimeout(resolve, 1500)); // what is tested: fifty packets a second
            return (await count()) - first;
        }"""
    )
    assert held < 200, "a report of RTCP at most"
    theatre.step_to("Back on the call")
    theatre.until_bytes_flow()

    theatre.step_to("which the other side hears too")
    assert theatre.fact("Tones heard") == "4 2"


def test_a_call_that_is_replaced_by_another_card_is_hung_up(theatre: Theatre) -> None:
    theatre.choose("A client we know calls")
    theatre.step_to("The operator answers")
    connected = theatre.phone()
    ended, phase = theatre.page.locator("#phone-ended"), theatre.page.locator("#phone-phase")

    theatre.page.evaluate("portal.endCall(); portal.incomingCall({phoneNumber: '+12025550199'})")

    theatre.until_phone(f"state.phase === 'ringing' && state.call !== '{connected['call']}'")
    expect(ended).to_have_text("The last call ended: we hung up.")
    # The portal's page asks for the state again and again: an answer may be on its way when the call ends.
    theatre.portal.evaluate("(state) => parent.postMessage({ workerPyPhone: state }, '*')", connected)
    expect(phase).to_contain_text("Rings")
    expect(ended).to_have_text("The last call ended: we hung up.")


def test_a_browser_that_wants_a_click_first_is_given_one(
    launch_browser: LaunchBrowser, demo_bundle: Path, serve_app: Callable[[Path], str], portal_url: str
) -> None:
    # What Playwright evaluates counts as a click: so the page answers by itself, and says when it has.
    context = launch_browser(arguments=["--autoplay-policy=document-user-activation-required"]).new_context()
    page = context.new_page()
    page.add_init_script(ANSWERS_BY_ITSELF)
    with page.expect_console_message(lambda message: message.text == "connected"):
        page.goto(demo.portal_url(portal_url, serve_app(demo_bundle)))

    expect(page.locator("#phone-silent")).to_be_visible()
    page.get_by_role("button", name="Enable sound").click()

    expect(page.locator("#phone-silent")).to_be_hidden()
    expect(page.locator("#phone-phase")).to_contain_text("Connected")
    context.close()
