"""Before Python is there: the demo shows how far it is on its way, and the card takes clicks."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints
from tests.support.faulty_server import Fault, FaultyServer
from worker_py_tool.bundle import manifest
from worker_py_tool.demo import demo

SEEN = """() => {
  globalThis.seen = [];
  addEventListener("DOMContentLoaded", () => {
    const host = document.getElementById("boot");
    if (!host) return;  // the placement page, in its frame
    new MutationObserver(() => {
      const bar = host.querySelector("progress");
      if (!host.hidden && bar) globalThis.seen.push([bar.labels[0].textContent, bar.value]);
    }).observe(host, { subtree: true, childList: true, attributes: true, characterData: true });
  });
}"""


def test_the_card_takes_clicks_while_the_bar_waits_for_python_and_the_next_interpreter_shows_the_bar_again(
    page: Page, demo_bundle: Path, portal_url: str, complaints: Complaints
) -> None:
    (snapshot,) = (path for path in manifest.read(demo_bundle).files if path.endswith("/snapshot.bin"))
    page.add_init_script(f"({SEEN})()")
    with FaultyServer(demo_bundle) as server:
        server.faults[snapshot] = fault = Fault("held")
        page.goto(demo.portal_url(portal_url, f"http://app.localhost:{server.port}/", rest="page"))
        bar = page.get_by_role("progressbar", name="Loading Python")
        expect(bar).to_be_visible()
        page.wait_for_function("(bar) => bar.value > 0.3", arg=bar.element_handle())
        page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length === 1")
        expect(page.locator("#python-state")).to_have_text("Python is starting")
        card = page.get_by_role("region", name="Call card")
        expect(card.get_by_role("button", name="Close", exact=True)).to_be_visible()
        expect(page.locator("#card-state")).to_have_text("Call")  # Python gives it a state, and with it other buttons
        expect(card.get_by_role("button", name="Answer")).to_be_hidden()
        page.get_by_role("button", name="Save comment").click()
        expect(page.locator("#trace li.handler")).to_have_count(0)

        fault.released.set()
        expect(page.locator("#python-state")).to_have_text("Python is ready")
        expect(page.locator("#served")).to_have_text("One interpreter serves one page.")
        expect(page.locator("#boot")).to_be_hidden()
        card.get_by_role("button", name="Answer").click()
        for handler in ("greet", "answer", "comment"):
            expect(page.locator("#trace li.handler > .entry code").get_by_text(handler, exact=True)).to_have_count(1)
        names = page.locator("#trace li.event > .entry .fold + code").all_inner_texts()
        of_card = [name for name in names if not name.startswith("phone.")]
        assert of_card == ["initialized", "addCommentButtonClick", "answerButtonClick"]
        expect(page.locator("#guide")).to_contain_text("You are on the call.")
        seen = page.evaluate("() => seen")
        fractions = [fraction for _, fraction in seen]
        assert fractions == sorted(fractions)
        assert 0 < fractions[0] < fractions[-1] < 1
        assert seen[-1][0] == "Starting the handlers"

        complaints.expect("the worker ended")
        page.get_by_text("Pages of the portal", exact=True).click()
        page.get_by_role("button", name="End the interpreter").click()
        page.wait_for_function("(before) => seen.length > before", arg=len(seen))
        expect(page.locator("#boot")).to_be_hidden()
