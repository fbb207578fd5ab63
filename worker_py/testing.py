"""Trying an app without a browser: a portal in memory, in virtual time.

    from worker_py.testing import Portal

    def test_the_title_shows_the_number():
        with Portal(app) as portal:
            portal.initialized(PHONE_NUMBER="+4930123456")
            assert ("CallCardSetCardTitle", {"title": "+4930123456"}) in portal.sent

Everything is synchronous: each call runs the app until nothing is left to do at this moment, and
`Portal.advance` lets time pass.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from .app import App
from .commands import SILENT_COMMANDS, CommandName
from .dispatch import Dispatcher
from .errors import RestError
from .events import UiState
from .replay import Replay, replay
from .virtual_time import Deadlock, VirtualTimeLoop, run
from .wire import PREFIX

__all__ = [
    "Answer", "Deadlock", "MemoryPage", "Portal", "Replay", "VirtualTimeLoop", "refusal", "replay",
    "run",
]  # fmt: skip

EPOCH_MS = 1_700_000_000_000
LIST_PAGE = 50
CALL_ID = "E45D40253D1C2D2F.1774588815.822533"

Payload = Any


@dataclass(frozen=True, slots=True)
class Answer:
    """How the portal answers a command."""

    payload: Payload = field(default_factory=list)
    after_ms: float = 0
    times: int = 1
    """0 for silence, 2 for an answer that comes twice."""


def refusal(error_code: str = "Call card is undefined") -> Answer:
    """An error in the shape in which the portal gives it."""
    return Answer([{"result": "error", "errorCode": error_code}])


class MemoryPage:
    """One page of the portal in memory; `Portal` has the same methods for its first page."""

    def __init__(self, portal: Portal, page_id: str) -> None:
        self.id = page_id
        self.messages: list[dict[str, Any]] = []
        """Everything that came from the interpreter."""
        self.functions: dict[str, Callable[[Any], Any]] = {}
        self.unacknowledged: dict[int, dict[str, Any]] = {}
        self._portal = portal
        self._seq = 0
        self._cursors: dict[str, tuple[list[Any], int]] = {}

    def raise_event(self, short_name: str, payload: Payload = None) -> int:
        """Raise one of the portal's events; returns its sequence number."""
        name = short_name if short_name.startswith(PREFIX) else PREFIX + short_name
        return self._journal({"t": "event", "name": name, "payload": payload})

    def initialized(self, **fields: Payload) -> int:
        """Raise ``initialized``; ``fields`` go over a complete payload of an incoming call."""
        payload = {
            "CALL_ID": CALL_ID,
            "PHONE_NUMBER": "+4930123456",
            "LINE_NUMBER": "reg1",
            "LINE_NAME": "Main line",
            "CRM_ENTITY_TYPE": "CONTACT",
            "CRM_ENTITY_ID": 7,
            "CRM_ACTIVITY_ID": 21,
            "CRM_BINDINGS": [{"ENTITY_TYPE": "CONTACT", "ENTITY_ID": 7}],
            "CALL_DIRECTION": "incoming",
            "CALL_STATE": "connecting",
            "CALL_LIST_MODE": False,
        }
        return self.raise_event("initialized", payload | fields)

    def emit(self, name: str, payload: Payload = None) -> int:
        """What the page's own scripts do by ``workerPy.emit``."""
        return self._journal({"t": "emit", "name": name, "payload": payload})

    def provide(self, name: str, function: Callable[[Any], Any]) -> None:
        """What the page's own scripts do by ``workerPy.provide``; may be a coroutine function."""
        self.functions[name] = function

    def detach(self, reason: str = "closed") -> None:
        """The page goes away."""
        self.tell({"t": "detach", "reason": reason})

    def tell(self, message: Mapping[str, Any]) -> None:
        """Say something to the interpreter, as the page's script does."""
        self._portal.deliver(self.id, json.dumps(message))

    def _journal(self, message: dict[str, Any]) -> int:
        self._seq += 1
        message |= {"seq": self._seq, "at": int(self._portal.now_ms), "redelivered": False}
        self.unacknowledged[self._seq] = message
        self.tell(message)
        return self._seq

    def take(self, message: dict[str, Any]) -> None:
        """Take a message of the interpreter; the portal calls this."""
        self.messages.append(message)
        match message["t"]:
            case "ack":
                self.unacknowledged.pop(message["seq"], None)
            case "command":
                self._portal.sent.append((message["command"], message["params"]))
                if message.get("silent"):
                    self._reply({"t": "sent", "id": message["id"]})
                answer = self._portal.answer_to(message["command"])
                for _ in range(answer.times):
                    reply = {"t": "answer", "id": message["id"], "answer": answer.payload}
                    self._reply(reply, answer.after_ms)
            case "rest" | "rest_batch" | "rest_next":
                self._portal.loop.create_task(self._rest(message))
            case "call":
                self._portal.loop.create_task(self._call(message))

    def _reply(self, message: dict[str, Any], after_ms: float = 0) -> None:
        text = json.dumps(message)
        self._portal.loop.call_later(after_ms / 1000, self._portal.dispatcher.receive, self.id, text)

    async def _rest(self, message: dict[str, Any]) -> None:
        reply: dict[str, Any] = {"t": "rest_answer", "id": message["id"]}
        if message["t"] == "rest_batch":
            rows = {}
            for key, (method, params) in message["calls"].items():
                rows[key] = await self._portal.rest_row(method, params)
            reply["result"] = rows
        elif message["t"] == "rest_next":
            items, start = self._cursors.pop(message["of"])
            reply |= self._list_page(message["id"], items, start)
        else:
            row = await self._portal.rest_row(message["method"], message["params"])
            if message.get("paged") and isinstance(row.get("result"), list):
                row = self._list_page(message["id"], row["result"], 0)
            reply |= row
        self._reply(reply)

    def _list_page(self, request_id: str, items: list[Any], start: int) -> dict[str, Any]:
        end = start + LIST_PAGE
        page: dict[str, Any] = {"result": items[start:end], "total": len(items)}
        if end < len(items):
            self._cursors[request_id] = (items, end)
            page["cursor"] = request_id
        return page

    async def _call(self, message: dict[str, Any]) -> None:
        reply: dict[str, Any] = {"t": "call_answer", "id": message["id"]}
        function = self.functions.get(message["name"])
        try:
            if function is None:
                raise LookupError("the page provides no such function")
            value = function(message["params"])
            reply["value"] = await value if inspect.isawaitable(value) else value
        except Exception as error:  # noqa: BLE001 - whatever it raises goes back as data
            name = "NotProvided" if function is None else type(error).__name__
            reply["error"] = {"name": name, "message": str(error)}
        self._reply(reply)


