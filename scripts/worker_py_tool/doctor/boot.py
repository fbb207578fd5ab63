"""The doctor's look at the page at work: a browser loads it as a portal does, and Python has to come up in it.

The portal is made up: the browser is told what its page is, so nothing is asked of the real one, and the client of the
portal is a stand-in that answers nothing. Everything else comes from the host that is examined.
"""

import base64
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from worker_py_tool.bundle.manifest import CONFIG
from worker_py_tool.doctor.browser import Browser, Params, running
from worker_py_tool.doctor.findings import Examination
from worker_py_tool.doctor.page import Visit, embedded_json
from worker_py_tool.errors import ToolError
from worker_py_tool.json_content import json_object

LIMIT_S = 90.0
"""For the whole; a slow machine takes ten seconds."""
START_S = 30.0
SHOWN_LINES = 6
SOMEBODY = "https://portal.example"
REMEDY = "Look at the app: run its tests, build it anew, and open it in worker-py demo."
CLIENT = """
var BX24 = {
  init() {}, ready() {}, install() {}, installFinish() {},
  getAuth() { return false; }, refreshAuth() {}, callMethod() {}, callBatch() {},
  placement: { info() { return {}; }, getInterface() {}, bindEvent() {}, call() {} },
};
"""
WAIT = """
(async () => {
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  while (!globalThis.workerPy) {
    if (location.protocol === "chrome-error:") {
      return JSON.stringify({ refused: true });
    }
    await pause(100);
  }
  const failure = await Promise.race([workerPy.ready.then(() => null, (error) => String(error.message)), pause(%d)]);
  await pause(failure ? 0 : 500);  // what Python says of the settings comes behind that
  const { plain_boot = null, problems = [], reports = [] } = workerPy.diagnostics();
  const config = reports.filter(({ kind }) => kind === "config").map(({ text }) => text);
  const { state } = workerPy.stats();
  return JSON.stringify({ state, failure: failure ?? null, plain: plain_boot, problems, config });
})()
"""


def examine_boot(seen: Examination, executable: Path, page: bytes, portals: Sequence[str]) -> None:
    """Load the page in a browser, and note under `boot` what came of it.

    Args:
        seen: Where to note it, with the page's address.
        executable: The browser.
        page: The page's content, which says who may frame it.
        portals: Portals that have to be able to frame it; empty for those of the page.
    """
    started = time.monotonic()
    until = started + LIMIT_S
    portal = _a_portal([*portals, *_portals_of(page)])
    told: dict[str, Any] | None = None
    try:
        with running(executable) as browser, suppress(TimeoutError):
            told = _Boot(browser, seen.url, portal, until).told()
    except ToolError as problem:
        remedy = "Leave this look out by --no-boot, or name another browser in WORKER_PY_CHROMIUM."
        seen.warn("boot", f"{executable} could not be used: {problem.message}", remedy)
        return
    seconds = time.monotonic() - started
    if told is None:
        seen.fail("boot", f"the page's own scripts did not run within {LIMIT_S:.0f} s", "See the other checks.")
    elif told.get("refused"):
        seen.fail("boot", f"the browser does not show the page in a frame of {portal}", "See frame-ancestors above.")
    elif told["failure"]:
        seen.fail("boot", f"Python does not come up: {_shortened(told['failure'])}", REMEDY)
    elif told["state"] != "ready":
        why = "; ".join(told["problems"]) or f"it is still {told['state']}"
        seen.fail("boot", f"Python did not come up within {LIMIT_S:.0f} s: {why}", REMEDY)
    elif told["plain"]:
        text = f"Python and the app came up in {seconds:.1f} s, slowly: {_shortened(told['plain'])}"
        seen.warn("boot", text, "A bundle with a snapshot that can be used boots several times faster.")
    else:
        seen.ok("boot", f"Python and the app came up in a browser, {seconds:.1f} s after it was started")
    judge_config(seen, told or {})


def judge_config(seen: Examination, told: Mapping[str, Any]) -> None:
    """Tell what the app says of `worker-py.json`."""
    complaints = [str(each) for each in told.get("config", ())]
    if any(str(each).startswith("No handler runs") for each in told.get("problems", ())):
        seen.fail("config", "; ".join(complaints) or "no handler runs", f"Mend {CONFIG}, beside the page.")
    elif complaints:
        seen.warn("config", "; ".join(complaints), f"Mend {CONFIG}, beside the page; handlers run without.")


