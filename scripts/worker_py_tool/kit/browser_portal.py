"""A simulated portal in a browser, as tests drive it: its pages, the calls on them, and what goes wrong.

These objects know nothing of this repository: only `window.portal` of the portal's page and `window.workerPy` of the
placement page in its hidden frame. What they tell of a call is settled: every event that was raised has come, and its
handlers have ended.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, TypeVar
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import BrowserContext, Error, Frame, Page, Worker

from worker_py import payloads
from worker_py.wire import EVENTS

DEADLINE_MS: Final = 60_000
POLL_MS: Final = 20
SLOWEST_POLL_MS: Final = 100
BETWEEN_LOADS: Final = ("Execution context was destroyed", "Frame was detached", "Cannot find context")
NOT_SHOWN: Final = "The card shows no"
ELSEWHERE: Final = "/crm/deal/details/1/"
NOTHING: Final[Any] = object()
"""Stands for a payload that is undefined: JSON has no such thing."""

Raised = tuple[str, Any]
"""An event's short name and its payload."""

FAULTS: Final[Mapping[str, tuple[dict[str, object], dict[str, object]]]] = {
    "silent": ({"silent": ["*"]}, {"silent": []}),
    "slow": ({"delayMs": {"*": 2000}}, {"delayMs": {}}),
    "late": ({"delayMs": {"*": 7000}}, {"delayMs": {}}),
    "double": ({"double": ["*"]}, {"double": []}),
    "desktop": ({"desktop": True}, {"desktop": False}),
    "rest": ({"rest": {"down": True}}, {"rest": {"down": False}}),
}
"""What the portal can be made to do by a name, and how that is taken back."""

_ENDED = (
    """workerPy.trace().findLast((entry) => entry.kind === "card" && entry.call_id === argument)?.name !== "opened" """
)
_PROVIDED = "providedByTheTest"
_BOUND = f"portal.frames().some((frame) => new Set(frame.bound).size === {len(EVENTS)})"
# The portal notes each event that it raises, and how many callbacks it was sent to.
_ACT = f"""([value]) => {{
  if (!({_BOUND})) return null;
  const from = portal.log.length;
  const made = (%s)(portal, value);
  const heard = portal.log.slice(from).filter(({{ kind, reached }}) => kind === "event" && reached > 0);
  return [made ?? null, heard.length];
}}"""
_RAISE_ALL = "all.filter(([name, payload]) => portal.raise(name, payload) > 0).length"


class Timer(NamedTuple):
    """The card's timer."""

    running: bool
    seconds: int


@dataclass(frozen=True, slots=True)
class Card:
    """What the portal shows of a call at one moment.

    Attributes:
        title: the app's, empty before it set one.
        status: the line below.
        ui_state: `connected`, …
        buttons: their names, as a person reads them.
        timer: whether it runs, and what it shows.
        commands: what the app has sent since the card was opened: names and parameters.
        closed: whether the card is gone.
    """

    title: str
    status: str
    ui_state: str
    buttons: list[str]
    timer: Timer
    commands: list[tuple[str, Any]]
    closed: bool


