"""The call card alone: the simulated portal with a placement page that only listens, so that no test boots Python."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from playwright.sync_api import Browser, Frame, Locator, Page, expect

from tests.browser.conftest import Complaints
from tests.support.directory_server import DirectoryServer
from worker_py_tool.demo import demo

HERE: Final = Path(__file__).parent
FILES: Final = (HERE / "listener.html", HERE / "listener.js", demo.CLIENT)
HEIGHT: Final = 900
Scheme = Literal["light", "dark"]
STATES: Final = (
    "incoming",
    "transferIncoming",
    "outgoing",
    "connectingIncoming",
    "connectingOutgoing",
    "connected",
    "transferring",
    "transferFailed",
    "transferConnected",
    "error",
    "moneyError",
    "redial",
)


@dataclass
class Desk:
    """A portal page with a card, and the hidden page that listens to it.

    Attributes:
        page: the portal's page.
        complaints: what its pages complained about.
        width: of the window, at the beginning of a test.
    """

    page: Page
    complaints: Complaints
    width: int

    @property
    def card(self) -> Locator:
        """The card, as a person finds it."""
        return self.page.get_by_role("region", name="Call card")

    def button(self, name: str) -> Locator:
        """A button of the card, by its whole accessible name."""
        return self.card.get_by_role("button", name=name, exact=True)

    def buttons(self) -> list[str]:
        """The accessible names of the state's buttons, in their order, the five of the quality as one."""
        names = [one.inner_text().strip() for one in self.card.locator("#card-buttons button").all()]
        return [*names, *(["Quality"] if self.card.get_by_role("group", name="Call quality").is_visible() else [])]

    def open(self, ui_state: str = "connected", **options: object) -> None:
        """Open the card of an incoming call in this state."""
        self.portal("(portal, options) => portal.incomingCall(options)", {"uiState": ui_state, **options})
        expect(self.card).to_have_attribute("data-state", ui_state)
        self.heard()  # a card with a client begins with an event of its own

    def send(self, command: str, **params: object) -> Any:
        """Send a command as the app does, and give its answer."""
        return self.app.evaluate("([command, params]) => listener.send(command, params)", [command, params])

    def set_state(self, ui_state: str) -> None:
        """Bring the card into a state as an app does."""
        assert self.send("CallCardSetUiState", uiState=ui_state) == []
        expect(self.card).to_have_attribute("data-state", ui_state)

    def portal(self, script: str, argument: object = None) -> Any:
        """Evaluate a function of `(portal, argument)` in the portal's page."""
        return self.page.evaluate(f"(argument) => ({script})(window.portal, argument)", argument)

    @property
    def app(self) -> Frame:
        """The first hidden page."""
        return next(frame for frame in self.page.frames if frame.url.startswith("http://app."))

    def heard(self, *, frame: Frame | None = None) -> list[list[Any]]:
        """What the hidden page heard since it was asked last, without `initialized`: short names and payloads.

        A command is sent first: its answer comes behind every event raised before it.
        """
        asked = frame or self.app
        asked.evaluate("listener.send('CallCardGetListUiStates', {})")
        events: list[list[Any]] = asked.evaluate("listener.heard.splice(0)")
        return [event for event in events if event[0] != "initialized"]

    @contextmanager
    def case(self) -> Iterator[None]:
        """One test of those that share this desk: nothing is left of the one before, and no complaint of its own."""
        self.complaints.forget()
        self.page.set_viewport_size({"width": self.width, "height": HEIGHT})
        self.page.evaluate(
            """async () => {
                await portal.configure(null);
                for (const { id } of portal.frames().slice(1)) portal.closeFrame(id);
                if (portal.card()?.open) portal.act("closeButtonClick");
                portal.clear();
                document.activeElement?.blur();
            }"""
        )
        self.heard()
        yield
        self.complaints.check()

    def begin(self) -> None:
        """Wait until the page has loaded, and the hidden one listens."""
        self.page.wait_for_function("() => window.portal?.ready.then(() => true)")
        self.app.evaluate("listener.ready")

    def reload(self) -> None:
        """Load the page anew: nothing of it remembers where the focus was."""
        self.page.reload()
        self.begin()

    def settled(self) -> None:
        """Wait until the client pane has been filled."""
        expect(self.card.locator("#card-client-content")).to_have_attribute("aria-busy", "false")


@contextmanager
def desk_in(
    browser: Browser, portal_url: str, *, scheme: Scheme = "light", width: int = 1280, scale: int = 1
) -> Iterator[Desk]:
    """A desk in a profile of its own; a complaint of its pages fails the test."""
    complaints = Complaints()
    with (
        DirectoryServer(*FILES) as server,
        browser.new_context(
            color_scheme=scheme,
            viewport={"width": width, "height": HEIGHT},
            device_scale_factor=scale,
            reduced_motion="reduce",
        ) as context,
    ):
        complaints.watch(context)
        page = context.new_page()
        app = f"http://app.localhost:{server.port}/listener.html"
        page.goto(demo.portal_url(portal_url, app, plain="1"))
        desk = Desk(page, complaints, width)
        desk.begin()
        yield desk
        complaints.check()


@pytest.fixture(scope="module")
def shared_desk(browser: Browser, portal_url: str) -> Iterator[Desk]:
    """The portal page of a module's tests."""
    with desk_in(browser, portal_url) as opened:
        yield opened


@pytest.fixture
def desk(shared_desk: Desk) -> Iterator[Desk]:
    """A portal page without a call."""
    with shared_desk.case():
        yield shared_desk
