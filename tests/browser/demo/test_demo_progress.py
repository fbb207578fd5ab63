"""The demo shows how far Python is on its way, and shows nothing of it once Python runs."""

from __future__ import annotations

from collections.abc import Callable
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


def test_a_bar_tells_how_far_the_boot_is_and_goes_when_python_runs(
    page: Page, demo_bundle: Path, serve_app: Callable[[Path], str], portal_url: str
) -> None:
    page.add_init_script(f"({SEEN})()")
    page.goto(demo.portal_url(portal_url, serve_app(demo_bundle)))
    expect(page.locator("#served")).to_have_text("One interpreter serves one page.")
    expect(page.locator("#boot")).to_be_hidden()
    seen = page.evaluate("() => seen")
    fractions = [fraction for _, fraction in seen]
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < fractions[-1] < 1
    assert seen[-1][0] == "Starting the handlers"


def test_the_page_and_its_card_are_there_while_the_bar_waits_for_the_interpreter(
    page: Page, demo_bundle: Path, portal_url: str
) -> None:
    (snapshot,) = (path for path in manifest.read(demo_bundle).files if path.endswith("/snapshot.bin"))
    with FaultyServer(demo_bundle) as server:
        server.faults[snapshot] = fault = Fault("held")
        page.goto(demo.portal_url(portal_url, f"http://app.localhost:{server.port}/"))
        bar = page.get_by_role("progressbar", name="Loading Python")
        expect(bar).to_be_visible()
        page.wait_for_function("(bar) => bar.value > 0.3", arg=bar.element_handle())
        card = page.get_by_role("region", name="Call card")
        expect(card.get_by_role("button", name="Close", exact=True)).to_be_visible()
        expect(card.get_by_role("button", name="Answer")).to_be_hidden()  # that is Python's to give
        fault.released.set()
        expect(page.locator("#served")).to_have_text("One interpreter serves one page.")
        expect(page.locator("#boot")).to_be_hidden()
        expect(card.get_by_role("button", name="Answer")).to_be_visible()


def test_an_interpreter_that_takes_the_place_of_another_shows_the_bar_again(
    page: Page, demo_bundle: Path, serve_app: Callable[[Path], str], portal_url: str, complaints: Complaints
) -> None:
    complaints.expect("the worker ended")
    page.add_init_script(f"({SEEN})()")
    page.goto(demo.portal_url(portal_url, serve_app(demo_bundle)))
    expect(page.locator("#served")).to_have_text("One interpreter serves one page.")
    before = page.evaluate("() => seen.length")
    page.get_by_text("Pages of the portal", exact=True).click()
    page.get_by_role("button", name="End the interpreter").click()
    page.wait_for_function("(before) => seen.length > before", arg=before)
    expect(page.locator("#boot")).to_be_hidden()