class BrowserCall:
    """One call, shown as a card on one page of the portal.

    Attributes:
        call_id: its id.
        page: where the card is.
    """

    def __init__(self, page: PortalPage, call_id: str, first_command: int) -> None:
        self.page = page
        self.call_id = call_id
        self._first_command = first_command

    def click(self, what: str, argument: object = None) -> None:
        """Click on the card as the operator does: a button's name, and what is chosen or typed.

        The operator waits for the button: as long as an event is being handled, it may still come.
        """

        def clicked() -> bool:
            settled = self.page.is_settled()
            if self.now().closed:
                raise AssertionError(f"the card of {self.call_id} is closed: there is no {what!r} to click")
            try:
                self.page.click(what, argument)
            except Error as error:
                if NOT_SHOWN not in str(error):
                    raise
                if settled:
                    raise AssertionError(NOT_SHOWN + error.message.partition(NOT_SHOWN)[2].partition("\n")[0]) from None
                return False
            return True

        self.page.poll(clicked, f"{what!r} on the card", self.now)

    def finish(self) -> None:
        """The call ends: the portal takes the card away without an event, `telephony.externalCall.finish`.

        The app notices it within three seconds, which is waited for.
        """
        self.page.portal("(portal, callId) => portal.finish(callId)", self.call_id)
        if self.now().closed:  # else the operator is writing a comment
            self.page.until(_ENDED, self.call_id)

    def now(self) -> Card:
        """What is shown at this moment, whatever is still being handled."""
        shown = self.page.playwright_page.evaluate(
            """([callId, first]) => {
              const card = portal.card();
              const mine = card?.callId === callId && card.open;
              const names = [...document.querySelectorAll("#card-buttons button")].map((one) => one.textContent.trim());
              return {
                title: card?.title ?? "",
                status: card?.statusText ?? "",
                ui_state: card?.uiState ?? "",
                buttons: mine ? names : [],
                timer: [card?.timer.running ?? false, card?.timer.seconds ?? 0],
                commands: portal.sent.slice(first).map(({ command, params }) => [command, params]),
                closed: !mine,
              };
            }""",
            [self.call_id, self._first_command],
        )
        commands = [(name, params) for name, params in shown.pop("commands")]
        return Card(timer=Timer(*shown.pop("timer")), commands=commands, **shown)

    def wait_for(self, predicate: Callable[[Card], object], *, timeout_s: float = DEADLINE_MS / 1000) -> Card:
        """Wait until what is shown is like this; the card, as it then is."""
        seen: list[Card] = []

        def holds() -> bool:
            seen[:] = [self.now()]
            return bool(predicate(seen[0]))

        self.page.poll(holds, "a card as wanted", lambda: seen[0], timeout_s)
        return seen[0]

    def _settled(self) -> Card:
        self.page.until_settled()
        return self.now()

    @property
    def title(self) -> str:
        """The card's title."""
        return self._settled().title

    @property
    def status(self) -> str:
        """The card's status text."""
        return self._settled().status

    @property
    def ui_state(self) -> str:
        """The card's state."""
        return self._settled().ui_state

    @property
    def buttons(self) -> list[str]:
        """The names of the card's buttons."""
        return self._settled().buttons

    @property
    def timer(self) -> Timer:
        """The card's timer."""
        return self._settled().timer

    @property
    def commands(self) -> list[tuple[str, Any]]:
        """The commands that the app has sent."""
        return self._settled().commands

    @property
    def closed(self) -> bool:
        """Whether the card is gone."""
        return self._settled().closed


