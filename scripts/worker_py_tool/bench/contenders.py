"""The pages that are measured: Python, and the same handlers in JavaScript, each in a portal page of its own."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from worker_py_tool import chromium, demo
from worker_py_tool.bench.directory_server import DirectoryServer
from worker_py_tool.paths import CACHE
from worker_py_tool.portal_server import PortalServer
from worker_py_tool.serve import Server

PYTHON = "Python"
JAVASCRIPT = "JavaScript"
HERE = Path(__file__).parent
FLAGS = ("--disable-features=LocalNetworkAccessChecks", "--disable-background-networking", "--disable-component-update")

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
BOUND = "() => window.portal?.frames().some(({ bound }) => bound.length === 17)"
CALL: dict[str, Any] = {"CALL_ID": "BENCH.1", "CRM_ENTITY_ID": 0, "CALL_DIRECTION": "incoming", "CALL_STATE": "idle"}


@dataclass(frozen=True, slots=True)
class Contender:
    """A portal page with a call card that is open, and a placement page that handles its events.

    Attributes:
        name: What it is written in.
        page: The portal's page.
        described: How its handlers are hosted.
    """

    name: str
    page: Page
    described: str


@contextmanager
def opened() -> Iterator[list[Contender]]:
    """Build and serve both pages, and open them in one browser."""
    CACHE.mkdir(exist_ok=True)
    os.environ.update(chromium.browsers_env())
    with ExitStack() as stack:
        bundle = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=CACHE))) / "bundle"
        demo.build_demo(bundle, app=str(HERE / "app.py"), page_scripts=())
        python = stack.enter_context(Server(bundle))
        javascript = stack.enter_context(DirectoryServer(*(HERE / "javascript").iterdir(), demo.CLIENT))
        portal = stack.enter_context(PortalServer())
        browser = stack.enter_context(sync_playwright()).chromium.launch(
            executable_path=chromium.find_installed(),
            args=[*(["--no-sandbox"] if os.geteuid() == 0 else []), *FLAGS],
            ignore_default_args=["--disable-background-timer-throttling"],
        )
        stack.callback(browser.close)
        pages = {PYTHON: python.port, JAVASCRIPT: javascript.port}
        yield [_open(browser, name, portal.port, port) for name, port in pages.items()]


def _open(browser: Browser, name: str, portal: int, app: int) -> Contender:
    page = browser.new_context().new_page()
    page.goto(demo.portal_url(f"http://portal.localhost:{portal}/", f"http://app.localhost:{app}/", plain=""))
    page.wait_for_function(BOUND)
    page.evaluate(COMMAND_FROM)
    page.evaluate("() => portal.incomingCall({ silent: true })")
    page.evaluate("(call) => portal.raise('initialized', call)", CALL)
    described = "JavaScript in a dedicated worker"
    if name == PYTHON:
        frame = next(frame for frame in page.frames if frame.url.startswith("http://app.localhost"))
        frame.evaluate("() => workerPy.ready.then(() => null)")
        described = f"Python hosted {frame.evaluate('() => workerPy.diagnostics().host.mode')}"
    return Contender(name, page, described)
