"""Trying an app without a browser: a portal in memory, in virtual time.

    from worker_py.testing import Portal

    def test_the_title_shows_the_number():
        with Portal(app) as portal:
            portal.initialized(PHONE_NUMBER="+4930123456")
            assert ("CallCardSetCardTitle", {"title": "+4930123456"}) in portal.sent

Everything is synchronous: each call runs the app until nothing is left to do at this moment, and
`Portal.advance` lets time pass.

As the real one, this portal opens a card in the state ``externalCard``, with buttons to close and to fold and no
other: `MemoryPage.card` shows what the operator has, and `Portal.problems` that an app has given him nothing to press.
Each page that raises ``initialized`` for the same ``CALL_ID`` is one more window of the same call. What is not the
app's own command is kept apart in `Portal.service`: copies for other windows, and titles that are set again because the
portal may have written over them in a card's first moments.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Self

from . import inbox, outbox, rest_answers
from .app import App
from .as_in_browser import dispatcher_of
from .bounds import PAYLOAD_CHARS, RESULT_CHARS, refused
from .commands import PROBE_SHOWN, SILENT_COMMANDS, UNDEFINED, CommandName
from .dispatch import Dispatcher
from .errors import ConfigError, PayloadError
from .events import CardEvent, Event, UiState
from .failures import Expected, Failures, Kinds
from .forgotten import ForgottenAwait
from .payloads import CALL_ID, INITIALIZED, Payload, check, written
from .replay import Replay, replay
from .state import SHOWN_BY
from .virtual_time import Deadlock, VirtualTimeLoop, run
from .wire import PREFIX, error_code

__all__ = [
    "CALL_ID", "Answer", "Deadlock", "Expected", "ForgottenAwait", "MemoryCard", "MemoryPage", "Portal", "Replay",
    "VirtualTimeLoop", "refusal", "replay", "run",
]  # fmt: skip

EPOCH_MS = 1_700_000_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """How the portal answers a command.

    The portal works off its messages in their order, so with ``after_ms`` it is as slow for what comes behind.
    """

    payload: Payload = field(default_factory=list)
    after_ms: float = 0
    times: int = 1
    """0 for silence while the portal answers what comes behind, 2 for an answer that comes twice."""


def refusal(error_code: str = UNDEFINED) -> Answer:
    """An error in the shape in which the portal gives it."""
    return Answer([{"result": "error", "errorCode": error_code}])


@dataclass(slots=True)
class MemoryCard:
    """The card in one window, as the operator sees it."""

    call_id: str
    ui_state: str = "externalCard"
    """At first a state with buttons to close and to fold only, which no command leads back to."""
    title: str | None = None
    """``None``: the portal's own."""
    status_text: str | None = None
    muted: bool = False
    held: bool = False

    def carry_out(self, command: str, params: Mapping[str, Any]) -> None:
        """Look as after this command."""
        for known, (name, parameter) in SHOWN_BY.items():
            if command == known:
                setattr(self, name, params[parameter])

    def click(self, event: str, payload: Payload) -> None:
        """Look as after this click."""
        if event == "muteButtonClick":
            self.muted = payload is True
        elif event == "holdButtonClick":
            self.held = payload is True


PORTAL = "portal.example"
"""The portal in memory, as ``portals`` in ``worker-py.json`` names one."""

_WITHOUT_CARD = frozenset({"initialized", "entityChanged", "addCommentButtonClick", "closeButtonClick"})
"""Events that do not show that there is a card that goes on."""


