"""Minutes of faults in an order that a seed decides: nothing is lost, and no worker is taken for hung.

`WORKER_PY_SOAK_S` says how long, `WORKER_PY_SOAK_SEED` repeats the acts of a run: what failed names it.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, CDPSession

from tests.browser.conftest import BundleFor
from tests.support.browsers import needs
from tests.support.raised import comments, initialized
from tests.support.witness import WITNESS
from worker_py_tool.kit.browser_portal import BrowserPortal, PortalPage

LENGTH_S: Final = float(os.environ.get("WORKER_PY_SOAK_S") or 600)
SEED: Final = int(os.environ.get("WORKER_PY_SOAK_SEED") or random.SystemRandom().randrange(10**6))
SETTLED_S: Final = 90
TABS: Final = range(2, 5)

APP = """
    import asyncio
    import json

    from js import BroadcastChannel, Date
    from pyodide.ffi import create_proxy
    from worker_py import App
    from worker_py.events import AddCommentButtonClick, Initialized

    app = App()
    now = Date.now
    offset = 0

    async def note(event, card):
        channel = BroadcastChannel.new("soak")
        told = [card.call_id, getattr(event, "comment", ""), event.meta.redelivered]
        channel.postMessage(json.dumps(told))
        channel.close()
        await asyncio.sleep(0.003)
        card.data["last"] = told

    app.add_handler(Initialized, note)
    app.add_handler(AddCommentButtonClick, note)

    @app.on_page_event("jump")
    def jump(ms, page):
        global offset
        if not offset:
            Date.now = create_proxy(lambda: now() + offset)
        offset += ms
