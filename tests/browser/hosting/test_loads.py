"""The frame's `load`: the portal counts those that come late, and takes the registration away after some.

Nothing that the network delays may hold it, and the page must never be loaded anew: what did not come is loaded
again inside of it.
"""

import pytest
from playwright.sync_api import Page, Route

from tests.support.faulty_server import Fault, FaultyServer
from tests.support.hosting import DESK, HostingPortal
from tests.support.raised import initialized
from tests.support.witness import WITNESS, WitnessPage
from worker_py_tool.demo import demo

APP = """
    from worker_py import App
    from worker_py.events import Initialized

    app = App()

    @app.on(Initialized)
    async def greet(event, card):
        await card.page.call("tell", card.call_id)
"""
WATCH_LOADS = """
    document.addEventListener("load", (event) => {
        try {
            event.target.contentWindow?.location.href; // the blank document that a frame begins with
        } catch {
            (window.frameLoads ??= []).push(performance.now()); // a page of another origin
        }
    }, true);
"""
"""In the portal's page: when each load of a frame came, in milliseconds since the portal's page began."""
SLOW_PARTS = ("bx24.js", "shim.js", "worker.js", WITNESS.name, "pyodide.asm.wasm")
USUAL = {("shim.js", "missing"), ("bx24.js", "corrupt")}
"""Each is an error event, which guard.test.mjs has, but for a damaged client, which is a script that came."""
campaign = pytest.mark.campaign


@pytest.fixture
def watched_page(quiet_page: Page) -> Page:
    quiet_page.add_init_script(WATCH_LOADS)
    return quiet_page


def open_portal(page: Page, server: FaultyServer, portal_url: str) -> WitnessPage:
    app_url = f"http://app.localhost:{server.port}/"
    page.goto(demo.portal_url(portal_url, app_url, plain="1"))
    page.wait_for_function("() => window.frameLoads?.length > 0")
    return WitnessPage(page, app_url)


def answer_a_call(placement: WitnessPage) -> None:
    """A call that rings now is handled."""
    placement.until_evaluates("() => window.workerPy?.stats().binding?.bound === 17", timeout_s=90)
    placement.raise_event("initialized", initialized("A.1")[1])
    placement.until_noted(1, timeout_s=90)


def loads(page: Page) -> list[float]:
    """When each load of the frame came, in milliseconds since the frame's document was asked for."""
    return [float(ms) for ms in page.evaluate("() => window.frameLoads")]


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name == "shim.js" else campaign) for name in SLOW_PARTS],
)
def test_a_slow_script_does_not_hold_the_load_and_the_call_waits_for_it(
    watched_page: Page, server: FaultyServer, portal_url: str, name: str
) -> None:
    server.faults[server.part(name)] = fault = Fault("held")
    placement = open_portal(watched_page, server, portal_url)  # the load is over, and the script has not come
    watched_page.wait_for_function("() => performance.now() - window.frameLoads[0] > 1000", polling=100)
    fault.released.set()
    answer_a_call(placement)
    assert fault.happened >= 1
    assert len(loads(watched_page)) == 1


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param(name, kind, marks=() if (name, kind) in USUAL else campaign, id=f"{name}-{kind}")
        for name in ("shim.js", "bx24.js")
        for kind in ("missing", "corrupt", "aborted")
    ],
)
def test_a_script_that_does_not_come_is_loaded_again_without_another_load_of_the_frame(
    watched_page: Page, server: FaultyServer, portal_url: str, name: str, kind: str
) -> None:
    server.faults[server.part(name)] = fault = Fault(kind)
    placement = open_portal(watched_page, server, portal_url)
    began = placement.evaluate("() => performance.timeOrigin")
    while fault.happened < 3:  # each is a round trip
        placement.evaluate("() => new Promise((resolve) => setTimeout(resolve))")
    server.faults.clear()
    answer_a_call(placement)
    assert placement.evaluate("() => performance.timeOrigin") == began
    assert len(loads(watched_page)) == 1
    assert placement.evaluate("() => workerPy.diagnostics().problems") == []


def test_a_page_is_ready_when_its_own_scripts_are_there_and_not_with_the_interpreter_of_others(
    portal: HostingPortal,
) -> None:
    interpreter = portal.open_page().interpreter()
    tab = portal.context.new_page()

    def hold(route: Route) -> None:
        script = "() => globalThis.workerPy?.stats().state === 'ready'"  # it is asked for before it runs
        while not route.request.frame.evaluate(script):
            tab.wait_for_timeout(20)
        route.continue_()

    tab.route(f"**/{DESK.name}", hold)

    assert portal.open_page(tab).interpreter() == interpreter


def test_all_hidden_pages_are_ready_when_that_one_is_whose_document_has_not_come_yet(
    portal: HostingPortal, hosting_url: str
) -> None:
    tab = portal.open_page()

    def late(route: Route) -> None:
        tab.playwright_page.wait_for_timeout(500)  # whoever waits for the others alone, looks before that
        route.continue_()

    tab.playwright_page.route(f"{hosting_url}?DOMAIN=*", late)
    tab.open_slider()

    tab.until_ready_everywhere()

    assert len(tab.logged("attached")) == 2
