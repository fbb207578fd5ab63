"""The frame's `load`: the portal counts those that come late, and takes the registration away after some.

Nothing that the network delays may hold it, and the page must never be loaded anew: what did not come is loaded
again inside of it.
"""

import pytest
from playwright.sync_api import Page, Route

from tests.support.faulty_server import Fault, FaultyServer
from tests.support.hosting import DESK, HostingPortal, app_with
from tests.support.witness import WITNESS, WitnessPage
from worker_py_tool.demo import demo

APP = app_with()
"""As of the portals of this module: its snapshot is made once."""
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
    placement.incoming_call()
    placement.until_card(title="Greeted")


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
    "kinds",
    [
        # Each is an error event, which guard.test.mjs has, but for a damaged client, which is a script that came.
        pytest.param({"shim.js": "missing", "bx24.js": "corrupt"}, id="shim.js-missing-bx24.js-corrupt"),
        *[
            pytest.param({name: kind}, marks=campaign, id=f"{name}-{kind}")
            for name in ("shim.js", "bx24.js")
            for kind in ("missing", "corrupt", "aborted")
        ],
    ],
)
def test_a_script_that_does_not_come_is_loaded_again_without_another_load_of_the_frame(
    watched_page: Page, server: FaultyServer, portal_url: str, kinds: dict[str, str]
) -> None:
    faults = {server.part(name): Fault(kind) for name, kind in kinds.items()}
    server.faults.update(faults)
    placement = open_portal(watched_page, server, portal_url)
    began = placement.evaluate("() => performance.timeOrigin")
    for path, fault in faults.items():
        # The client is not waited for before the rest, and asked for again when that has come.
        again = 3 if path == server.part("bx24.js") else 2
        while fault.happened < again:  # each is a round trip
            placement.evaluate("() => new Promise((resolve) => setTimeout(resolve))")
        del server.faults[path]
    answer_a_call(placement)
    assert placement.evaluate("() => performance.timeOrigin") == began
    assert len(loads(watched_page)) == 1
    assert placement.evaluate("() => workerPy.diagnostics().problems") == []


def test_a_page_is_ready_with_its_own_scripts_and_not_with_the_interpreter_of_others_and_all_are_with_the_last_document(
    portal: HostingPortal, hosting_url: str
) -> None:
    first = portal.open_page()
    interpreter = first.interpreter()
    tab = portal.context.new_page()

    def hold(route: Route) -> None:
        script = "() => globalThis.workerPy?.stats().state === 'ready'"  # it is asked for before it runs
        while not route.request.frame.evaluate(script):
            tab.wait_for_timeout(20)
        route.continue_()

    tab.route(f"**/{DESK.name}", hold)

    assert portal.open_page(tab).interpreter() == interpreter

    def late(route: Route) -> None:
        first.playwright_page.wait_for_timeout(500)  # whoever waits for the others alone, looks before that
        route.continue_()

    first.playwright_page.route(f"{hosting_url}?DOMAIN=*", late)
    first.open_slider()

    first.until_ready_everywhere()

    assert len(first.logged("attached")) == 3
