"""`BrowserPortal` for coroutines: the same verbs, on Playwright's asynchronous objects and the loop of the test."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from worker_py.events import Event
from worker_py.failures import Expected, Kinds
from worker_py_tool.kit.awaiting import as_synchronous, original, run
from worker_py_tool.kit.browser_portal import DEADLINE_MS, ELSEWHERE, NOTHING, BrowserCall, Card, Timer
from worker_py_tool.kit.strict_portal import StrictPage, StrictPortal

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Frame, Page


class AsyncBrowserCall:
    """As `BrowserCall`; what it shows is awaited: `await call.title`.

    Attributes:
        call_id: its id.
    """

    def __init__(self, call: BrowserCall) -> None:
        self._call = call
        self.call_id = call.call_id

    async def click(self, what: str, argument: object = None) -> None:
        """As `BrowserCall.click`."""
        await run(self._call.click, what, argument)

    async def finish(self) -> None:
        """As `BrowserCall.finish`."""
        await run(self._call.finish)

    async def now(self) -> Card:
        """As `BrowserCall.now`."""
        return await run(self._call.now)

    async def wait_for(self, predicate: Callable[[Card], object], *, timeout_s: float = DEADLINE_MS / 1000) -> Card:
        """As `BrowserCall.wait_for`."""
        return await run(self._call.wait_for, predicate, timeout_s=timeout_s)

    @property
    def title(self) -> Awaitable[str]:
        """The card's title."""
        return run(lambda: self._call.title)

    @property
    def status(self) -> Awaitable[str]:
        """The card's status text."""
        return run(lambda: self._call.status)

    @property
    def ui_state(self) -> Awaitable[str]:
        """The card's state."""
        return run(lambda: self._call.ui_state)

    @property
    def buttons(self) -> Awaitable[list[str]]:
        """The names of the card's buttons."""
        return run(lambda: self._call.buttons)

    @property
    def timer(self) -> Awaitable[Timer]:
        """The card's timer."""
        return run(lambda: self._call.timer)

    @property
    def commands(self) -> Awaitable[list[tuple[str, Any]]]:
        """The commands that the app has sent."""
        return run(lambda: self._call.commands)

    @property
    def closed(self) -> Awaitable[bool]:
        """Whether the card is gone."""
        return run(lambda: self._call.closed)


class _Verbs:
    """What a portal and a page of it have both."""

    _acting: StrictPortal | StrictPage

    @property
    def playwright_page(self) -> Page:
        """The portal's page, as Playwright has it."""
        page: Page = original(self._acting.playwright_page)
        return page

    @property
    def playwright_frame(self) -> Frame:
        """The hidden frame with the placement page; there is one once the page is open."""
        frame: Frame = original(self._acting.playwright_frame)
        return frame

    async def initialized(self, *, raw: bool = False, **fields: Any) -> AsyncBrowserCall:
        """As `PortalPage.initialized`."""
        return AsyncBrowserCall(await run(self._acting.initialized, raw=raw, **fields))

    async def click(self, what: str, argument: object = None) -> None:
        """As `PortalPage.click`."""
        await run(self._acting.click, what, argument)

    async def raise_event(self, event: str | Event, payload: object = NOTHING, *, raw: bool = False) -> int:
        """As `StrictPage.raise_event`."""
        return await run(self._acting.raise_event, event, payload, raw=raw)

    async def reports(self, kind: str | None = None) -> list[dict[str, Any]]:
        """As `PortalPage.reports`."""
        return await run(self._acting.reports, kind)

    async def navigate(self, uri: str = ELSEWHERE) -> None:
        """As `PortalPage.navigate`."""
        await run(self._acting.navigate, uri)

    async def provide(self, name: str, function: str | Callable[[Any], Any]) -> None:
        """As `PortalPage.provide`; the function may be a coroutine function."""
        await run(self._acting.provide, name, function)

    async def emit(self, name: str, payload: object = None) -> None:
        """As `PortalPage.emit`."""
        await run(self._acting.emit, name, payload)

    async def fault(self, name: str, on: bool = True) -> None:
        """As `PortalPage.fault`."""
        await run(self._acting.fault, name, on)

    async def kill_interpreter(self) -> None:
        """As `PortalPage.kill_interpreter`."""
        await run(self._acting.kill_interpreter)


class AsyncPortalPage(_Verbs):
    """As `PortalPage`."""

    def __init__(self, page: StrictPage) -> None:
        self._acting = page


class AsyncBrowserPortal(_Verbs):
    """As `BrowserPortal`; it begins and ends with the coroutine of the test.

    Attributes:
        rest: what REST methods give, as in `BrowserPortal`.
    """

    def __init__(self) -> None:
        self.rest: dict[str, Any] = {}
        self._tab: Page | None = None

    def __getattr__(self, name: str) -> Any:
        if name == "_acting":
            raise RuntimeError("async_browser_portal begins with its test: an asynchronous fixture comes too early")
        raise AttributeError(name)

    async def begin(self, context: BrowserContext, portal_url: str, app_url: str) -> None:
        """Open an empty tab in this profile, for the first page."""
        self._tab = await context.new_page()
        profile, tab = as_synchronous(context), as_synchronous(self._tab)
        portal: StrictPortal = await run(lambda: StrictPortal(profile, portal_url, app_url, tab=tab))
        portal.rest = self.rest
        self._acting = portal

    @property
    def playwright_page(self) -> Page:
        """The first page, as Playwright has it; empty before a call or `open_page`."""
        assert self._tab is not None, "async_browser_portal begins with its test"
        return self._tab

    async def open_page(self) -> AsyncPortalPage:
        """As `BrowserPortal.open_page`."""
        assert isinstance(self._acting, StrictPortal)
        return AsyncPortalPage(await run(self._acting.open_page))

    @asynccontextmanager
    async def expect_failure(self, kinds: Kinds = Exception) -> AsyncIterator[Expected]:
        """As `StrictPortal.expect_failure`: ``async with``."""
        assert isinstance(self._acting, StrictPortal)
        waiting = self._acting.expect_failure(kinds)
        expected = await run(waiting.__enter__)
        try:
            yield expected
        except BaseException:
            await run(waiting.__exit__, *sys.exc_info())
            raise
        await run(waiting.__exit__, None, None, None)

    async def check(self) -> None:
        """As `StrictPortal.check`."""
        assert isinstance(self._acting, StrictPortal)
        await run(self._acting.check)
