"""Several pages of a portal and the interpreters behind them, for the tests of hosting, ownership and storage."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page

from tests.support.placement import Placement
from worker_py_tool import demo

POLL_S = 30
DESK = Path(__file__).with_name("desk.js")

APP = """
    import asyncio
    import itertools
    import uuid

    from worker_py import App, PageGone
    from worker_py.events import (
        AddCommentButtonClick, CardClosed, HoldButtonClick, Initialized, MuteButtonClick, PageAttached, PageDetached,
        Started,
    )

    app = App(page_grace_s=GRACE)
    interpreter = ""
    log = []
    cards = {}

    def note(what, event, card, *more):
        cards[card.call_id] = card
        meta = event.meta
        log.append([what, card.call_id, *more, {"redelivered": meta.redelivered, "resumed": meta.resumed,
                                                "restored": card.restored, "page": meta.page_id}])

    @app.on(Started)
    def started(event, _):
        global interpreter
        interpreter = uuid.uuid4().hex  # not at import: the memory snapshot would make it the same for all
        log.append(["started"])

    @app.on(PageAttached)
    def attached(event, page):
        log.append(["attached", event.mode, event.reason, page.id])

    @app.on(PageDetached)
    def detached(event, page):
        log.append(["detached", event.reason, page.id])

    @app.on(CardClosed)
    def closed(event, card):
        log.append(["closed", event.call_id, event.reason])

    @app.on(Initialized)
    async def greet(event, card):
        note("initialized", event, card)
        if "mark" not in card.data:
            card.data["mark"] = f"made by {interpreter}"
            await card.set_card_title("Greeted")

    @app.on(MuteButtonClick)
    async def mute(event, card):
        note("mute", event, card, event.muted)
        await card.set_status_text("muted" if event.muted else "open")

    @app.on(HoldButtonClick)
    async def hold(event, card):
        note("hold", event, card)
        await card.page.call("hold")
        card.data["held"] = True

    @app.on(AddCommentButtonClick)
    async def comment(event, card):
        note("comment", event, card, event.comment)
        if event.comment == "hang":
            sum(itertools.count())
        card.data["comments"] = card.data.get("comments", []) + [event.comment]
        try:
            await card.set_status_text(event.comment)
        except PageGone:
            log.append(["PageGone", event.comment])

    @app.on_page_event("ask")
    async def tell(n, page):
        known = {
            call_id: {"data": card.data, "restored": card.restored, "page": card.page_id,
                      "title": card.state.title, "muted": card.state.muted, "closed": card.state.closed}
            for call_id, card in cards.items()
        }
        await page.call("told", {"n": n, "interpreter": interpreter, "log": log, "cards": known})