class MemoryPage:
    """One page of the portal in memory; `Portal` has the same methods for its first page."""

    def __init__(self, portal: Portal, page_id: str, call_id: str | None = None) -> None:
        self.id = page_id
        self.card: MemoryCard | None = MemoryCard(call_id) if call_id is not None else None
        """The card that the operator sees here."""
        self.answers: dict[str, Answer] = {}
        """How commands are answered here; goes before `Portal.answers`."""
        self.probe: Answer | None = None
        """How this page answers the probe, when not by whether it shows a card."""
        self.probes = 0
        """How often it was asked whether it shows a card."""
        self.messages: list[dict[str, Any]] = []
        """Everything that came from the interpreter, but what is not the app's own."""
        self.service: list[dict[str, Any]] = []
        """Commands that are not the app's own, and how they ended; but no probes."""
        self.functions: dict[str, Callable[[Any], Any]] = {}
        self.unacknowledged: dict[int, dict[str, Any]] = {}
        self.kept: dict[str, str] = {}
        """What the page keeps of its calls for the next interpreter, by ``CALL_ID``; the newest last."""
        self.kept_data: str | None = None
        """The same of ``app.data``."""
        self.gone = False
        self._portal = portal
        self._seq = 0
        self._busy_until = 0.0
        self._payloads: dict[str, dict[str, Any]] = {}
        self._had_card = False
        self._cursors: dict[str, tuple[list[Any], int]] = {}
        self._once: dict[str, dict[str, Any]] = {}
        self._rest_tasks: dict[str, asyncio.Task[None]] = {}

    def raise_event(self, event: str | CardEvent, payload: Payload = None, *, raw: bool = False) -> int:
        """Raise one of the portal's events; returns its sequence number, 0 when the page refuses its payload.

        Args:
            event: its name, short or full; or the event itself, whose `meta` is filled in.
            payload: what it carries, beside a name.
            raw: send whatever is given, also what no portal does.

        Raises:
            ValueError: no portal knows the event, or a key of its payload.
        """
        if isinstance(event, Event):
            event, payload = written(event)
        short_name = event.removeprefix(PREFIX)
        if not raw:
            check(short_name, payload)
        self._portal.raised(self, short_name, payload)
        why = refused(payload, PAYLOAD_CHARS)
        if why is not None:
            name = PREFIX + short_name
            text = f"the payload of {name} was refused: {why}"
            self.messages.append(outbox.report("refused_payload", text, event=name))
            self._portal.refused(PayloadError(text))
            return 0
        return self._journal(inbox.event, PREFIX + short_name, payload)

    def initialized(self, *, raw: bool = False, **fields: Payload) -> int:
        """Raise ``initialized``; ``fields`` go over a complete payload of an incoming call. Else as `raise_event`."""
        return self.raise_event("initialized", {**INITIALIZED, **fields}, raw=raw)

    def emit(self, name: str, payload: Payload = None) -> int:
        """What the page's own scripts do by ``workerPy.emit``.

        Raises:
            TypeError: the payload is refused.
        """
        why = refused(payload, PAYLOAD_CHARS)
        if why is not None:
            raise TypeError(f"workerPy.emit({json.dumps(name)}): the payload is {why}")
        return self._journal(inbox.emit, name, payload)

    def provide(self, name: str, function: Callable[[Any], Any]) -> None:
        """What the page's own scripts do by ``workerPy.provide``; may be a coroutine function."""
        self.functions[name] = function

    def detach(self, reason: str = "closed") -> None:
        """The page goes away."""
        self.gone = True
        self.tell(inbox.detach(reason))

    def join(self, mode: str, card: object) -> None:
        """Introduce the page to the interpreter."""
        self.tell(inbox.attach(mode, "in memory", card, self.kept_data))

    def rejoin(self, mode: str) -> None:
        """Go on with another interpreter: it gets what was kept, and again what the one before had not acknowledged."""
        self._rest_tasks.clear()
        self._cursors.clear()
        last = next(reversed(self.kept), None)
        self.join(mode, None if last is None else {"call_id": last, "kept": json.loads(self.kept[last])})
        for seq, message in list(self.unacknowledged.items()):
            self.unacknowledged[seq] = {**message, "redelivered": True}
            self.tell(self.unacknowledged[seq])

    def tell(self, message: Mapping[str, Any]) -> None:
        """Say something to the interpreter, as the page's script does."""
        self._portal.deliver(self.id, json.dumps(message))

    def _journal(self, message: Callable[..., inbox.Message], name: str, payload: Payload) -> int:
        """Number a message, keep it until it is acknowledged, and say it."""
        self._seq += 1
        seq = self._seq
        self.unacknowledged[seq] = message(name, payload, seq=seq, at=self._portal.now_ms)
        self.tell(self.unacknowledged[seq])
        return seq

    def raised(self, short_name: str, payload: Payload) -> None:
        """What the card looks like when it raises this; the portal calls this."""
        if short_name == "initialized":
            call_id = str(payload.get("CALL_ID")) if isinstance(payload, dict) else ""
            self._payloads[call_id] = payload
            self.card = MemoryCard(call_id)
        elif short_name == "closeButtonClick":
            self.card = None
        elif self.card is None and not self._had_card and short_name not in _WITHOUT_CARD:
            self.card = MemoryCard("")
        if self.card is not None:
            self._had_card = True
            self.card.click(short_name, payload)

    def show(self, call_id: str) -> None:
        """Raise ``initialized`` of a call again, if it was raised here; the portal calls this."""
        payload = self._payloads.get(call_id)
        if payload is not None:
            self.raise_event("initialized", payload)

    def take(self, message: dict[str, Any]) -> None:
        """Take a message of the interpreter; the portal calls this."""
        if message.get("purpose") == "probe":
            self._take_probe(message)
            return
        (self.messages if "purpose" not in message else self.service).append(message)
        match message["t"]:
            case "ack":
                self.unacknowledged.pop(message["seq"], None)
            case "keep" | "keep_data" | "forget":
                self._keep(message)
            case "command":
                self._take_command(message)
            case "interface" if self._portal.answers_interface and not self._portal.silent:
                self._reply(inbox.interface_answer(message["id"], self._portal.interface))
            case "rest" | "rest_batch" | "rest_next":
                self._rest_tasks[message["id"]] = self._portal.loop.create_task(self._rest(message))
            case "cancel" if message["id"] in self._rest_tasks:
                self._rest_tasks[message["id"]].cancel()
            case "call":
                self._portal.loop.create_task(self._call(message))

    def _keep(self, message: dict[str, Any]) -> None:
        if message["t"] == "keep_data":
            self.kept_data = message["kept"]
            return
        self.kept.pop(message["call_id"], None)
        if message["t"] == "keep":
            self.kept[message["call_id"]] = message["kept"]

    def _take_command(self, message: dict[str, Any]) -> None:
        name, params, purpose = message["command"], message["params"], message.get("purpose")
        if purpose is None:
            self._portal.sent.append((name, params))
        else:
            self._portal.service.append((purpose, name, params))
        if message.get("silent"):
            self._reply(inbox.sent(message["id"]))
        answer = self._portal.answer_to(name, self, ours=purpose == "title")
        if self.card is not None and error_code(answer.payload) is None:
            self._carry_out(self.card, name, params)
        why = refused(answer.payload, PAYLOAD_CHARS)
        reply = inbox.answer(message["id"], answer.payload)
        if why is not None:
            reply = inbox.refused(message["id"], f"the portal's answer was refused: {why}")
        for _ in range(answer.times):
            self._reply(reply, answer.after_ms)

    def _carry_out(self, card: MemoryCard, name: str, params: Mapping[str, Any]) -> None:
        if name == CommandName.CLOSE:
            self._portal.finish(card.call_id)  # in one window, so in all
        else:
            card.carry_out(name, params)

    def _take_probe(self, message: dict[str, Any]) -> None:
        self.probes += 1
        if self._portal.silent:
            return
        answer = self.probe or refusal(UNDEFINED if self.card is None else PROBE_SHOWN)
        behind = max(0.0, self._busy_until - self._portal.loop.time()) * 1000
        for _ in range(answer.times):
            self._reply(inbox.answer(message["id"], answer.payload), max(behind, answer.after_ms))

    def _reply(self, message: dict[str, Any], after_ms: float = 0) -> None:
        text, loop = json.dumps(message), self._portal.loop
        self._busy_until = max(self._busy_until, loop.time() + after_ms / 1000)
        loop.call_later(after_ms / 1000, self._portal.dispatcher.receive, self.id, text)

    async def _rest(self, message: dict[str, Any]) -> None:
        once = message.get("once", "")
        try:
            reply = self._once.get(once) or await self._rest_reply(message)
        finally:
            del self._rest_tasks[message["id"]]
        rows = reply.get("result", {}).values() if message["t"] == "rest_batch" else [reply]
        if once and not any("error" in row for row in rows):
            self._once[once] = reply
        self._reply(inbox.rest_answer(message["id"], reply))

    async def _rest_reply(self, message: dict[str, Any]) -> dict[str, Any]:
        if message["t"] == "rest_batch":
            return {"result": await self._batch(message["calls"], halt=message["halt"])}
        if message["t"] == "rest_next":
            return self._list_page(message["id"], *self._cursors.pop(message["of"]))
        method, params = message["method"], message["params"]
        if not message.get("paged"):
            return await self._row(method, params)
        row = await rest_answers.row(self._portal.rest, method, params)
        if isinstance(row.get("result"), list):
            return self._list_page(
                message["id"], row["result"], rest_answers.start(self._portal.rest, method, params) or 0
            )
        return row

    async def _row(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """What one call gives: of a list that the test has put there, one page."""
        row = await rest_answers.row(self._portal.rest, method, params)
        start = rest_answers.start(self._portal.rest, method, params)
        return row if start is None else {"result": row["result"][start : start + rest_answers.LIST_PAGE]}

    async def _batch(self, calls: Mapping[str, Any], *, halt: bool) -> dict[str, Any]:
        rows: dict[str, Any] = {}
        for key, (method, params) in calls.items():
            rows[key] = await self._row(method, params)
            if halt and "error" in rows[key]:
                break
        return rows

    def _list_page(self, request_id: str, items: list[Any], start: int) -> dict[str, Any]:
        end = start + rest_answers.LIST_PAGE
        page: dict[str, Any] = {"result": items[start:end], "total": len(items)}
        if end < len(items):
            self._cursors[request_id] = (items, end)
            page["cursor"] = request_id
        return page

    async def _call(self, message: dict[str, Any]) -> None:
        reply: dict[str, Any] = {}
        function = self.functions.get(message["name"])
        try:
            if function is None:
                raise LookupError("the page provides no such function")
            value = function(message["params"])
            value = await value if inspect.isawaitable(value) else value
            why = refused(value, RESULT_CHARS)
            if why is not None:
                raise TypeError(f"what it returned was refused: {why}")
            reply["value"] = value
        except Exception as error:  # noqa: BLE001 - whatever it raises goes back as data
            name = "NotProvided" if function is None else type(error).__name__
            reply["error"] = {"name": name, "message": str(error)}
        self._reply(inbox.call_answer(message["id"], reply))


class Portal:
    """A portal in memory that runs one app.

    Attributes:
        sent: the app's commands as they reached the portal: ``(name, parameters)`` in their order, each once however
            many windows there are.
        service: commands that were not the app's own: ``("mirror" or "title", name, parameters)``.
        answers: how commands are answered, by name; without an entry, as the browser portal does.
        interface: the commands that the portal lists when it is asked; ``None`` when its answer lists none.
        answers_interface: whether it answers that question.
        silent: whether it answers no command at all, and not that question either.
        rest: what REST methods give, by name in whatever case: a value, a function of the parameters, or a
            `RestError`, which is what the call raises in the end; one that a function raises may be followed by
            another attempt. A list is served in pages of 50, to ``rest.list`` and where ``start`` asks for one.

    Args:
        app: the app.
        mode: what ``PageAttached`` says of how the interpreter is hosted.
        strict: raise a failure of a handler, a refused payload or a forgotten ``await``, from the call that caused it
            or at the end of the block; also one that an error handler took.
        config: what ``worker-py.json`` says; `Portal.config` may say other things to the pages that come later.
        attach: whether there is a page at once. Else `attach` opens the first one, when all that its ``PageAttached``
            handlers ask for is prepared; what a page does, opens it too.
    """

    def __init__(
        self,
        app: App,
        *,
        mode: str = "memory",
        strict: bool = False,
        attach: bool = True,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        self.loop = VirtualTimeLoop()
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.service: list[tuple[str, str, dict[str, Any]]] = []
        self.answers: dict[str, Answer] = {}
        self.interface: list[str] | None = [name.value for name in CommandName]
        self.silent = False
        self.answers_interface = True
        self.rest: dict[str, Any] = {}
        self.pages: dict[str, MemoryPage] = {}
        self.config: Mapping[str, Any] = config or {}
        self._app = app
        self._mode = mode
        self._functions: dict[str, Callable[[Any], Any]] = {}
        self._strict = strict
        self._failures = Failures(strict=strict)
        self._stored: dict[str, str] = {}
        self.dispatcher = self._interpreter()
        if attach:
            try:
                self.attach()
            except BaseException:
                self.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        with self.loop.around:
            self.close()
            if self._strict:
                gc.collect()  # what a handler held on to goes with it, and may tell of itself
        if error is None:
            self._failures.check()

    @property
    def page(self) -> MemoryPage:
        """The first page; more by `open_page`.

        Raises:
            RuntimeError: there is none yet.
        """
        if not self.pages:
            raise RuntimeError("the portal has no page yet: attach() opens it, and so does raising an event")
        return next(iter(self.pages.values()))

    def attach(self) -> MemoryPage:
        """Open the first page, if it is not there yet."""
        return self.page if self.pages else self.open_page()

    @property
    def now_ms(self) -> float:
        """The portal's clock: milliseconds since the epoch."""
        return EPOCH_MS + self.loop.time() * 1000

    def open_page(self, page_id: str | None = None, card: object = None) -> MemoryPage:
        """Attach another page: one more window of a call, when it raises ``initialized`` for the same ``CALL_ID``.

        Args:
            page_id: its id.
            card: what the page says of the card that it shows, as pages do to a new interpreter.
        """
        shows = card.get("call_id") if isinstance(card, dict) else None
        page = MemoryPage(self, page_id or f"page-{len(self.pages) + 1}", shows if isinstance(shows, str) else None)
        if not self.pages:
            page.functions.update(self._functions)
        self.read_config()
        self.pages[page.id] = page
        page.join(self._mode, card)
        return page

    def read_config(self) -> None:
        """What the page does before it attaches: see what ``worker-py.json`` says.

        Raises:
            ConfigError: it lacks a field that has no default; no handler would run.
        """
        text = json.dumps(dict(self.config))
        self.loop.call_soon(lambda: self.dispatcher.configure(text, PORTAL))
        self.loop.settle()
        missing = self._app.configured.missing
        if missing is not None:
            raise ConfigError(f"{missing}; give it: Portal(app, config={{…}}), or [tool.worker-py.config]")

    def _interpreter(self) -> Dispatcher:
        loop = self.loop

        def send(page_id: str, text: str) -> None:
            if loop is self.loop and page_id in self.pages:  # else it is one that was killed
                self.pages[page_id].take(json.loads(text))

        def keep(key: str, kept: str | None) -> None:
            if loop is self.loop:
                self._stored.pop(key, None)
                if kept is not None:
                    self._stored[key] = kept

        dispatcher = dispatcher_of(self._app, loop, send, EPOCH_MS, keep)
        dispatcher.failed = self._failures.add
        return dispatcher

    def kill_interpreter(self) -> None:
        """End the interpreter in the middle of what it does, as a browser may, and let another take its place.

        What the handlers that wait still do reaches nobody; the pages deliver again what was not acknowledged. The
        other finds what was kept of calls and of ``app.data``. A module's globals stay, which they do not in a browser.
        """
        killed, before = self.dispatcher, self.loop
        self.loop = VirtualTimeLoop()
        self.loop.pass_time(before.time())
        killed.close()
        before.close()
        self._app.data = {}
        self.dispatcher = self._interpreter()
        self.loop.call_soon(lambda: self.dispatcher.remember(dict(self._stored), began_here=True))
        self.loop.settle()
        for page in self.pages.values():
            if not page.gone:
                page.rejoin(self._mode)

    def finish(self, call_id: str = CALL_ID) -> None:
        """The portal takes the card away in every window, without an event: ``telephony.externalCall.finish``."""
        for page in self.pages.values():
            if page.card is not None and page.card.call_id == call_id:
                page.card = None

    def hide(self, call_id: str = CALL_ID) -> None:
        """The same: ``telephony.externalCall.hide``."""
        self.finish(call_id)

    def show(self, call_id: str = CALL_ID) -> None:
        """A fresh card of a call that was hidden, where it was shown: ``telephony.externalCall.show``."""
        for page in self.pages.values():
            page.show(call_id)

    def raised(self, page: MemoryPage, short_name: str, payload: Payload) -> None:
        """A page is about to raise an event: what that does to its card, and to the same card elsewhere."""
        closed = page.card.call_id if page.card is not None and short_name == "closeButtonClick" else ""
        page.raised(short_name, payload)
        if closed:
            self.finish(closed)

    def refused(self, error: PayloadError) -> None:
        """A page has refused a payload; it calls this."""
        self._failures.add(error)
        self._failures.check()

    def expect_failure(self, kinds: Kinds = Exception) -> AbstractContextManager[Expected]:
        """Take one failure of these kinds that comes in the block: ``with portal.expect_failure(LookupError):``.

        Its `Expected.exception` is there when the block has ended.

        Raises:
            AssertionError: there was none.
        """
        return self._failures.expect(kinds)

    def raise_event(self, event: str | CardEvent, payload: Payload = None, *, raw: bool = False) -> int:
        """As `MemoryPage.raise_event`."""
        return self.attach().raise_event(event, payload, raw=raw)

    def initialized(self, *, raw: bool = False, **fields: Payload) -> int:
        """As `MemoryPage.initialized`."""
        return self.attach().initialized(raw=raw, **fields)

    def emit(self, name: str, payload: Payload = None) -> int:
        """As `MemoryPage.emit`."""
        return self.attach().emit(name, payload)

    def provide(self, name: str, function: Callable[[Any], Any]) -> None:
        """As `MemoryPage.provide`; before the first page is there, for that one."""
        functions = self.page.functions if self.pages else self._functions
        functions[name] = function

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.loop.advance(seconds)
        self._failures.check()

    @property
    def reports(self) -> list[dict[str, Any]]:
        """What was reported to any page: failed handlers, refused payloads."""
        return [message for message in self._messages() if message["t"] == "report"]

    @property
    def captured(self) -> list[dict[str, Any]]:
        """What the app sent to the report sink itself: ``capture_message``, ``capture_exception``, `ReportHandler`."""
        return [message for message in self._messages() if message["t"] == "captured"]

    @property
    def printed(self) -> list[tuple[str, str, str]]:
        """What the app printed and logged, as the pages' consoles show it: ``(level, handler, text)``."""
        messages = self._messages()
        return [(each["level"], each["handler"], each["text"]) for each in messages if each["t"] == "printed"]

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        """How commands, REST and page functions ended: ``(name, outcome)``."""
        return [(message["name"], message["outcome"]) for message in self._messages() if message["t"] == "outcome"]

    @property
    def problems(self) -> list[tuple[str, str]]:
        """What is wrong with a call as it stands now: ``(kind, CALL_ID)``.

        ``no_buttons``: the handlers of ``Initialized`` have ended, and the operator can close and fold the card and
        nothing else. ``not_external``: commands fail as they do on a card that no app can manage.
        """
        standing: dict[tuple[str, str, str], None] = {}
        for page in self.pages.values():
            for message in page.messages:
                if message["t"] == "forget":
                    standing = {key: None for key in standing if key[1:] != (message["call_id"], page.id)}
                elif message["t"] == "problem":
                    key = (message["kind"], message["call_id"], page.id)
                    standing.pop(key, None)
                    if message["on"]:
                        standing[key] = None
        return list(dict.fromkeys((kind, call_id) for kind, call_id, _ in standing))

    def close(self) -> None:
        """End the app's tasks and the loop."""
        self.dispatcher.close()
        self.loop.close()

    def deliver(self, page_id: str, text: str) -> None:
        """Hand a message to the interpreter and run it."""
        self.loop.call_soon(self.dispatcher.receive, page_id, text)
        self.loop.settle()
        self._failures.check()

    def answer_to(self, command: str, page: MemoryPage, *, ours: bool = False) -> Answer:
        """How the portal answers this command on a page; what is ``ours`` and not the app's, as it would by itself."""
        if self.silent:
            return Answer(times=0)
        if command in page.answers:
            return page.answers[command]
        if command in self.answers and not ours:
            return self.answers[command]
        if command == CommandName.GET_LIST_UI_STATES:
            return Answer([state.value for state in UiState])
        if page.card is None:
            return refusal()
        return Answer(times=0 if command in SILENT_COMMANDS else 1)

    def _messages(self) -> list[dict[str, Any]]:
        return [message for page in self.pages.values() for message in page.messages]
