"""The demo's page, which the tests of a file share: a page costs a second of a processor, a start of Python another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import BundleFor, Complaints
from tests.support.built import built
from tests.support.timelines import APP, TimelinePage
from worker_py_tool.demo import demo
from worker_py_tool.kit.browser_portal import BrowserPortal, PortalPage

GREETING = "Head of purchasing · open deals: 2"

ANEW = """async () => {
    for (const box of document.querySelectorAll("#group-faults input:checked")) box.click();
    await portal.configure(null);
    for (const kill of document.querySelectorAll('#pages [aria-label^="Kill: Slider"]')) kill.click();
    for (const group of document.querySelectorAll("details.controls")) group.open = group.id !== "group-pages";
    document.getElementById("tab-log").click();
    for (const choice of [document.getElementById("log-show"), document.getElementById("log-call")]) {
        choice.value = "";
        choice.dispatchEvent(new Event("change"));
    }
    for (const each of document.querySelectorAll("*")) each.scrollTop = 0;
    const top = document.createElement("i");
    top.tabIndex = -1;
    document.body.prepend(top);
    top.focus();
    top.remove(); // from here the Tab key goes to the first stop, as on a page that has just been loaded
}"""


class SharedDemo(PortalPage):
    """One page of the demo for the tests of a file: each has a call of its own, which Python has greeted.

    Attributes:
        address: the demo's.
    """

    def __init__(self, page: Page, address: str, app_url: str) -> None:
        super().__init__(page, app_url)
        self.address = address

    @contextmanager
    def case(self) -> Iterator[None]:
        """The next call, on a page of which the tests before have left nothing but the interpreter."""
        page = self.playwright_page
        for other in page.context.pages:
            if other != page:
                other.close()
        page.set_viewport_size({"width": 1280, "height": 720})
        page.emulate_media(color_scheme="light", reduced_motion="no-preference")
        if page.url == "about:blank" or not page.evaluate("window.isShared === true"):
            page.goto(self.address)  # the first test's, or another page than the test before had
            page.evaluate("window.isShared = true")
            self.until_there()
            expect(page.locator("#card-status")).to_have_text(GREETING)
        self.portal(ANEW)
        self._close_card()
        with super().case():
            page.locator("#clear-trace").evaluate("(button) => button.click()")
            # For a second after `entityChanged` another one of the same client would be an echo of it.
            self.incoming_call(entityChangedFirst=False)
            expect(page.locator("#card-status")).to_have_text(GREETING)
            self.until_settled()
            yield
        self._close_card()

    def _close_card(self) -> None:
        """The phone hangs up, and Python forgets the call: on another page it would still know of it."""
        if self.playwright_page.evaluate("window.portal?.card()?.open ?? false"):
            self.until("stats.state === 'ready' && stats.waiting === 0")
            self._before, self._heard = self.stats(), 0
            self.act("(portal) => portal.act('closeButtonClick')")
            self.until_settled()


@pytest.fixture(scope="session")
def live_demo_bundle(bundles_directory: Path) -> Path:
    """The bundle that `scripts/demo` serves: its handlers can be edited."""
    return built(bundles_directory, "live-demo", partial(demo.build_demo, phone="loopback", live=True))


@pytest.fixture(scope="module")
def shared_demo(
    browser: Browser, live_demo_bundle: Path, serve_app: Callable[[Path], str], portal_url: str
) -> Iterator[SharedDemo]:
    """The page that `demo_page` gives, as `scripts/demo` opens it."""
    app = serve_app(live_demo_bundle).replace("app.localhost", "127.0.0.1")
    portal = portal_url.replace("portal.localhost", "127.0.0.1")
    context = browser.new_context()
    yield SharedDemo(context.new_page(), demo.portal_url(portal, app, rest="page"), app)
    context.close()


@pytest.fixture
def demo_page(shared_demo: SharedDemo, complaints: Complaints) -> Iterator[Page]:
    """The demo with a call that Python has greeted; the file's tests share it, and the interpreter behind it."""
    page = shared_demo.playwright_page
    with complaints.watching(page.context), shared_demo.case():
        yield page


@pytest.fixture(scope="module")
def shared_tab(
    browser: Browser, bundle_for: BundleFor, serve_app: Callable[[Path], str], portal_url: str
) -> Iterator[TimelinePage]:
    """One page with the Timeline tab for the tests of a file, and Python running."""
    context = browser.new_context()
    yield BrowserPortal(context, portal_url, serve_app(bundle_for(APP)), TimelinePage).page
    context.close()
