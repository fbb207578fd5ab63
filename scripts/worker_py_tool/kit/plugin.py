"""The pytest plugin of worker-py: an app under test, in memory and in a browser."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from worker_py import App
from worker_py.testing import Portal
from worker_py_tool.errors import ToolError
from worker_py_tool.kit import project
from worker_py_tool.kit.session import KitSession, missing

if TYPE_CHECKING:
    from worker_py_tool.kit.async_browser_portal import AsyncBrowserPortal
    from worker_py_tool.kit.strict_portal import StrictPortal

SYNCHRONOUS = "browser_portal is for plain functions; a coroutine test takes async_browser_portal"
ASYNCHRONOUS = "async_browser_portal is for coroutine tests, `async def`; a plain function takes browser_portal"

FAILED = pytest.StashKey[bool]()
TIMED_OUT = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The plugin's options."""
    group = parser.getgroup("worker-py", "worker-py: call cards in a browser")
    group.addoption(
        "--worker-py-browser", choices=("chromium", "firefox"), default="chromium", help="what browser_portal runs in"
    )
    group.addoption("--worker-py-headed", action="store_true", help="show the browser")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Note that a test has failed; and that a time limit has struck in it, maybe inside Playwright.

    Playwright may wait for ever then.
    """
    error = call.excinfo.value if call.excinfo else None
    item.stash[FAILED] = error is not None
    if isinstance(error, pytest.fail.Exception) and str(error).startswith("Timeout"):
        item.stash[TIMED_OUT] = True


@pytest.hookimpl
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine test of `async_browser_portal`, when it is marked for no plugin that runs such."""
    test = pyfuncitem.obj
    if "async_browser_portal" not in pyfuncitem.fixturenames or not inspect.iscoroutinefunction(test):
        return None
    asyncio.run(test(**{name: pyfuncitem.funcargs[name] for name in inspect.signature(test).parameters}))
    return True


@pytest.fixture(scope="session")
def worker_app(pytestconfig: pytest.Config) -> App:
    """The app under test: what `[tool.worker-py] app` names in pyproject.toml, else `app.py:app`.

    The directory is pytest's root, or where it was started. Override it for another app.
    """
    try:
        return project.load(project.find([pytestconfig.rootpath, pytestconfig.invocation_params.dir]))
    except ToolError as problem:
        pytest.fail(str(problem), pytrace=False)


@pytest.fixture
def portal(worker_app: App, pytestconfig: pytest.Config) -> Iterator[Portal]:
    """A strict portal in memory. `portal.attach()` opens the first page, and so does raising an event.

    `portal.config` begins as the project's `[tool.worker-py.config]`.
    """
    config = project.config([pytestconfig.rootpath, pytestconfig.invocation_params.dir])
    with Portal(worker_app, strict=True, attach=False, config=config) as made:
        yield made


@pytest.fixture(scope="session")
def worker_py_session(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KitSession]:
    """Servers, bundles and browser of this session."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    engine, headed = pytestconfig.getoption("--worker-py-browser"), pytestconfig.getoption("--worker-py-headed")
    session = KitSession(engine, headed, tmp_path_factory.mktemp("browser-home"))
    yield session
    session.close()


@pytest.fixture
def browser_portal(
    request: pytest.FixtureRequest, worker_py_session: KitSession, worker_app: App
) -> Iterator[StrictPortal]:
    """The app's bundle in the simulated portal, in a browser: Playwright's synchronous interface.

    As strict as `portal`: what fails there fails the test, unless it is expected.
    """
    if inspect.iscoroutinefunction(getattr(request.node, "obj", None)):
        pytest.fail(SYNCHRONOUS, pytrace=False)
    with worker_py_session.browser_portal(_ready(worker_py_session, worker_app)) as opened:
        yield opened
        if request.node.stash.get(TIMED_OUT, False):
            worker_py_session.abandon()
        elif not request.node.stash.get(FAILED, False):
            opened.check()


@pytest.fixture
def async_browser_portal(
    request: pytest.FixtureRequest, worker_py_session: KitSession, worker_app: App
) -> AsyncBrowserPortal:
    """The same for coroutine tests: Playwright's asynchronous interface, on the loop of the test.

    Whatever runs the test: it begins and ends with the test's own coroutine.
    """
    from worker_py_tool.kit.async_browser_portal import AsyncBrowserPortal

    test = getattr(request.node, "obj", None)
    if not isinstance(request.node, pytest.Function) or not inspect.iscoroutinefunction(test):
        pytest.fail(ASYNCHRONOUS, pytrace=False)
    source = _ready(worker_py_session, worker_app)
    made = AsyncBrowserPortal()

    @functools.wraps(test)
    async def within(*args: Any, **named: Any) -> None:
        async with worker_py_session.begun(made, source):
            await test(*args, **named)

    request.node.obj = within
    return made


def _ready(session: KitSession, app: App) -> str:
    """Where the app is, once its bundle is served; a test without a browser is skipped, and says what is missing."""
    try:
        source = project.source_of(app)
        reason = session.missing_browser
        if reason is not None:
            pytest.skip(reason)
        session.served(source)
    except ToolError as problem:
        pytest.fail(str(problem), pytrace=False)
    return source
