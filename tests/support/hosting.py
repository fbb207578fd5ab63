"""Several pages of a portal and the interpreters behind them, for the tests of hosting, ownership and storage."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from worker_py_tool.bundle import manifest
from worker_py_tool.kit.browser_portal import BrowserCall, BrowserPortal, PortalPage

DESK: Final = Path(__file__).with_name("desk.js")

APP = """
    import asyncio
    import itertools
    import uuid

    from worker_py import App, PageGone
    from worker_py.events import (
        AddCommentButtonClick, AnswerButtonClick, CardClosed, HoldButtonClick, Initialized, MuteButtonClick,
        PageAttached, PageDetached, Started,
    )

    app = App(page_grace_s=GRACE, command_timeout_ms=60_000, silent_ok_ms=None)  # a silent portal is waited for here
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
            await card.set_ui_state("incoming")
            await card.set_card_title("Greeted")

    @app.on(AnswerButtonClick)
    async def answer(event, card):
        note("answer", event, card)
        await card.set_ui_state("connected")

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
            print("hangs")
            sum(itertools.count())
        if event.comment == "close":
            return await card.close()
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


def with_worker_that_begins(bundle: Path, directory: Path, script: str) -> Path:
    """A copy of a bundle whose worker runs this before its own script."""
    shutil.copytree(bundle, directory)
    (worker,) = directory.glob("assets/*/worker/worker.js")
    worker.write_text(f"{script}\n{worker.read_text(encoding='utf-8')}", encoding="utf-8")
    replace(manifest.read(directory), files=manifest.list_files(directory)).write(directory)
    return directory


class HostingPage(PortalPage):
    """One page of the portal, and the interpreter behind it, which tells of itself."""

    def state_of_python(self) -> dict[str, Any]:
        """What the interpreter of this page says of itself: `interpreter`, `log`, `cards`."""
        self.until_evaluates("() => globalThis.desk !== undefined")  # its script comes after the page's load
        answer: dict[str, Any] = self.evaluate("desk.ask()")
        return answer

    def interpreter(self) -> str:
        """Which interpreter this page has."""
        return str(self.state_of_python()["interpreter"])

    def logged(self, what: str, *about: object) -> list[list[Any]]:
        """The entries of the interpreter's log of one kind, and of one call if it is given."""
        wanted = [what, *about]
        return [entry for entry in self.state_of_python()["log"] if entry[: len(wanted)] == wanted]

    def until_logged(self, *entry: object) -> None:
        """Wait until the interpreter's log holds an entry that begins so."""
        wanted = list(entry)
        self.poll(
            lambda: any(each[: len(wanted)] == wanted for each in self.state_of_python()["log"]), f"{entry} in the log"
        )

    def greeted_call(self, **options: Any) -> BrowserCall:
        """Begin a call, and wait until Python has greeted it."""
        call = self.incoming_call(**options)
        self.until_card(title="Greeted")
        return call

    def until_held(self, count: int) -> None:
        """Wait until so many handlers of the hold button wait for the page."""
        self.until_evaluates("(count) => globalThis.desk?.held.length === count", count)

    def release_held(self) -> None:
        """Let the handlers of the hold button go on."""
        self.evaluate("desk.held.map((release) => release()).length")

    def thawed(self) -> ThawedPage:
        """The same page after it came back from the browser's cache."""
        return ThawedPage(self.playwright_page, f"//{self._app}")


class ThawedPage(HostingPage):
    """A page that came back from the browser's cache: Playwright does not see its frames any more."""

    def _asked(self, what: str) -> Any:
        told = self.playwright_page.evaluate(
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
        """As of any page."""
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

    def until_traced(self, kind: str, name: str, **more: str) -> None:
        """Wait for an entry of the trace, with these fields."""
        wanted = {"name": name, **more}.items()
        self.poll(lambda: any(wanted <= entry.items() for entry in self.trace(kind)), f"{kind} {name} in the trace")

    def until_settled(self, timeout_s: float = 30) -> None:
        """Wait until every event has been handled to its end."""
        settled = {"state": "ready", "waiting": 0}
        self.poll(lambda: settled.items() <= self.stats().items(), "a settled page")


HostingPortal = BrowserPortal[HostingPage]
