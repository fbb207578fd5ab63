"""Fixtures for tests in headless Chromium: bundles, servers on two sites, pages that may not complain.

The portal is `http://portal.localhost:P`, the app `http://app.localhost:Q`: two sites, and secure contexts.
"""

import hashlib
import json
import os
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect, sync_playwright

from tests.support.harness import WITNESS, Stage
from tests.support.policy_watch import PolicyReports, WatchedServer
from worker_py_tool import chromium, demo
from worker_py_tool.build import Client
from worker_py_tool.paths import CACHE
from worker_py_tool.phone import PhoneKind
from worker_py_tool.portal_server import PortalServer
from worker_py_tool.scratch import scratch

READY_TIMEOUT_MS = 30_000
SUITE_FLAGS = [
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
    # No look-ups of its maker's hosts: a test machine may have no network.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
FEATURES_OFF = (
    # Stops a shared worker of a cross-site frame on a loopback address.
    "LocalNetworkAccessChecks",
    # Each new window would load a page of the browser's own for its address bar: a second of processor time.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
)
DISABLE_FEATURES = f"--disable-features={','.join(FEATURES_OFF)}"
POLICIES = ("Content Security Policy", "Permissions-Policy", "Permissions policy")
CLIENTS: tuple[Client, ...] = ("bx24", "b24jssdk")
"""What a placement page can be built on; whole modules of tests run on both."""
BX24_FIRST = ("bx24", pytest.param("b24jssdk", marks=pytest.mark.campaign))
"""For tests of what does not depend on the client: with the other one they run in the campaign."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that records `tests/golden/call.json` anew."""
    parser.addoption("--update-golden", action="store_true", help="record tests/golden/call.json anew")


@pytest.fixture(scope="session")
def playwright_driver() -> Iterator[Playwright]:
    """Playwright itself, for tests that start browsers of their own."""
    os.environ.update(chromium.browsers_env())
    expect.set_options(timeout=READY_TIMEOUT_MS)
    with sync_playwright() as driver:
        yield driver


class LaunchBrowser(Protocol):
    """Starts a Chromium; see `launch_browser`."""

    def __call__(
        self, *, arguments: Sequence[str] = (), without: Sequence[str] = (), loopback_workers: bool = True
    ) -> Browser:
        """Start one."""


@pytest.fixture(scope="session")
def launch_browser(playwright_driver: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchBrowser]:
    """Starts a Chromium with other flags than the suite's; it is closed at the end of the session.

    Arguments of the call: `arguments`, more flags; `without`, flags of Playwright's to leave out, such as
    `--disable-back-forward-cache`; `loopback_workers=False` keeps Chromium's local-network checks, which stop a
    SharedWorker of a cross-site frame on a loopback address. Timers are throttled as in a person's browser.
    """
    home = tmp_path_factory.mktemp("home")
    with ExitStack() as browsers:

        def launch(
            *, arguments: Sequence[str] = (), without: Sequence[str] = (), loopback_workers: bool = True
        ) -> Browser:
            flags = [
                *SUITE_FLAGS,
                *([DISABLE_FEATURES] if loopback_workers else []),
                *arguments,
            ]
            browser = playwright_driver.chromium.launch(
                executable_path=chromium.find_installed(),
                args=flags,
                ignore_default_args=["--disable-background-timer-throttling", *without],
                env={**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_CACHE_HOME": str(home)},
            )
            browsers.callback(browser.close)
            return browser

        yield launch


class LaunchProfile(Protocol):
    """Starts a Chromium with a profile that outlives it; see `launch_profile`."""

    def __call__(self, directory: Path, preferences: Mapping[str, object] | None = None) -> BrowserContext:
        """Start one."""


@pytest.fixture
def launch_profile(playwright_driver: Playwright) -> Iterator[LaunchProfile]:
    """Starts a Chromium with a profile in a directory, as a person's is, and with that person's settings.

    Arguments of the call: the `directory`, which may hold a profile already; `preferences`, what Chromium's settings
    page writes. What was started and still runs is closed at the end of the test.
    """
    with ExitStack() as contexts:

        def launch(directory: Path, preferences: Mapping[str, object] | None = None) -> BrowserContext:
            if preferences is not None:
                (directory / "Default").mkdir(parents=True, exist_ok=True)
                (directory / "Default" / "Preferences").write_text(json.dumps(preferences), encoding="utf-8")
            context = playwright_driver.chromium.launch_persistent_context(
                directory,
                executable_path=chromium.find_installed(),
                args=[*SUITE_FLAGS, DISABLE_FEATURES],
                ignore_default_args=["--disable-background-timer-throttling"],
                env={**os.environ, "HOME": str(directory)},
            )
            contexts.callback(context.close)
            return context

        yield launch


@pytest.fixture(scope="session")
def browser(launch_browser: LaunchBrowser) -> Browser:
    """The suite's Chromium."""
    return launch_browser()


@dataclass
class Complaints:
    """What pages complained about: console errors, uncaught exceptions, violations of the CSP. Any fails the test.

    Attributes:
        seen: Every complaint so far.
        expected: Patterns of those that the test wants; each must match at least one.
    """

    seen: list[str] = field(default_factory=list)
    expected: list[re.Pattern[str]] = field(default_factory=list)

    def expect(self, pattern: str) -> None:
        """Let complaints that match pass, and fail the test when there is none."""
        self.expected.append(re.compile(pattern))

    def watch(self, context: BrowserContext) -> None:
        """Collect from all pages of a context, their frames and dedicated workers included."""
        context.on("console", self._on_console)
        context.on("weberror", lambda problem: self.seen.append(f"uncaught: {problem.error}"))

    def _on_console(self, message: ConsoleMessage) -> None:
        # The browser itself reports violations and failed loads this way.
        if message.type == "error" or any(name in message.text for name in POLICIES):
            self.seen.append(
                f"{message.text} ({message.location.get('url', '')}:{message.location.get('lineNumber', '')})"
            )

    def check(self) -> None:
        """Fail for what was not expected, and for what was expected and missing."""
        unexpected = [text for text in self.seen if not any(pattern.search(text) for pattern in self.expected)]
        missing = [pattern.pattern for pattern in self.expected if not any(pattern.search(text) for text in self.seen)]
        assert not unexpected, "the page complained:\n" + "\n".join(unexpected)
        assert not missing, f"complaints that were expected and did not come: {missing}"


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """What the pages of this test complain about; `complaints.expect(pattern)` for what the test wants."""
    collected = Complaints()
    yield collected
    collected.check()


@pytest.fixture
def context(browser: Browser, complaints: Complaints) -> Iterator[BrowserContext]:
    """A fresh profile."""
    made = browser.new_context()
    complaints.watch(made)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page in a fresh profile."""
    return context.new_page()


class BundleFor(Protocol):
    """Builds the bundle of an app written in a test; see `bundle_for`."""

    def __call__(
        self,
        source: str,
        *,
        client: Client = "bx24",
        page_scripts: Sequence[Path] = (demo.FEED,),
        phone: PhoneKind | None = None,
        connect: Sequence[str] = (),
    ) -> Path:
        """Its directory."""


@pytest.fixture(scope="session")
def bundles_directory() -> Iterator[Path]:
    """Where this session's bundles go: on the file system of node_modules, so that Pyodide can be linked."""
    with scratch("bundles-", CACHE) as directory:
        yield directory


@pytest.fixture(scope="session")
def demo_bundle(bundles_directory: Path) -> Path:
    """The bundle of the demo."""
    demo.build_demo(bundles_directory / "demo", phone="loopback")
    return bundles_directory / "demo"


@pytest.fixture(scope="session")
def bundle_for(bundles_directory: Path) -> BundleFor:
    """Builds a bundle of the handlers in `source`, indented as the test likes; each is built once a session."""

    def make(
        source: str,
        *,
        client: Client = "bx24",
        page_scripts: Sequence[Path] = (demo.FEED,),
        phone: PhoneKind | None = None,
        connect: Sequence[str] = (),
    ) -> Path:
        text = textwrap.dedent(source).lstrip()
        scripts = [(path.name, path.read_bytes()) for path in page_scripts]
        key = hashlib.sha256(repr((text, client, scripts, phone, connect)).encode()).hexdigest()[:16]
        directory = bundles_directory / key
        if not (directory / "bundle").exists():
            directory.mkdir(exist_ok=True)
            (directory / "app.py").write_text(text, encoding="utf-8")
            demo.build_demo(
                directory / "bundle",
                app=str(directory / "app.py"),
                client=client,
                page_scripts=page_scripts,
                phone=phone,
                connect=connect,
            )
        return directory / "bundle"

    return make


@pytest.fixture(scope="session")
def portal_server() -> Iterator[PortalServer]:
    """The simulated portal's server; pages don't share state on it. Its site is `portal_url`."""
    with PortalServer() as server:
        yield server


@pytest.fixture(scope="session")
def portal_url(portal_server: PortalServer) -> str:
    """`http://portal.localhost:P/`."""
    return f"http://portal.localhost:{portal_server.port}/"


@pytest.fixture(scope="session")
def policy_reports() -> PolicyReports:
    """What the browser reported of violations of the CSP, in pages and in workers of either kind, to all servers."""
    return PolicyReports()


@pytest.fixture(autouse=True)
def no_policy_violations(policy_reports: PolicyReports) -> Iterator[None]:
    """Any violation fails the test that was running when it was reported."""
    yield
    reported = policy_reports.take()
    assert not reported, f"violations of the Content-Security-Policy: {reported}"


@pytest.fixture(scope="session")
def serve_app(policy_reports: PolicyReports) -> Iterator[Callable[[Path], str]]:
    """Serves a bundle until the end of the session; its address is `http://app.localhost:Q/`, each bundle's its own."""
    with ExitStack() as servers:
        urls: dict[Path, str] = {}

        def serve(bundle: Path) -> str:
            if bundle not in urls:
                server = servers.enter_context(WatchedServer(bundle, policy_reports))
                urls[bundle] = f"http://app.localhost:{server.port}/"
            return urls[bundle]

        yield serve


@pytest.fixture
def client() -> Client:
    """The portal's client in bundles of `open_portal`; a test parametrizes it to run on both."""
    return "bx24"


class OpenPortal(Protocol):
    """Opens the simulated portal; see `open_portal`."""

    def __call__(
        self,
        source: str | None = None,
        *,
        page: Page | None = None,
        bundle: Path | None = None,
        page_scripts: Sequence[Path] = (demo.FEED,),
        ready: bool = True,
        **options: str,
    ) -> Page:
        """The portal's page."""


@pytest.fixture
def open_portal(
    page: Page,
    client: Client,
    bundle_for: BundleFor,
    demo_bundle: Path,
    serve_app: Callable[[Path], str],
    portal_url: str,
) -> OpenPortal:
    """Opens the simulated portal with an app in its hidden frame, and waits until the frame's page has loaded.

    Arguments of the call: `source`, the app's Python (the demo's without one), or a ready `bundle`; `page`, when not
    the fixture's; `ready=False` to return at once; any more go into the portal's query string (`names="late"`).
    """
    default_page = page

    def open_it(
        source: str | None = None,
        *,
        page: Page | None = None,
        bundle: Path | None = None,
        page_scripts: Sequence[Path] = (demo.FEED,),
        ready: bool = True,
        **options: str,
    ) -> Page:
        chosen = bundle or (demo_bundle if source is None and client == "bx24" else None)
        if chosen is None:
            text = demo.HANDLERS.read_text(encoding="utf-8") if source is None else source
            chosen = bundle_for(text, client=client, page_scripts=page_scripts)
        opened = page or default_page
        opened.goto(demo.portal_url(portal_url, serve_app(chosen), **options))
        if ready:
            opened.wait_for_function("() => window.portal?.ready.then(() => true)", timeout=READY_TIMEOUT_MS)
        return opened

    return open_it


class StageFor(Protocol):
    """Opens a portal page for the cases of a module; see `stage_for`."""

    def __call__(self, source: str, *, client: Client = "bx24") -> Stage:
        """With this app's Python running."""


@pytest.fixture(scope="module")
def stage_for(
    browser: Browser, bundle_for: BundleFor, serve_app: Callable[[Path], str], portal_url: str
) -> Iterator[StageFor]:
    """Opens a portal page that the cases of a module share, with an app that has booted; see `Stage`."""
    with ExitStack() as contexts:

        def open_it(source: str, *, client: Client = "bx24") -> Stage:
            app = serve_app(bundle_for(source, client=client, page_scripts=(WITNESS,)))
            context = browser.new_context()
            contexts.callback(context.close)
            stage = Stage(context.new_page(), Complaints(), client)
            stage.complaints.watch(context)
            stage.page.goto(demo.portal_url(portal_url, app, plain="1"))
            stage.page.wait_for_function("() => window.portal?.ready.then(() => true)", timeout=READY_TIMEOUT_MS)
            stage.frame.evaluate("workerPy.ready.then(() => null)")
            return stage

        yield open_it