class Portal:
    """A portal in memory that runs one app.

    Attributes:
        sent: the commands that reached the portal: ``(name, parameters)`` in their order.
        answers: how commands are answered, by name; without an entry, as the browser portal does.
        rest: what REST methods give, by name: a value, a function of the parameters, or a
            `RestError`; a list is served in pages of 50 to ``rest.list``.
        page: the first page; more by `open_page`.
    """

    def __init__(self, app: App, *, mode: str = "memory") -> None:
        self.loop = VirtualTimeLoop()
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Answer] = {}
        self.rest: dict[str, Any] = {}
        self.pages: dict[str, MemoryPage] = {}
        self.dispatcher = Dispatcher(app, self._receive, lambda: self.now_ms)
        self.loop.set_exception_handler(self.dispatcher.background_failed)
        self._mode = mode
        self.page = self.open_page()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def now_ms(self) -> float:
        """The portal's clock: milliseconds since the epoch."""
        return EPOCH_MS + self.loop.time() * 1000

    def open_page(self, page_id: str | None = None, card: object = None) -> MemoryPage:
        """Attach another page; ``card`` is what a page says of the card that it shows."""
        page = MemoryPage(self, page_id or f"page-{len(self.pages) + 1}")
        self.pages[page.id] = page
        page.tell({"t": "attach", "mode": self._mode, "reason": "in memory", "card": card})
        return page

    def raise_event(self, short_name: str, payload: Payload = None) -> int:
        """As `MemoryPage.raise_event`."""
        return self.page.raise_event(short_name, payload)

    def initialized(self, **fields: Payload) -> int:
        """As `MemoryPage.initialized`."""
        return self.page.initialized(**fields)

    def emit(self, name: str, payload: Payload = None) -> int:
        """As `MemoryPage.emit`."""
        return self.page.emit(name, payload)

    def provide(self, name: str, function: Callable[[Any], Any]) -> None:
        """As `MemoryPage.provide`."""
        self.page.provide(name, function)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.loop.advance(seconds)

    @property
    def reports(self) -> list[dict[str, Any]]:
        """What was reported to any page: failed handlers, refused payloads."""
        return [message for message in self._messages() if message["t"] == "report"]

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        """How commands, REST and page functions ended: ``(name, outcome)``."""
        return [(message["name"], message["outcome"]) for message in self._messages() if message["t"] == "outcome"]

    def close(self) -> None:
        """End the app's tasks and the loop."""
        self.dispatcher.close()
        self.loop.close()

    def deliver(self, page_id: str, text: str) -> None:
        """Hand a message to the interpreter and run it."""
        self.loop.call_soon(self.dispatcher.receive, page_id, text)
        self.loop.settle()

    def answer_to(self, command: str) -> Answer:
        """How the portal answers this command."""
        if command in self.answers:
            return self.answers[command]
        if command in SILENT_COMMANDS:
            return Answer(times=0)
        if command == CommandName.GET_LIST_UI_STATES:
            return Answer([state.value for state in UiState])
        return Answer()

    async def rest_row(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """What one REST call gives: ``{"result": …}`` or ``{"error": …}``."""
        missing = RestError("ERROR_METHOD_NOT_FOUND", "Method not found!", 404)
        value = self.rest.get(method, missing)
        if callable(value):
            try:
                value = value(params)
                value = await value if inspect.isawaitable(value) else value
            except RestError as error:
                value = error
        if isinstance(value, RestError):
            fields = {"code": value.code, "description": value.description, "status": value.status}
            return {"error": fields}
        return {"result": value}

    def _receive(self, page_id: str, text: str) -> None:
        page = self.pages.get(page_id)
        if page is not None:
            page.take(json.loads(text))

    def _messages(self) -> list[dict[str, Any]]:
        return [message for page in self.pages.values() for message in page.messages]
