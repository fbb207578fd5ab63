"""Browsers with profiles on disk, as a person's, and the tabs of the portal in them."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from playwright.sync_api import BrowserContext, Error, Frame, Page, Playwright

from worker_py_tool.bench.site_server import SiteServer
from worker_py_tool.bench.stage import PORTAL
from worker_py_tool.kit import webkit
from worker_py_tool.kit.browsers import launch_options
from worker_py_tool.setup import chromium

FLAGS = ("--disable-features=LocalNetworkAccessChecks", "--disable-background-networking", "--disable-component-update")
NO_SHARED_WORKER = "delete globalThis.SharedWorker;"
READY = "() => globalThis.readyAt !== undefined"
TIMEOUT_MS = 120_000
POLL_MS = 50


@contextmanager
def fresh(playwright: Playwright, *arguments: str) -> Iterator[BrowserContext]:
    """A browser of its own, with a profile that was never used: no cache of any kind, on disk or in memory."""
    with (
        tempfile.TemporaryDirectory(prefix="worker-py-bench-") as directory,
        with_profile(playwright, Path(directory) / "profile", *arguments) as context,
    ):
        yield context


@contextmanager
def with_profile(playwright: Playwright, profile: Path, *arguments: str) -> Iterator[BrowserContext]:
    """A browser of its own with this profile, which is made when it is not there."""
    context = playwright.chromium.launch_persistent_context(
        profile,
        executable_path=chromium.find_installed(),
        args=[*chromium.AS_ROOT, *FLAGS, *arguments],
        ignore_default_args=["--disable-background-timer-throttling"],
    )
    context.set_default_timeout(TIMEOUT_MS)
    try:
        yield context
    finally:
        context.close()


@contextmanager
def undriven(playwright: Playwright, profile: Path, address: str) -> Iterator[None]:
    """A browser of its own with this profile and this page, as a person starts it.

    Playwright drives a browser as a debugger does: every process of another site and every shared worker waits, when it
    begins, until it has been looked at.
    """
    program = chromium.find_installed() or playwright.chromium.executable_path
    begins = ("--headless", "--no-first-run", "--no-default-browser-check", "--password-store=basic")
    command = [program, *begins, *chromium.AS_ROOT, *FLAGS, f"--user-data-dir={profile}", address]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
        try:
            yield
        finally:
            browser.terminate()  # it writes then what it keeps


@contextmanager
def fresh_of(playwright: Playwright, engine: str) -> Iterator[BrowserContext]:
    """The same of another engine, with a profile in a process of its own."""
    if engine == "chromium":
        with fresh(playwright) as context:
            yield context
        return
    with tempfile.TemporaryDirectory(prefix="worker-py-bench-") as home, ExitStack() as opened:
        if engine == "webkit":
            browser = opened.enter_context(webkit.launched(Path(home)))
        else:
            browser = opened.enter_context(playwright.firefox.launch(**launch_options(engine, Path(home))))
        yield opened.enter_context(browser.new_context())


def boot_of(context: BrowserContext, server: SiteServer, site: str) -> float:
    """As `boot`, asked from outside of any engine: ours may share its worker, which ends with the page here."""
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(f"{server.address(PORTAL)}?app={server.address(site)}")
    page.wait_for_function("() => document.querySelector('iframe') !== null")
    deadline = time.monotonic() + TIMEOUT_MS / 1000
    took = None
    while took is None:
        if time.monotonic() > deadline:
            raise RuntimeError(f"no handler could run in {site}")
        page.wait_for_timeout(POLL_MS)
        with suppress(Error):  # between two documents
            took = page.frames[1].evaluate("globalThis.readyAt ?? null")
    page.frames[1].evaluate("globalThis.workerPy?.killWorker()")  # should the engine keep it: the next one boots, too
    page.close()
    return float(took)


def version(playwright: Playwright, engine: str = "chromium") -> str:
    """The version of the browser that is measured."""
    if engine != "chromium":
        with fresh_of(playwright, engine) as context:
            agent: str = context.new_page().evaluate("navigator.userAgent")
            return f"{engine}: {agent}"
    browser = playwright.chromium.launch(executable_path=chromium.find_installed(), args=chromium.AS_ROOT)
    try:
        return browser.version
    finally:
        browser.close()


def open_tab(context: BrowserContext, server: SiteServer, site: str, path: str = "", *, shared: bool = False) -> Page:
    """Open a tab of the portal that loads a site into its hidden frame, and wait until a handler can run there.

    Args:
        context: The browser.
        server: Serves the portal's page and the site.
        site: What to load.
        path: The page of the site.
        shared: Leave the site its shared workers; otherwise it gets a worker of its own.
    """
    page = context.new_page()
    if not shared:
        page.add_init_script(NO_SHARED_WORKER)
    page.goto(server.address(PORTAL))  # the tab has its processes before the clock starts
    server.tally.start(site)
    page.goto(f"{server.address(PORTAL)}?app={server.address(site)}{path}")
    ready_at(page)
    return page


def ready_at(page: Page) -> float:
    """When a handler could run in the hidden frame, in milliseconds since the frame's navigation began."""
    frame = hidden_frame(page)
    frame.wait_for_function(READY, polling=50)
    return float(frame.evaluate("() => readyAt"))


def hidden_frame(page: Page) -> Frame:
    """The frame of the portal's page.

    Raises:
        RuntimeError: There is none.
    """
    handle = page.wait_for_selector("iframe", state="attached")
    frame = handle.content_frame() if handle else None
    if frame is None:
        raise RuntimeError(f"{page.url} has no frame")
    frame.wait_for_load_state()
    return frame


def boot(context: BrowserContext, server: SiteServer, site: str, path: str = "", *, shared: bool = False) -> float:
    """Open a tab, and close it: from the start of the frame until a handler could run, in milliseconds."""
    page = open_tab(context, server, site, path, shared=shared)
    try:
        return ready_at(page)
    finally:
        page.close()
