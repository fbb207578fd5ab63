"""Tabs whose placement page brings a phone, and Python that uses it, for the tests of the phone."""

from __future__ import annotations

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
      addTrack(...given) {
        const sender = super.addTrack(...given);
        globalThis.attend?.(this.getReceivers()[0]);
        return sender;
      }
    };
  }
"""
LISTEN = """async () => {
  const start = document.querySelector("script[src$='phone/start.js']").src;
  const { listen, unheard } = await import(start.replace("start.js", "sound.js"));
  window.ear?.stop();
  const [{ track }] = peers.at(-1).getReceivers();
  const [heard, end] = [listen(track), unheard(track)];
  window.ear = { level: heard.level, stop: () => [heard.stop, end].forEach((stop) => stop()) };
}"""
"""What arrives at this end is heard by the test: the phone itself plays it, and tells nobody."""
READ_KEYS = """async () => {
  const start = document.querySelector("script[src$='phone/start.js']").src;
  const { readKeys } = await import(start.replace("start.js", "sound.js"));
  window.attend = (receiver) => {
    window.attend = null;
    const { begun, stop } = readKeys(receiver, null, (key) => { window.keysRead.text += key; });
    window.keysRead = { text: "", begun, stop };
  };
}"""
"""The keys that the call that is made next brings to this end are read by the test: Chromium wants a receiver to be
attended to before it is agreed on."""
LOUDNESS_OF = """async ([hz, elsewhere_hz]) => {
  const [track] = peers.at(-1).getReceivers().map((receiver) => receiver.track);
  const recorder = new MediaRecorder(new MediaStream([track]));
  const parts = [];
  const over = new Promise((resolve) => { recorder.onstop = resolve; });
  recorder.ondataavailable = ({ data }) => parts.push(data);
  recorder.start();
  await new Promise((resolve) => setTimeout(resolve, 500));
  recorder.stop();
  await over;
  const recording = await new Blob(parts).arrayBuffer();
  const sound = await new OfflineAudioContext(1, 48_000, 48_000).decodeAudioData(recording);
  const samples = sound.getChannelData(0);
  const goertzel = (hz) => {
    const turn = 2 * Math.cos((2 * Math.PI * hz) / sound.sampleRate);
    let [last, before] = [0, 0];
    for (const sample of samples) {
      [last, before] = [sample + turn * last - before, last];
    }
    return (2 * Math.sqrt(Math.max(0, last ** 2 + before ** 2 - turn * last * before))) / samples.length;
  };
  return [hz, elsewhere_hz].map(goertzel);
}"""
"""How loud two tones are in half a second of what arrives, 0 to 1 (Goertzel)."""
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
        if "log" in order:
            wanted = order["wanted"].items()
            answer = [each for each in log if order["log"] in (None, each[0]) and wanted <= (each[1] or {}).items()]
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

    def log(self, event: str | None = None, **wanted: object) -> list[Any]:
        """What this page's interpreter heard of the phone: payloads of one event with these fields, or pairs of all."""
        asked = {"log": f"phone.{event}" if event else None, "wanted": wanted}
        entries: list[Any] = self.evaluate("(order) => phoneDesk.ask(order)", asked)
        return [payload for _, payload in entries] if event else entries

    def until_heard(self, event: str, count: int = 1, **wanted: object) -> list[Any]:
        """Wait until Python has heard so many of these; their payloads."""
        found: list[Any] = []

        def enough() -> bool:
            found[:] = self.log(event, **wanted)
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
        states: list[dict[str, Any]] = []

        def holds() -> bool:
            states[:] = [self.run("state")]
            return condition(states[0])

        self.poll(holds, what, lambda: states)
        return states[0]

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