"""


def app_with(*, grace_s: float | None = 60) -> str:
    """The app of these tests; `grace_s` is its `page_grace_s`."""
    return APP.replace("GRACE", repr(grace_s))


class Tab(Placement):
    """One page of the portal in a browser tab, with its hidden frame."""

    def state_of_python(self) -> dict[str, Any]:
        """What the interpreter of this page says of itself: `interpreter`, `log`, `cards`."""
        answer: dict[str, Any] = self.frame.evaluate("desk.ask()")
        return answer

    def logged(self, what: str) -> list[list[Any]]:
        """The entries of the interpreter's log of one kind."""
        return [entry for entry in self.state_of_python()["log"] if entry[0] == what]

    def until_logged(self, *entry: object) -> None:
        """Wait until the interpreter's log holds an entry that begins so."""
        wanted = list(entry)
        self.poll(
            lambda: any(each[: len(wanted)] == wanted for each in self.state_of_python()["log"]), f"{entry} in the log"
        )

    def poll(self, condition: Callable[[], bool], what: str, there: Callable[[], object] = lambda: "nothing") -> None:
        """Wait until a condition holds that only the test can check; should it not, tell what is `there`."""
        deadline = time.monotonic() + POLL_S
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain for {what}; there is {there()}"
            self.page.wait_for_timeout(50)

    def host(self) -> dict[str, Any]:
        """`workerPy.diagnostics().host`."""
        found: dict[str, Any] = self.diagnostics()["host"]
        return found

    def page_id(self) -> str:
        """The id of the present load of the placement page."""
        return str(self.stats()["page"])

    def incoming_call(self, **options: object) -> str:
        """Open the card of an incoming call."""
        return str(self.page.evaluate("(options) => portal.incomingCall(options)", options))

    def click(self, what: str, argument: object = None) -> None:
        """Click on the card as the operator does."""
        script = "([what, argument]) => portal.click(what, argument ?? undefined)"
        self.page.evaluate(script, [what, argument])

    def card(self) -> dict[str, Any]:
        """The portal's card."""
        found: dict[str, Any] = self.page.evaluate("portal.card()")
        return found

    def until_card(self, **wanted: object) -> None:
        """Wait until the portal's card is like this."""
        script = "(wanted) => Object.entries(wanted).every(([key, value]) => portal.card()?.[key] === value)"
        self.page.wait_for_function(script, arg=wanted)

    def navigate(self, uri: str) -> None:
        """Go to another page of the portal, and wait until its hidden page can hear events."""
        with self.page.expect_navigation():
            self.page.evaluate("(uri) => portal.navigate(uri)", uri)
        self.until_there()

    def until_there(self) -> None:
        """Wait until the hidden page has loaded."""
        self.page.wait_for_function("() => window.portal?.ready.then(() => true)")

    def open_slider(self) -> str:
        """Open a slider, a document of its own with a hidden page of its own; returns its frame's id."""
        return str(self.page.evaluate("portal.openFrame({ kind: 'slider' })"))

    def until_ready_everywhere(self) -> None:
        """Wait until the hidden pages of this tab and of its sliders all have an interpreter."""
        for frame in self.page.frames:
            if frame.url.startswith("http://app.localhost"):
                frame.wait_for_function("() => window.workerPy?.ready.then(() => true)", polling=50)


class ThawedTab(Tab):
    """A tab whose page came back from the browser's cache: Playwright does not see its frames any more."""

    def _asked(self, what: str) -> Any:
        told = self.page.evaluate(
            """(what) => new Promise((resolve) => {
              const onMessage = ({ data }) => {
                if (data?.desk === what) {
                  removeEventListener("message", onMessage);
                  resolve(data.told);
                }
              };
              addEventListener("message", onMessage);
              frames[0].postMessage({ desk: what }, "*");
            })""",
            what,
        )
        return json.loads(told)

    def state_of_python(self) -> dict[str, Any]:
        """As of any tab."""
        answer: dict[str, Any] = self._asked("python")
        return answer

    def stats(self) -> dict[str, Any]:
        """`workerPy.stats()`."""
        counts: dict[str, Any] = self._asked("stats")
        return counts

    def trace(self, kind: str | None = None) -> list[dict[str, Any]]:
        """`workerPy.trace()`, or its entries of one kind."""
        return [entry for entry in self._asked("trace") if kind in (None, entry["kind"])]

    def diagnostics(self) -> dict[str, Any]:
        """`workerPy.diagnostics()`."""
        found: dict[str, Any] = self._asked("diagnostics")
        return found

    def until_traced(self, kind: str, name: str) -> None:
        """Wait for an entry of the trace."""
        self.poll(lambda: any(entry["name"] == name for entry in self.trace(kind)), f"{kind} {name} in the trace")

    def until_settled(self, timeout_s: float = 30) -> None:
        """Wait until every event has been handled to its end."""
        settled = {"state": "ready", "waiting": 0}
        self.poll(lambda: settled.items() <= self.stats().items(), "a settled page")


class Desk:
    """Opens tabs of one portal in one profile.

    Attributes:
        context: the profile.
        app_url: the placement page.
    """

    def __init__(self, context: BrowserContext, portal_url: str, app_url: str) -> None:
        self.context = context
        self.app_url = app_url
        self._portal_url = portal_url

    def tab(self, page: Page | None = None, *, ready: bool = True, **options: str) -> Tab:
        """Open a tab; options go into the portal's query string."""
        opened = Tab(page or self.context.new_page())
        opened.page.goto(demo.portal_url(self._portal_url, self.app_url, **{"plain": "", **options}))
        opened.until_there()
        if ready:
            opened.until_ready()
        return opened
