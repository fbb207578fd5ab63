"""Tabs whose placement page brings a phone, and Python that uses it, for the tests of the phone."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext

from worker_py_tool.kit.browser_portal import BrowserPortal, PortalPage

PHONE_DESK = Path(__file__).with_name("phone_desk.js")
SIP_EXCHANGE = Path(__file__).with_name("sip_exchange.js")
KEEP_PEERS = """
  if (globalThis.RTCPeerConnection) {
    globalThis.peers = [];
    globalThis.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(...options) {
        super(...options);
        peers.push(this);
      }
    };
  }
"""
LISTEN = """async () => {
  const start = document.querySelector("script[src$='phone/start.js']").src;
  const { listen } = await import(start.replace("start.js", "sound.js"));
  window.ear?.stop();
  window.ear = { keys: "", level: 0 };
  const [track] = peers.at(-1).getReceivers().map((receiver) => receiver.track);
  window.ear.stop = listen(track, {
    onKey: (key) => { window.ear.keys += key; },
    onLevel: (level) => { window.ear.level = level; },
  });
}"""
"""What arrives at this end is heard by the test: the phone itself plays it, and tells nobody."""
POLL_S = 20
OFTEN_MS = 250
AUDIBLE = 0.005
"""The made voice is some twenty times as loud; silence is far below."""
APP = """
    from worker_py import App, PageGone, UiState, WorkerPyError
    from worker_py.events import AnswerButtonClick, Initialized

    app = App(page_grace_s=5)
    log = []
    account = {}

    @app.on_page_event("do")
    async def do(order, page):
        if order.get("log"):
            answer = log
        else:
            if order["name"] == "phone.register":
                account.update(order["params"])
            answer = await outcome(page, order)
        await page.call("done", {"id": order["id"], "answer": answer})

    async def outcome(page, order):
        try:
            value = await page.call(order["name"], order.get("params"), timeout_s=order.get("timeout_s", 30))
        except WorkerPyError as error:
            return {"raises": type(error).__name__, **vars(error)}
        return {"returns": value}

    @app.on_page_event("phone.elected")
    async def register_again(payload, page):
        if account:
            await page.call("phone.register", account)
            log.append(["phone.registered_again", payload])

    @app.on(Initialized)
    async def ring(event, card):
        await card.set_ui_state(UiState.INCOMING)

    @app.on(AnswerButtonClick)
    async def answer(event, card):
        try:
            state = await card.page.call("phone.answer")
        except PageGone:
            log.append(["PageGone", None])
        else:
            await card.set_status_text(state["phase"])

    def hear(name):
        @app.on_page_event(name)
        async def heard(payload, page):
            log.append([name, payload])

    for name in ("elected", "incoming", "progress", "connected", "ended", "stats", "heard", "registration"):
        hear("phone." + name)
"""


class PhoneTab(PortalPage):
    """A tab with a phone, or beside one."""

    def run(self, name: str, params: object = None, **order: object) -> Any:
        """Have Python call a function of the phone through this page; what it returned."""
        answer = self.outcome(name, params, **order)
        assert "returns" in answer, answer
        return answer["returns"]

    def outcome(self, name: str, params: object = None, **order: object) -> dict[str, Any]:
        """The same, whether it returned or raised."""
        asked = {"name": f"phone.{name}", "params": params, **order}
        answer: dict[str, Any] = self.evaluate("(order) => phoneDesk.ask(order)", asked)
        return answer

    def log(self, event: str | None = None) -> list[Any]:
        """What the interpreter of this page heard of the phone: payloads of one event, or pairs of all."""
        entries = self.evaluate("() => phoneDesk.ask({ log: true })")
        return [payload for name, payload in entries if name == f"phone.{event}"] if event else entries

    def until_heard(self, event: str, count: int = 1, **wanted: object) -> list[Any]:
        """Wait until Python has heard so many of these; their payloads."""
        found: list[Any] = []

        def enough() -> bool:
            found[:] = [payload for payload in self.log(event) if wanted.items() <= payload.items()]
            return len(found) >= count

        self.poll(enough, f"{count} of phone.{event} with {wanted}", self.log)
        return list(found)

    def holds(self) -> bool:
        """Whether the phone is in this page."""
        return bool(self.evaluate("() => workerPyPhone.holds"))

    def until_holds(self) -> None:
        """Wait until the phone is in this page."""
        self.until_evaluates("() => workerPyPhone.holds")

    def measure_often(self) -> None:
        """Have the phone tell every quarter of a second how the call sounds."""
        self.evaluate("(ms) => { workerPyPhone.statsEveryMs = ms; }", OFTEN_MS)

    def until_state(self, condition: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """Wait until the phone's state is like this."""
        deadline = time.monotonic() + POLL_S
        while True:
            state: dict[str, Any] = self.run("state")
            if condition(state):
                return state
            assert time.monotonic() < deadline, f"waited in vain for {what}: {state}"

    def until_audible(self) -> None:
        """Wait until the other side hears us."""
        self.until_state(lambda state: (state["far_level"] or 0) > AUDIBLE, "a voice at the other side")

    def until_silent(self) -> None:
        """Wait until the other side hears nothing."""
        self.until_state(lambda state: state["far_level"] < AUDIBLE / 10, "silence at the other side")

    def until_quiet(self) -> None:
        """Wait until nothing of a call is left: neither a voice nor an ear."""
        self.poll(lambda: not any("sound_worker" in worker.url for worker in self.workers()), "the end of all sound")

    def ring(self) -> None:
        """Show the card of an incoming call, and wait until Python has given it the button to answer."""
        self.incoming_call()
        self.until_card(uiState="incoming")

    def begin_call(self, **manners: object) -> str:
        """Be called by the simulated other side, and answer; the call's id."""
        assert self.run("simulate", {"does": "call", "number": "+4930123456", **manners}) == {"taken": True}
        return str(self.run("answer")["call"])


class PhoneDesk(BrowserPortal[PhoneTab]):
    """Opens tabs of one portal in one profile."""

    def __init__(self, context: BrowserContext, portal_url: str, app_url: str) -> None:
        super().__init__(context, portal_url, app_url, PhoneTab)

    def phone_tab(self) -> PhoneTab:
        """Open a tab, and wait until Python runs in it."""
        return self.open_page()