"""

JUMPING = """if (location.hostname === "app.localhost") {
  const now = Date.now;
  let offset = 0;
  Date.now = () => now() + offset;
  window.jump = (ms) => { offset += ms; };
}"""
LISTENING = """() => {
  window.heard = [];
  new BroadcastChannel("soak").onmessage = ({ data }) => heard.push(data);
}"""
HUNG = """() => {
  const { host, problems, workers } = workerPy.diagnostics();
  const told = [host.reason, ...problems, ...workers.ended, ...workers.left_running];
  told.push(...workerPy.trace().map(({ ending }) => ending ?? ""));
  return told.filter((text) => /\\bhung\\b|\\bhangs?\\b/.test(text));
}"""


class Tab:
    """A tab with a call of its own, and what is done to it."""

    def __init__(self, page: PortalPage) -> None:
        self.page = page
        self.call = ""
        self.frozen_for = 0
        self._lifecycle: CDPSession = page.playwright_page.context.new_cdp_session(page.playwright_page)

    def freeze(self, acts: int) -> None:
        """The browser lets the page do nothing for so many acts."""
        self.frozen_for = acts
        self._lifecycle.send("Page.setWebLifecycleState", {"state": "frozen"})

    def thaw(self) -> None:
        """It goes on."""
        self.frozen_for = 0
        self._lifecycle.send("Page.setWebLifecycleState", {"state": "active"})


class Soak:
    """Tabs of a portal, what was raised in them, and the acts that chance has to choose from.

    Attributes:
        acts: how often each was done.
    """

    def __init__(self, portal: BrowserPortal[PortalPage], chance: random.Random) -> None:
        self.acts: Counter[str] = Counter()
        self._portal = portal
        self._chance = chance
        self._witness = portal.open_page()
        self._witness.evaluate(LISTENING)
        self._raised: dict[str, int] = {}
        self._tabs = [self._opened() for _ in range(2)]
        self._all: dict[str, tuple[Callable[[], None], int]] = {
            "events": (self._events, 8),
            "call": (self._another_call, 3),
            "kill": (self._kill, 4),
            "kill and load": (self._kill_and_load, 4),
            "load": (self._load, 3),
            "freeze": (self._freeze, 2),
            "jump of a page": (self._jump_page, 2),
            "jump of the interpreter": (self._jump_interpreter, 2),
            "offline": (self._offline, 1),
            "open": (self._open, 2),
            "close": (self._close, 1),
            "pause": (self._pause, 4),
        }

    def act(self) -> str:
        """Do the next thing; returns what it was."""
        for tab in self._tabs:
            if tab.frozen_for:
                tab.frozen_for -= 1
                if not tab.frozen_for:
                    tab.thaw()
        names = list(self._all)
        [name] = self._chance.choices(names, [self._all[each][1] for each in names])
        self.acts[name] += 1
        self._all[name][0]()
        return name

    def check(self) -> None:
        """Nothing hangs, and nobody says so."""
        for tab in self._awake():
            assert tab.page.evaluate(f"() => window.workerPy ? ({HUNG})() : []") == []
        assert self._witness.evaluate(HUNG) == []

    def finish(self) -> None:
        """Everything comes to its end: each event was handled, in order, and twice only when it was marked."""
        for tab in self._tabs:
            if tab.frozen_for:
                tab.thaw()
        for tab in self._tabs:
            tab.page.until_settled(SETTLED_S)
        self.check()
        handled: dict[str, list[tuple[str, bool]]] = {call: [] for call in self._raised}
        for call_id, comment, redelivered in map(json.loads, self._witness.evaluate("heard")):
            handled[call_id].append((comment, redelivered))
        for call_id, notes in handled.items():
            wanted = ["", *(str(number) for number in range(self._raised[call_id]))]
            assert list(dict.fromkeys(comment for comment, _ in notes)) == wanted, f"{call_id} was not handled in order"
            seen: set[str] = set()
            for comment, redelivered in notes:
                assert redelivered or comment not in seen, f"{call_id}: {comment!r} came again and was not marked"
                seen.add(comment)

    @property
    def events(self) -> int:
        """How many were raised."""
        return len(self._raised) + sum(self._raised.values())

    # Acts ------------------------------------------------------------------------------------------------

    def _awake(self) -> list[Tab]:
        return [tab for tab in self._tabs if not tab.frozen_for]

    def _one(self) -> Tab:
        return self._chance.choice(self._awake())

    def _events(self) -> None:
        tab, count = self._one(), self._chance.choice([1, 2, 5, 20, 200])
        tab.page.raise_all(comments(count, self._raised[tab.call]))
        self._raised[tab.call] += count

    def _another_call(self, tab: Tab | None = None) -> None:
        tab = tab or self._one()
        tab.call = f"CALL.{len(self._raised)}"
        self._raised[tab.call] = 0
        tab.page.raise_all([initialized(tab.call)])

    def _kill(self) -> None:
        self._one().page.kill_interpreter()

    def _load(self) -> None:
        self._loaded(self._one())

    def _kill_and_load(self) -> None:
        """The new page asks for a worker in the last moments of the one before."""
        tab = self._one()
        tab.page.until_settled(SETTLED_S)
        self._one().page.kill_interpreter()
        self._loaded(tab, settled=True)

    def _loaded(self, tab: Tab, *, settled: bool = False) -> None:
        if not settled:
            tab.page.until_settled(SETTLED_S)  # what a page has not handed on goes with it
        self.check()
        tab.page.reload()
        self._another_call(tab)

    def _freeze(self) -> None:
        acts = self._chance.randint(1, 20)
        if len(self._awake()) > 1:
            self._one().freeze(acts)

    def _jump_ms(self) -> int:
        return self._chance.choice([-3600_000, -20_000, -500, 3000, 60_000, 700_000, 3600_000])

    def _jump_page(self) -> None:
        self._one().page.evaluate("(ms) => jump(ms)", self._jump_ms())

    def _jump_interpreter(self) -> None:
        self._one().page.emit("jump", self._jump_ms())

    def _offline(self) -> None:
        context = self._portal.context
        context.set_offline(True)
        self._events()
        self._kill()
        self._pause()
        context.set_offline(False)

    def _opened(self) -> Tab:
        tab = Tab(self._portal.open_page(ready=False))
        self._another_call(tab)
        return tab

    def _open(self) -> None:
        if len(self._tabs) + 1 in TABS:
            self._tabs.append(self._opened())

    def _close(self) -> None:
        tab = self._one()
        if len(self._awake()) > 1 and len(self._tabs) - 1 in TABS:
            tab.page.until_settled(SETTLED_S)
            self.check()
            tab.page.close()
            self._tabs.remove(tab)

    def _pause(self) -> None:
        """What was begun goes on a little: the acts come in no fixed distance."""
        self._witness.playwright_page.wait_for_timeout(self._chance.choice([1, 10, 50, 200, 1000, 3000]))


@pytest.fixture
def portal(
    browser: Browser, bundle_for: BundleFor, serve_app: Callable[[Any], str], portal_url: str
) -> Iterator[BrowserPortal[PortalPage]]:
    """A fresh profile whose pages' clocks can jump; that faults are told in the console is no fault."""
    app_url = serve_app(bundle_for(APP, page_scripts=(WITNESS,)))
    with browser.new_context() as context:
        context.add_init_script(JUMPING)
        yield BrowserPortal(context, portal_url, app_url, PortalPage)


@pytest.mark.campaign
@pytest.mark.timeout(LENGTH_S + 300)
@needs("freezes_pages")
def test_no_event_is_lost_and_no_worker_is_taken_for_hung_through_minutes_of_faults(
    portal: BrowserPortal[PortalPage],
) -> None:
    print(f"WORKER_PY_SOAK_SEED={SEED} WORKER_PY_SOAK_S={LENGTH_S:g}")
    soak = Soak(portal, random.Random(SEED))
    done: list[str] = []
    end = time.monotonic() + LENGTH_S
    try:
        while time.monotonic() < end:
            done.append(soak.act())
            soak.check()
        soak.finish()
    finally:
        print(f"{soak.events} events; {dict(soak.acts)}; the last acts: {done[-12:]}")
    assert soak.acts["kill"] and soak.events > len(soak.acts)
