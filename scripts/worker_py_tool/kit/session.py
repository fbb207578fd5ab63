"""What browser tests of one session share: bundles, servers, and Playwright."""

from __future__ import annotations

import asyncio
import functools
import importlib.util
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from worker_py_tool.errors import ToolError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

    from worker_py_tool.kit.async_browser_portal import AsyncBrowserPortal
    from worker_py_tool.kit.strict_portal import StrictPortal

_ENDED: list[Any] = []
NEEDED = {"playwright": "Playwright", "brotli": "what builds a bundle", "uvicorn": "what serves one"}


def missing() -> str | None:
    """What is not installed that a browser test needs, in a sentence with the remedy."""
    for module, what in NEEDED.items():
        if importlib.util.find_spec(module) is None:
            return f"a test in a browser needs {what}, which is not installed: pip install 'worker-py[test]'"
    return None


class KitSession:
    """Builds each app once, and keeps servers and browser while the session lasts.

    Args:
        engine: `chromium` or `firefox`.
        headed: whether the browser is shown.
        home: a home directory for it.
    """

    def __init__(self, engine: str, headed: bool, home: Path) -> None:
        self._engine = engine
        self._headed = headed
        self._home = home
        self._kept = ExitStack()
        self._urls: dict[str, str] = {}
        self._portal_url: str | None = None
        self._directory: Path | None = None
        self._driver: Any = None
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    # Bundles and servers -------------------------------------------------------------------------

    def served(self, app: str) -> tuple[str, str]:
        """The addresses of the portal and of the placement page of `PATH:NAME`, which is built if it has not been.

        Raises:
            ToolError: It cannot be built or served.
        """
        from worker_py_tool.demo.portal_server import PortalServer
        from worker_py_tool.paths import CACHE
        from worker_py_tool.scratch import scratch
        from worker_py_tool.serve.server import Server
        from worker_py_tool.setup import bootstrap

        if self._portal_url is None:
            bootstrap.ensure({bootstrap.Need.BUILD})
            self._directory = self._kept.enter_context(scratch("kit-", CACHE))
            self._portal_url = f"http://portal.localhost:{self._kept.enter_context(PortalServer()).port}/"
        if app not in self._urls:
            assert self._directory is not None
            bundle = self._directory / str(len(self._urls))
            self._build(app, bundle)
            server = self._kept.enter_context(Server(bundle))
            self._urls[app] = f"http://app.localhost:{server.port}/"
        return self._portal_url, self._urls[app]

    @staticmethod
    def _build(app: str, bundle: Path) -> None:
        from worker_py_tool.demo import demo
        from worker_py_tool.dev import sources

        demo.build_demo(bundle, **sources.options_of(app), compress="none")

    # Browsers ------------------------------------------------------------------------------------

    @functools.cached_property
    def missing_browser(self) -> str | None:
        """That there is none of the engine, in a sentence with the remedy."""
        from worker_py_tool.setup import chromium

        try:
            self._options()
        except ToolError as problem:
            return str(problem)
        if self._engine == "chromium" and not chromium.is_there():
            return "there is no Chromium here: python -m playwright install chromium"
        return None

    def _options(self) -> dict[str, Any]:
        from worker_py_tool.kit.browsers import launch_options
        from worker_py_tool.setup import chromium

        os.environ.update(chromium.browsers_env())
        return {**launch_options(self._engine, self._home), "headless": not self._headed}

    @contextmanager
    def browser_portal(self, app: str) -> Iterator[StrictPortal]:
        """A portal in a profile of its own."""
        from worker_py_tool.kit.strict_portal import StrictPortal

        portal_url, app_url = self.served(app)
        with self._playing() as browser:
            context = browser.new_context()
            try:
                yield StrictPortal(context, portal_url, app_url)
            finally:
                if self._is_broken():
                    self.abandon()
                elif self._playwright is not None:
                    context.close()

    @contextmanager
    def _playing(self) -> Iterator[Browser]:
        """The session's browser. Outside of the block its loop does not seem to run, so that coroutine tests can."""
        from playwright.sync_api import sync_playwright

        if self._is_broken():
            self.abandon()
        before = asyncio._get_running_loop()  # another plugin's Playwright leaves its own there
        asyncio._set_running_loop(None)
        if self._playwright is None:
            self._driver = sync_playwright()
            self._playwright = self._driver.start()
        asyncio._set_running_loop(self._playwright._loop)
        try:
            if self._browser is None:
                self._browser = getattr(self._playwright, self._engine).launch(**self._options())
            yield self._browser
        finally:
            asyncio._set_running_loop(before)

    def _is_broken(self) -> bool:
        """Whether a time limit has struck inside Playwright, which then waits for ever for whatever it is asked."""
        fiber = getattr(self._playwright, "_dispatcher_fiber", None)
        return bool(getattr(fiber, "dead", False))

    def abandon(self) -> None:
        """End driver and browser without asking them; the next test gets others."""
        if self._playwright is None:
            return
        with suppress(Exception):  # these are no names that Playwright promises
            process = self._driver._connection._transport._proc
            process.kill()
            self._playwright._loop.run_until_complete(process.wait())
        _ENDED.append(self._driver)  # what is left of it complains when it is freed
        self._playwright = self._browser = None

    @asynccontextmanager
    async def begun(self, portal: AsyncBrowserPortal, app: str) -> AsyncIterator[None]:
        """The same on the loop that runs: browser and Playwright are this block's own."""
        from playwright.async_api import async_playwright

        portal_url, app_url = self.served(app)
        async with async_playwright() as playwright:
            browser = await getattr(playwright, self._engine).launch(**self._options())
            try:
                await portal.begin(await browser.new_context(), portal_url, app_url)
                yield
                await portal.check()
            finally:
                await browser.close()

    def close(self) -> None:
        """End everything."""
        if self._is_broken():
            self.abandon()
        if self._playwright is not None:
            asyncio._set_running_loop(self._playwright._loop)
            if self._browser is not None:
                self._browser.close()
            self._playwright.stop()
            asyncio._set_running_loop(None)
        self._kept.close()
