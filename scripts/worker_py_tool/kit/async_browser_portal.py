"""`BrowserPortal` for coroutines: the same verbs, on Playwright's asynchronous objects and the loop of the test."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from worker_py.events import Event
from worker_py_tool.kit.awaiting import as_synchronous, original, run
from worker_py_tool.kit.browser_portal import NOTHING, BrowserCall, BrowserPortal, Card, PortalPage, SteadyPage, Timer

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

    async def wait_for(self, predicate: Callable[[Card], bool]) -> Card:
        """As `BrowserCall.wait_for`."""
        return await run(self._call.wait_for, predicate)

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

    _acting: BrowserPortal[SteadyPage] | PortalPage

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

    async def reports(self, kind: str | None = None) -> list[dict[str, Any]]:
        """As `PortalPage.reports`."""
        return await run(self._acting.reports, kind)

    async def navigate(self, uri: str) -> None:
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

    def __init__(self, page: PortalPage) -> None:
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
        portal: BrowserPortal[SteadyPage] = await run(
            lambda: BrowserPortal(profile, portal_url, app_url, SteadyPage, tab=tab, answers_rest=True)
        )
        portal.rest = self.rest
        self._acting = portal

    @property
    def playwright_page(self) -> Page:
        """The first page, as Playwright has it; empty before a call or `open_page`."""
        assert self._tab is not None, "async_browser_portal begins with its test"
        return self._tab

    async def raise_event(self, event: str | Event, payload: object = NOTHING, *, raw: bool = False) -> int:
        """As `BrowserPortal.raise_event`."""
        assert isinstance(self._acting, BrowserPortal)
        return await run(self._acting.raise_event, event, payload, raw=raw)

    async def open_page(self) -> AsyncPortalPage:
        """As `BrowserPortal.open_page`."""
        assert isinstance(self._acting, BrowserPortal)
        return AsyncPortalPage(await run(self._acting.open_page))
