"""Fixtures for tests in a headless browser: bundles, servers on two sites, pages that may not complain.

The portal is `http://portal.localhost:P`, the app `http://app.localhost:Q`: two sites, and secure contexts.
"""

import hashlib
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from tests.support.browsers import Browsers, driver
from tests.support.built import built
from tests.support.complaints import Complaints as Complaints
from tests.support.policy_watch import PolicyReports, WatchedServer
from tests.support.witness import WITNESS, SharedPage, WitnessPage
from worker_py_tool.bundle import report_target
from worker_py_tool.bundle.build import Client
from worker_py_tool.bundle.phone import PhoneKind
from worker_py_tool.demo import demo
from worker_py_tool.demo.portal_server import PortalServer
from worker_py_tool.kit.browser_portal import BrowserPortal, PageType
from worker_py_tool.paths import CACHE
from worker_py_tool.scratch import scratch

CLIENTS: tuple[Client, ...] = ("bx24", "b24jssdk")
"""What a placement page can be built on; whole modules of tests run on both."""
BX24_FIRST = ("bx24", pytest.param("b24jssdk", marks=pytest.mark.campaign))
"""For tests of what does not depend on the client: with the other one they run in the campaign."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that records `tests/golden/call.json` anew."""
    parser.addoption("--update-golden", action="store_true", help="record tests/golden/call.json anew")


@pytest.fixture(scope="session")
def playwright_driver() -> Iterator[Playwright]:
    """Playwright itself."""
    with driver() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browsers(playwright_driver: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browsers]:
    """Starts browsers beside the suite's own, with other flags; they are closed at the end of the session."""
    opened = Browsers(playwright_driver, tmp_path_factory.mktemp("home"))
    yield opened
    opened.close()


class LaunchBrowser(Protocol):
    """Starts a browser; see `Browsers.launch`."""

    def __call__(
        self, *, arguments: Sequence[str] = (), without: Sequence[str] = (), loopback_workers: bool = True
    ) -> Browser:
        """Start one."""


@pytest.fixture(scope="session")
def launch_browser(browsers: Browsers) -> LaunchBrowser:
    """As `Browsers.launch`."""
    return browsers.launch


class LaunchProfile(Protocol):
    """Starts a browser with a profile that outlives it; see `Browsers.profile`."""

    def __call__(self, directory: Path, preferences: Mapping[str, object] | None = None) -> BrowserContext:
        """Start one."""


@pytest.fixture
def launch_profile(browsers: Browsers) -> Iterator[LaunchProfile]:
    """As `Browsers.profile`; what was started and still runs is closed at the end of the test."""
    with ExitStack() as contexts:
        yield lambda directory, preferences=None: contexts.enter_context(browsers.profile(directory, preferences))


@pytest.fixture(scope="session")
def browser(browsers: Browsers) -> Browser:
    """The suite's browser."""
    return browsers.launch()


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


@pytest.fixture(scope="module")
def warm_context(browser: Browser) -> Iterator[BrowserContext]:
    """A profile that tests of a module share: the interpreter that the first one started serves the others."""
    made = browser.new_context()
    yield made
    made.close()


@pytest.fixture
def warm_page(warm_context: BrowserContext, complaints: Complaints) -> Iterator[Page]:
    """A page of its own in that profile, for tests that neither end the interpreter nor care how it started.

    It remembers the calls of the tests before as those of a page that went: not for tests in which an event has to
    find the only call that goes on.
    """
    with complaints.watching(warm_context):
        yield warm_context.new_page()
        for page in warm_context.pages:
            page.close()


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
        report_to: str | None = None,
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
    return built(bundles_directory, "demo", partial(demo.build_demo, phone="loopback"))


@pytest.fixture(scope="session")
def bundle_for(bundles_directory: Path) -> BundleFor:
    """Builds a bundle of the handlers in `source`, indented as the test likes; each is built once a run.

    Nothing in it is compressed, which costs more than it saves on the way from here to here; the demo's bundle is.
    """

    def make(
        source: str,
        *,
        client: Client = "bx24",
        page_scripts: Sequence[Path] = (demo.FEED,),
        phone: PhoneKind | None = None,
        connect: Sequence[str] = (),
        report_to: str | None = None,
    ) -> Path:
        text = textwrap.dedent(source).lstrip()
        scripts = [(path.name, path.read_bytes()) for path in page_scripts]
        key = hashlib.sha256(repr((text, client, scripts, phone, connect, report_to)).encode()).hexdigest()[:16]

        def build(out: Path) -> None:
            app = bundles_directory / key / "app.py"
            app.parent.mkdir(exist_ok=True)
            app.write_text(text, encoding="utf-8")
            demo.build_demo(
                out,
                app=str(app),
                client=client,
                page_scripts=page_scripts,
                phone=phone,
                connect=connect,
                report_to=None if report_to is None else report_target.read(report_to),
                compress="none",
            )

        return built(bundles_directory, key, build)

    return make