class _Boot:
    """One load of the page in a frame of a made-up portal."""

    def __init__(self, browser: Browser, url: str, portal: str, until: float) -> None:
        self._browser = browser
        self._visit = Visit(url)
        self._here = urlsplit(url)
        self._portal = portal
        self._until = until
        self._frames: list[str] = []
        browser.on("Fetch.requestPaused", self._answer)
        browser.on("Target.attachedToTarget", self._attached)

    def told(self) -> dict[str, Any]:
        """What the page says of itself, once Python is up or has failed.

        Raises:
            TimeoutError: It says nothing.
        """
        ask = self._browser.ask
        try:
            target = ask("Target.createTarget", time.monotonic() + START_S, url="about:blank")["targetId"]
        except TimeoutError as problem:
            raise ToolError(f"it does not answer within {START_S:.0f} s") from problem
        session = ask("Target.attachToTarget", self._until, targetId=target, flatten=True)["sessionId"]
        self._prepare(session)
        self._browser.send("Page.navigate", session, url=f"{self._portal}/")
        while not self._frames:
            self._browser.listen(self._until)
        rest_ms = max(0, int((self._until - time.monotonic() - 2) * 1000))
        answer = ask(
            "Runtime.evaluate",
            self._until,
            self._frames[0],
            expression=WAIT % rest_ms,
            awaitPromise=True,
            returnByValue=True,
        )
        told: dict[str, Any] = json.loads(answer["result"]["value"])
        return told

    def _prepare(self, session: str) -> None:
        """Have a say in what a page loads, and in the frames of other sites in it."""
        attach = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
        self._browser.send("Target.setAutoAttach", session, **attach)
        self._browser.send("Fetch.enable", session, patterns=[{"urlPattern": "*"}])

    def _attached(self, params: Params, _: str) -> None:
        session, kind = params["sessionId"], params["targetInfo"]["type"]
        if kind in ("iframe", "page"):
            self._prepare(session)
        self._browser.send("Runtime.runIfWaitingForDebugger", session)
        if kind == "iframe":
            self._frames.append(session)

    def _answer(self, params: Params, session: str) -> None:
        """Be the portal, and its client; the rest is the host's."""
        request = params["requestId"]
        address = urlsplit(params["request"]["url"])
        if f"{address.scheme}://{address.netloc}" == self._portal:
            self._fulfil(session, request, "text/html; charset=utf-8", self._portals_page())
        elif params.get("resourceType") == "Script" and address.netloc != self._here.netloc:
            self._fulfil(session, request, "text/javascript", CLIENT)
        else:
            self._browser.send("Fetch.continueRequest", session, requestId=request)

    def _fulfil(self, session: str, request: str, media_type: str, content: str) -> None:
        headers = [{"name": "Content-Type", "value": media_type}, {"name": "Access-Control-Allow-Origin", "value": "*"}]
        body = base64.b64encode(content.encode()).decode()
        self._browser.send(
            "Fetch.fulfillRequest", session, requestId=request, responseCode=200, responseHeaders=headers, body=body
        )

    def _portals_page(self) -> str:
        """A page that posts the form into a frame, as the portal does."""
        name = f"{urlsplit(self._portal).netloc}|{int(self._portal.startswith('https'))}|doctor"
        fields = "".join(
            f'<input type="hidden" name="{escape(field)}" value="{escape(value)}">'
            for field, value in self._visit.fields.items()
        )
        return (
            f'<!doctype html><iframe name="{escape(name)}" allow="autoplay; microphone"></iframe>'
            f'<form method="post" action="{escape(self._visit.url)}" target="{escape(name)}">{fields}</form>'
            "<script>document.forms[0].submit();</script>"
        )


def _portals_of(page: bytes) -> list[str]:
    config = json_object(embedded_json(page, "worker-py-config") or b"") or {}
    return [str(each) for each in config.get("portals", [])]


def _a_portal(patterns: Sequence[str]) -> str:
    """The address of a portal that one of the patterns stands for."""
    for pattern in patterns:
        scheme, _, host = pattern.partition("://")
        if scheme == "https" and host:
            return f"https://{host.replace('*.', 'doctor.').replace(':*', '')}"
    return SOMEBODY


def _shortened(text: str) -> str:
    lines = text.strip().splitlines()
    return " / ".join(line.strip() for line in (lines if len(lines) <= SHOWN_LINES else [lines[0], "...", *lines[-4:]]))
