"""A portal page with an open call card, and a placement page in it that handles the card's events."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import BrowserContext, Page

from worker_py_tool.bench.browsers import NO_SHARED_WORKER, hidden_frame
from worker_py_tool.demo import demo
from worker_py_tool.demo.portal_server import PortalServer

COMMAND_FROM = """() => {
  globalThis.commandFrom = (name) => new Promise((resolve) => {
    const listen = ({ data }) => {
      if (typeof data === "string" && data.startsWith(`${name}:`)) {
        removeEventListener("message", listen);
        resolve();
      }
    };
    addEventListener("message", listen);
  });
}"""
EVENTS = "() => import('/core/vocabulary.js').then(({ EVENTS }) => EVENTS.length)"
BOUND = "(count) => window.portal?.frames().some(({ bound }) => bound.length === count)"
READY = "() => globalThis.workerPy?.ready.then(() => null)"
CALL: dict[str, Any] = {"CALL_ID": "BENCH.1", "CRM_ENTITY_ID": 0, "CALL_DIRECTION": "incoming", "CALL_STATE": "idle"}


@contextmanager
def portal() -> Iterator[str]:
    """The simulated portal, by its address."""
    with PortalServer() as server:
        yield f"http://portal.localhost:{server.port}/"


def open_card(context: BrowserContext, portal_address: str, app: str, *, shared: bool = True) -> Page:
    """Open the portal's page with a placement page, and a call card in it; wait until handlers can run.

    Args:
        context: The browser.
        portal_address: Of the simulated portal.
        app: The address of the placement page.
        shared: Leave it its shared workers; otherwise it gets a worker of its own.
    """
    page = context.new_page()
    if not shared:
        page.add_init_script(NO_SHARED_WORKER)
    page.goto(demo.portal_url(portal_address, app, plain=""))
    page.wait_for_function(BOUND, arg=page.evaluate(EVENTS))
    page.evaluate(COMMAND_FROM)
    page.evaluate("() => portal.incomingCall({ silent: true })")
    page.evaluate("(call) => portal.raise('initialized', call)", CALL)
    hidden_frame(page).evaluate(READY)
    return page