@pytest.fixture(scope="session")
def portal_server() -> Iterator[PortalServer]:
    """The simulated portal's server; pages don't share state on it. Its site is `portal_url`."""
    with PortalServer(keep_s=3600) as server:
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


@pytest.fixture(scope="module")
def serve_app(policy_reports: PolicyReports) -> Iterator[Callable[[Path], str]]:
    """Serves a bundle until the end of the module; its address is `http://app.localhost:Q/`, each bundle's its own."""
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
    """Opens the simulated portal as people see it; see `open_portal`."""

    def __call__(
        self,
        kind: type[PageType],
        source: str | None = None,
        *,
        page: Page | None = None,
        bundle: Path | None = None,
        page_scripts: Sequence[Path] = (demo.FEED,),
        **options: str,
    ) -> PageType:
        """The portal's page."""


@pytest.fixture
def open_portal(
    request: pytest.FixtureRequest,
    client: Client,
    bundle_for: BundleFor,
    demo_bundle: Path,
    serve_app: Callable[[Path], str],
    portal_url: str,
) -> OpenPortal:
    """Opens the simulated portal with an app in its hidden frame, and waits until the frame's page has loaded.

    Arguments of the call: what kind of page it is to the test; the app's Python (the demo's without one), or a ready
    `bundle`; `page`, when not the fixture's; any more go into the portal's query string (`names="late"`).
    """

    def open_it(
        kind: type[PageType],
        source: str | None = None,
        *,
        page: Page | None = None,
        bundle: Path | None = None,
        page_scripts: Sequence[Path] = (demo.FEED,),
        **options: str,
    ) -> PageType:
        chosen = bundle or (demo_bundle if source is None and client == "bx24" else None)
        if chosen is None:
            text = demo.HANDLERS.read_text(encoding="utf-8") if source is None else source
            chosen = bundle_for(text, client=client, page_scripts=page_scripts)
        tab: Page = page or request.getfixturevalue("page")
        return BrowserPortal(tab.context, portal_url, serve_app(chosen), kind).open_page(tab, ready=False, **options)

    return open_it


class OpenPage(Protocol):
    """Opens a page of the portal; see `open_page`."""

    def __call__(
        self,
        source: str = "",
        *,
        bundle: Path | None = None,
        url: str | None = None,
        page: Page | None = None,
        ready: bool = True,
        **options: str,
    ) -> WitnessPage:
        """The page."""


@pytest.fixture
def open_page(
    request: pytest.FixtureRequest,
    client: Client,
    bundle_for: BundleFor,
    serve_app: Callable[[Path], str],
    portal_url: str,
) -> OpenPage:
    """Opens a page of the portal with an app behind it, and waits until Python runs; see `BrowserPortal.open_page`.

    Arguments of the call: the app's Python, a ready `bundle`, or the `url` of a placement page that is served already;
    `page`, an open tab in which the portal's page goes; `ready=False` to return as soon as the hidden page has loaded;
    any more go into the portal's query string (`names="late"`).
    """

    def open_it(
        source: str = "",
        *,
        bundle: Path | None = None,
        url: str | None = None,
        page: Page | None = None,
        ready: bool = True,
        **options: str,
    ) -> WitnessPage:
        profile: BrowserContext = page.context if page else request.getfixturevalue("context")
        if url is None:
            url = serve_app(bundle or bundle_for(source, client=client, page_scripts=(WITNESS,)))
        return BrowserPortal(profile, portal_url, url, WitnessPage).open_page(page, ready=ready, **options)

    return open_it


class SharedPageFor(Protocol):
    """Opens a portal page for the cases of a module; see `shared_page_for`."""

    def __call__(self, source: str, *, client: Client = "bx24") -> SharedPage:
        """With this app's Python running."""


@pytest.fixture(scope="module")
def shared_page_for(
    browser: Browser, bundle_for: BundleFor, serve_app: Callable[[Path], str], portal_url: str
) -> Iterator[SharedPageFor]:
    """Opens a portal page that the cases of a module share, with an app that has booted; see `SharedPage`."""
    with ExitStack() as contexts:

        def open_it(source: str, *, client: Client = "bx24") -> SharedPage:
            app = serve_app(bundle_for(source, client=client, page_scripts=(WITNESS,)))
            context = browser.new_context()
            contexts.callback(context.close)
            shared = BrowserPortal(context, portal_url, app, SharedPage).page
            shared.client, shared.complaints = client, Complaints()
            shared.complaints.watch(context)
            return shared

        yield open_it