class PortalPage:
    """One page of the portal in a tab, with the placement page in its hidden frame and Python behind that.

    Attributes:
        playwright_page: the portal's page.
    """

    def __init__(self, page: Page, app_url: str) -> None:
        self.playwright_page = page
        self._app = urlsplit(app_url).netloc
        self._heard = 0
        self._before: dict[str, Any] = {}
        self._functions: dict[str, Callable[[Any], Any]] = {}
        page.set_default_timeout(DEADLINE_MS)

    # The portal's side: calls and events ----------------------------------------------------------

    def portal(self, script: str, argument: object = None) -> Any:
        """Evaluate a function of `(portal, argument)` in the portal's page."""
        return self.playwright_page.evaluate(f"(argument) => ({script})(window.portal, argument)", argument)

    def act(self, script: str, argument: object = None) -> Any:
        """The same for what raises events: only once somebody can hear them, and their handlers are waited for."""
        done = self.playwright_page.evaluate(_ACT % script, [argument])
        if done is None:
            self.until_bound()
            done = self.playwright_page.evaluate(_ACT % script, [argument])
        made, heard = done
        self._heard += heard
        return made

    def initialized(self, *, raw: bool = False, **fields: Any) -> BrowserCall:
        """The card of an incoming call, whose `initialized` has these fields.

        Raises:
            ValueError: no portal knows one of them, and they are not meant to be `raw`.
        """
        if not raw:
            payloads.check("initialized", fields)
        call_id = {"callId": fields["CALL_ID"]} if "CALL_ID" in fields else {}
        return self.incoming_call(payload=fields, **call_id)

    def incoming_call(self, *, ui_state: str | None = None, **options: Any) -> BrowserCall:
        """The card of an incoming call.

        Args:
            ui_state: the state in which the card is, and so which buttons it has; as the portal opens it without one.
            options: `portal.incomingCall`'s own.
        """
        if ui_state is not None:
            options["uiState"] = ui_state
        return self._call("(portal, options) => portal.incomingCall(options)", options)

    def call_list(self, length: int, **options: Any) -> BrowserCall:
        """The card of a call list."""
        return self._call("(portal, [length, options]) => portal.callList(length, options)", [length, options])

    def silent_card(self) -> BrowserCall:
        """A card that commands can be sent to, although no event told of it."""
        return self.incoming_call(silent=True)

    def _call(self, script: str, options: object) -> BrowserCall:
        script = f"(portal, options) => [portal.sent.length, ({script})(portal, options)]"
        first_command, call_id = self.act(script, options)
        return BrowserCall(self, call_id, first_command)

    def click(self, what: str, argument: object = None) -> None:
        """Click on the card as the operator does: by a button's name, or the short name of its event."""
        self.act("(portal, [what, argument]) => portal.click(what, argument ?? undefined)", [what, argument])

    def raise_event(self, short_name: str, /, payload: object = NOTHING, **options: Any) -> int:
        """Raise an event on the wire with exactly this payload; returns how many callbacks it was sent to."""
        script = "(portal, [name, value, options]) => portal.raise(name, value[0], options)"
        return int(self.act(script, [short_name, [] if payload is NOTHING else [payload], options]))

    def raise_all(self, raised: list[Raised]) -> None:
        """Raise events in one burst."""
        self.until_bound()
        self._heard += self.portal(f"(portal, all) => {_RAISE_ALL}", raised)

    def raise_all_once_bound(self, raised: list[Raised]) -> None:
        """Raise events in one burst, at the very moment at which the frame has bound the last of the names."""
        self._heard += self.portal(
            f"""async (portal, all) => {{
              while (!({_BOUND})) {{
                await new Promise((resolve) => addEventListener("message", resolve, {{ once: true }}));
              }}
              return {_RAISE_ALL};
            }}""",
            raised,
        )

    def card(self) -> dict[str, Any]:
        """What `portal.card()` tells."""
        snapshot: dict[str, Any] = self.portal("(portal) => portal.card()")
        return snapshot

    def until_card(self, **wanted: object) -> None:
        """Wait until what `portal.card()` tells is like this."""
        script = "(wanted) => Object.entries(wanted).every(([key, value]) => window.portal.card()?.[key] === value)"
        self.playwright_page.wait_for_function(script, arg=wanted)

    def sent(self, command: str | None = None) -> list[Any]:
        """Parameters of the commands of one name that reached the portal, or the names of all."""
        rows = self.commands()
        return [params for name, params in rows if name == command] if command else [name for name, _ in rows]

    def commands(self) -> list[tuple[str, Any]]:
        """The commands that reached the portal, with their parameters."""
        rows = self.portal("(portal) => portal.sent.map(({command, params}) => [command, params])")
        return [(command, _without_the_sdks(params)) for command, params in rows]

    def until_sent(self, command: str) -> None:
        """Wait until a command has reached the portal."""
        script = "(name) => window.portal.sent.some(({ command }) => command === name)"
        self.playwright_page.wait_for_function(script, arg=command)

    # The portal's side: what goes wrong ------------------------------------------------------------

    def configure(self, **faults: object) -> None:
        """Make the portal misbehave; the faults are `portal.configure`'s own."""
        self.portal("(portal, faults) => portal.configure(faults)", faults)

    def fault(self, name: str, on: bool = True) -> None:
        """Make the portal misbehave in a way that has a name (see `FAULTS`), or take that back.

        Raises:
            ValueError: there is no such name.
        """
        if name not in FAULTS:
            raise ValueError(f"{name!r} is no fault of the portal's; there are {', '.join(FAULTS)}")
        self.configure(**FAULTS[name][0 if on else 1])

    # The portal's side: pages ------------------------------------------------------------------------

    def navigate(self, uri: str = ELSEWHERE) -> None:
        """Go to another page of the portal, and wait until its hidden page has loaded."""
        with self.playwright_page.expect_navigation():
            self.playwright_page.evaluate("(uri) => portal.navigate(uri)", uri)
        self.until_there()

    def reload(self) -> None:
        """Load the page anew, and wait until its hidden page has loaded."""
        self.playwright_page.reload()
        self.until_there()

    def close(self) -> None:
        """Close the tab."""
        self.playwright_page.close()

    def open_slider(self) -> str:
        """Open a slider, a document of its own with a hidden page of its own; returns its frame's id."""
        return str(self.portal("(portal) => portal.openFrame({ kind: 'slider' })"))

    def remove_frame(self) -> None:
        """Tear the hidden frame out of the page."""
        self.portal("(portal) => portal.closeFrame(portal.frames()[0].id)")

    def until_there(self) -> None:
        """Wait until the hidden page has loaded; what the page before heard is forgotten."""
        self._heard = 0
        self._before = {}
        self.playwright_page.wait_for_function("() => window.portal?.ready.then(() => true)")

    def until_bound(self) -> None:
        """Wait until a frame has bound all names: before that nobody hears an event."""
        self.playwright_page.wait_for_function(f"() => {_BOUND}")

    def bound(self) -> list[str]:
        """The names that the frame has bound; one bound twice is here twice."""
        names: list[str] = self.portal("(portal) => portal.frames()[0].bound")
        return names

    # The frame's side --------------------------------------------------------------------------------

    @property
    def playwright_frame(self) -> Frame:
        """The hidden frame with the placement page."""
        found = next((frame for frame in self.playwright_page.frames if self._is_app(frame)), None)
        if found is None:
            raise LookupError("the portal's page has no frame with the placement page")
        return found

    def _is_app(self, frame: Frame) -> bool:
        return urlsplit(frame.url).netloc == self._app

    def evaluate(self, script: str, argument: object = None) -> Any:
        """Evaluate something in the placement page."""
        return self.playwright_frame.evaluate(script, argument)

    def provide(self, name: str, function: str | Callable[[Any], Any]) -> None:
        """Give Python a function of the page: JavaScript, or a function of the test, which stands behind it.

        As with the page's own scripts, each load of the page has it, from its beginning.
        """
        if not isinstance(function, str):
            if not self._functions:
                self.playwright_page.expose_function(_PROVIDED, self.call_provided)
            self._functions[name] = function
            function = f"(params) => {_PROVIDED}({json.dumps(name)}, params)"
        provided = f"globalThis.workerPy?.provide({json.dumps(name)}, {function})"
        self.playwright_page.add_init_script(f"addEventListener('DOMContentLoaded', () => {provided})")
        if any(self._is_app(frame) for frame in self.playwright_page.frames):
            # Until its scripts have come, which its own guard tells by this event.
            self.evaluate(
                f"() => globalThis.workerPy ? {provided} : addEventListener('DOMContentLoaded', () => {provided})"
            )

    def call_provided(self, name: str, params: Any) -> Any:
        """What Python calls when it calls a function of the test."""
        return self._functions[name](params)

    def emit(self, name: str, payload: object = None) -> None:
        """Tell Python something from the page."""
        self.evaluate("([name, payload]) => workerPy.emit(name, payload)", [name, payload])
        self._heard += 1

    def kill_interpreter(self) -> None:
        """End the interpreter of this page at once."""
        self.evaluate("workerPy.killWorker()")

    def until(self, condition: str, argument: object = None, timeout_s: float = DEADLINE_MS / 1000) -> None:
        """Wait until an expression of the placement page holds.

        In its scope: `argument`; `stats`, as they are; `before`, as they were when the case began. A boot that has
        failed fails the test at once, with the reason.
        """
        self.until_evaluates(self._in_scope(condition), [argument, self._before], timeout_s)

    @staticmethod
    def _in_scope(condition: str) -> str:
        return f"""([argument, before]) => {{
          const stats = globalThis.workerPy?.stats();
          if (!stats) return false;  // the page's scripts come after its load
          if (stats.state === "failed") throw new Error(JSON.stringify(workerPy.diagnostics().problems));
          return {condition};
        }}"""

    def until_evaluates(self, script: str, argument: object = None, timeout_s: float = DEADLINE_MS / 1000) -> None:
        """Wait until a function of the placement page gives something, in whatever load of it.

        Asked from outside: timers of the hidden frame, by which Playwright's `wait_for_function` would ask again, tick
        once a second, and it has no animation frames.
        """
        self.poll(lambda: self._holds(script, argument), script, self._there, timeout_s)

    def _holds(self, script: str, argument: object) -> bool:
        try:
            return bool(self.evaluate(script, argument))
        except (LookupError, Error) as gone:
            if isinstance(gone, Error) and not any(words in str(gone) for words in BETWEEN_LOADS):
                raise
            return False

    def _there(self) -> object:
        return self.evaluate("globalThis.workerPy && [workerPy.stats(), workerPy.diagnostics().problems]")

    def until_ready(self) -> None:
        """Wait until Python runs and the scripts of this page have: an interpreter of several pages may run before."""
        self.until("stats.state === 'ready' && performance.getEntriesByName('worker-py:scripts').length > 0")

    def until_ready_everywhere(self) -> None:
        """Wait until the hidden pages of this tab and of its sliders all have an interpreter."""
        ready = "() => window.workerPy?.stats().state === 'ready'"  # a slider's script may not have come yet
        hidden = self.portal("(portal) => portal.frames().filter(({ kind }) => kind !== 'app').length")

        def everywhere() -> bool:
            there = [frame for frame in self.playwright_page.frames if self._is_app(frame)]
            return len(there) >= hidden and all(frame.evaluate(ready) for frame in there)

        self.poll(everywhere, "an interpreter in each hidden page")

    def is_settled(self) -> bool:
        """Whether every event that was raised has come and been handled to its end."""
        return self._holds(self._in_scope(self._settled()), [self._heard, self._before])

    def until_settled(self, timeout_s: float = DEADLINE_MS / 1000) -> None:
        """Wait until every event that was raised has come and been handled to its end."""
        self.until(self._settled(), self._heard, timeout_s)

    def _settled(self) -> str:
        heard = f"stats.events >= {self._before.get('events', 0)} + argument"
        return f"stats.state === 'ready' && {heard} && stats.waiting === 0"

    def poll(
        self,
        condition: Callable[[], bool],
        what: str,
        there: Callable[[], object] = lambda: "nothing",
        timeout_s: float = DEADLINE_MS / 1000,
    ) -> None:
        """Wait until a condition holds that only the test can check; should it not, tell what is `there`."""
        deadline = time.monotonic() + timeout_s
        pause_ms = float(POLL_MS)
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain for {what}; there is {there()}"
            self.playwright_page.wait_for_timeout(pause_ms)
            pause_ms = min(pause_ms * 1.3, SLOWEST_POLL_MS)  # each question costs what is waited for some time

    # What the placement page tells -------------------------------------------------------------------

    def stats(self) -> dict[str, Any]:
        """`workerPy.stats()`."""
        counts: dict[str, Any] = self.evaluate("workerPy.stats()")
        return counts

    def counted(self, *path: str) -> int:
        """By how much a counter of `stats()` has grown in this case."""
        return _at(self.stats(), path) - _at(self._before, path)

    def trace(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The entries of `workerPy.trace()` that came in this case, or those of one kind."""
        # Asked at once: of two questions, the second knows of what came between them.
        entries, counts = self.evaluate("[workerPy.trace(), workerPy.stats().trace]")
        count = sum(counts.values()) - sum(self._before.get("trace", {}).values())
        return [entry for entry in entries[max(0, len(entries) - count) :] if kind in (None, entry["kind"])]

    def diagnostics(self) -> dict[str, Any]:
        """`workerPy.diagnostics()`."""
        found: dict[str, Any] = self.evaluate("workerPy.diagnostics()")
        return found

    def host(self) -> dict[str, Any]:
        """`workerPy.diagnostics().host`."""
        found: dict[str, Any] = self.diagnostics()["host"]
        return found

    def page_id(self) -> str:
        """The id of the present load of the placement page."""
        return str(self.stats()["page"])

    def reports(self, kind: str | None = None) -> list[dict[str, Any]]:
        """What was reported in this case, or what of one kind."""
        rows, counts = self.evaluate("[workerPy.diagnostics().reports, workerPy.stats().reports]")
        total = sum(counts.values()) - sum(self._before.get("reports", {}).values())
        return [row for row in rows[max(0, len(rows) - total) :] if kind in (None, row["kind"])]

    def worker_ends(self) -> list[str]:
        """How workers of this page ended so far: how, a colon, and why."""
        ends: list[str] = self.diagnostics()["workers"]["ended"]
        return ends

    def workers(self) -> list[Worker]:
        """The dedicated workers of this page."""
        return self.playwright_page.workers

    # Several cases on one page -----------------------------------------------------------------------

    @contextmanager
    def case(self) -> Iterator[None]:
        """One case of several that share this page: the portal forgets what was before it, and counters begin anew.

        What the case before began is waited for: what came of it would be counted as this one's.
        """
        self.until("stats.waiting === 0")
        self.portal("async (portal) => { await portal.configure(null); portal.clear(); }")
        self._before = self.stats()
        self._heard = 0
        yield


PageType = TypeVar("PageType", bound=PortalPage)


class BrowserPortal(Generic[PageType]):
    """A portal in one profile of a browser. Its verbs are those of its first page; `open_page` opens more.

    Attributes:
        context: the profile.
        app_url: the placement page.
    """

    def __init__(
        self,
        context: BrowserContext,
        portal_url: str,
        app_url: str,
        page_type: type[PageType],
        *,
        tab: Page | None = None,
    ) -> None:
        """Nothing is opened yet.

        Args:
            context: the profile.
            portal_url: the portal.
            app_url: the placement page.
            page_type: what a page of the portal is to the test.
            tab: an open tab, for the first page.
        """
        self.context = context
        self.app_url = app_url
        self.portal_url = portal_url
        self._page_type = page_type
        self._first: PageType | None = None
        self._tab = tab
        self._query = {"app": app_url, "plain": ""}

    def open_page(self, page: Page | None = None, *, ready: bool = True, **options: str) -> PageType:
        """Open a page of the portal, and wait until Python runs there.

        Args:
            page: an open tab to use.
            ready: False returns as soon as the hidden page has loaded; its scripts may not have come.
            options: what goes into the portal's query string (`names="late"`).
        """
        tab, self._tab = page or self._tab, None
        opened = self._page(tab or self.context.new_page())
        opened.playwright_page.goto(f"{self.portal_url}?{urlencode({**self._query, **options})}")
        opened.until_there()
        if ready:
            opened.until_ready()
        self._first = self._first or opened
        return opened

    def _page(self, tab: Page) -> PageType:
        """What a tab is to the test, before anything is opened there."""
        return self._page_type(tab, self.app_url)

    @property
    def page(self) -> PageType:
        """The first page."""
        return self._first or self.open_page()

    @property
    def playwright_page(self) -> Page:
        """The first page, as Playwright has it."""
        return self.page.playwright_page

    @property
    def playwright_frame(self) -> Frame:
        """The hidden frame of the first page."""
        return self.page.playwright_frame

    def initialized(self, *, raw: bool = False, **fields: Any) -> BrowserCall:
        """As `PortalPage.initialized`."""
        return self.page.initialized(raw=raw, **fields)

    def navigate(self, uri: str = ELSEWHERE) -> None:
        """As `PortalPage.navigate`."""
        self.page.navigate(uri)

    def click(self, what: str, argument: object = None) -> None:
        """As `PortalPage.click`."""
        self.page.click(what, argument)

    def reports(self, kind: str | None = None) -> list[dict[str, Any]]:
        """As `PortalPage.reports`."""
        return self.page.reports(kind)

    def provide(self, name: str, function: str | Callable[[Any], Any]) -> None:
        """As `PortalPage.provide`."""
        self.page.provide(name, function)

    def emit(self, name: str, payload: object = None) -> None:
        """As `PortalPage.emit`."""
        self.page.emit(name, payload)

    def fault(self, name: str, on: bool = True) -> None:
        """As `PortalPage.fault`."""
        self.page.fault(name, on)

    def kill_interpreter(self) -> None:
        """As `PortalPage.kill_interpreter`."""
        self.page.kill_interpreter()


def _at(counts: Mapping[str, Any], path: tuple[str, ...]) -> int:
    value: Any = counts
    for key in path:
        value = value.get(key, 0) if isinstance(value, Mapping) else 0
    return int(value or 0)


def _without_the_sdks(params: Any) -> Any:
    """Parameters without those that `@bitrix24/b24jssdk` adds for itself."""
    added = ("safelyTime", "isRawValue", "isSafely")
    return {key: value for key, value in params.items() if key not in added} if isinstance(params, dict) else params
