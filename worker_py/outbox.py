"""What the interpreter says to a page: one builder for each message, and the way out.

``static/protocol.js`` has the same messages as typedefs; nothing else in the package writes their keys. Each builder
names its message; what may be left out is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypedDict

from .bounds import check_numbers
from .told import Told
from .wire import to_json

Message = dict[str, Any]

Purpose = Literal["probe", "mirror", "title"]
"""What a command is for that is not the app's own: whether a card is shown, to make another window look alike,
or to set a title again that the portal may have written over."""


class Captured(TypedDict):
    """What the app sends to the report sink: ``text`` in any case, ``words`` only where messages are sent."""

    level: str
    text: str
    words: str
    tags: dict[str, str]
    told: list[Told]


class Addressee(Protocol):
    """A page, as far as it can be written to."""

    id: str
    gone: bool


class Outbox:
    """Hands messages to pages as JSON, and to none that has gone.

    Args:
        send: hands a JSON string to the page with this id.
    """

    def __init__(self, send: Callable[[str, str], None]) -> None:
        self._send = send

    def tell(self, page: Addressee, message: Message) -> None:
        """Hand a message to a page, if it is still there."""
        if not page.gone:
            self._send(page.id, to_json(message))

    def post(self, page_id: str, message: Mapping[str, Any]) -> None:
        """Hand a message to whatever page has this id. Raises as `to_json` and `check_numbers` do."""
        text = to_json(message)
        check_numbers(text, message)
        self._send(page_id, text)

    def trace(self, page: Addressee, kind: str, name: str, **more: Any) -> None:
        """Add to a page's trace."""
        self.tell(page, trace(kind, name, **more))


# Questions: each has an ``id``, and an answer ------------------------------------------------------------


def command(
    request_id: str, name: str, params: Mapping[str, Any], *, silent: bool = False, purpose: Purpose | None = None
) -> Message:
    """Carry out a command of the call card; ``silent``: say ``sent`` once the portal has it."""
    message: Message = {"t": "command", "id": request_id, "command": name, "params": params}
    if silent:
        message["silent"] = True
    if purpose is not None:
        message["purpose"] = purpose
    return message


def interface(request_id: str) -> Message:
    """Ask the portal anew which commands it knows."""
    return {"t": "interface", "id": request_id}


def call(request_id: str, name: str, params: Any) -> Message:
    """Call a function that the page provides."""
    return {"t": "call", "id": request_id, "name": name, "params": params}


def rest(method: str, params: Mapping[str, Any], *, paged: bool = False, once: str | None = None) -> Message:
    """Call a method of REST; with ``paged`` the answer may have a cursor, ``once``: see `rest_batch`."""
    message: Message = {"t": "rest", "method": method, "params": params}
    if once is not None:
        message["once"] = once
    return {**message, "paged": True} if paged else message


def rest_batch(calls: Mapping[str, Sequence[Any]], *, halt: bool, once: str | None = None) -> Message:
    """Call several methods of REST: ``[method, parameters]`` by key; ``once``: unless it was asked before."""
    message: Message = {"t": "rest_batch", "calls": calls, "halt": halt}
    return message if once is None else {**message, "once": once}


def rest_next(cursor: str) -> Message:
    """Ask for the next page of a list."""
    return {"t": "rest_next", "of": cursor}


# The rest has no answer ----------------------------------------------------------------------------------


def rest_done(cursor: str) -> Message:
    """The next page of a list is not wanted."""
    return {"t": "rest_done", "of": cursor}


def cancel(request_id: str) -> Message:
    """Nobody waits any more for a function of the page, or for REST."""
    return {"t": "cancel", "id": request_id}


def outcome(
    asked: Mapping[str, Any], ended: str, *, ms: float, started: float, cause: str | None, also: Mapping[str, Any]
) -> Message:
    """How a question ended: ``asked`` is the question, ``cause`` the event whose handler asked it."""
    return {
        "t": "outcome",
        "id": asked["id"],
        "kind": asked["t"],
        "name": asked.get("command") or asked.get("method") or asked.get("name") or "",
        "outcome": ended,
        "ms": round(ms, 1),
        "started": int(started),
        "cause": cause,
        **also,
    }


def ack(seq: int, handlers: Sequence[Mapping[str, object]] = (), call_id: str | None = None) -> Message:
    """An event has been dealt with: these handlers ran (a `HandlerRun` of each), and it need not come again."""
    return {"t": "ack", "seq": seq, "handlers": handlers, "call_id": call_id}


def turn(seq: int) -> Message:
    """An event that was delivered again has its turn; 0: none of this page has."""
    return {"t": "turn", "seq": seq}


def keep(call_id: str, kept: str) -> Message:
    """Keep this JSON of a call that the page shows, for the interpreter after this one."""
    return {"t": "keep", "call_id": call_id, "kept": kept}


def keep_data(kept: str) -> Message:
    """Keep this JSON of ``app.data``, for the interpreter after this one."""
    return {"t": "keep_data", "kept": kept}


def forget(call_id: str) -> Message:
    """A call is over: what is kept of it, and what is wrong with it, can go."""
    return {"t": "forget", "call_id": call_id}


def problem(kind: Literal["not_external", "no_buttons", "no_config"], call_id: str, *, on: bool) -> Message:
    """A standing problem of a call begins or ends; ``no_config`` is of the app, and its call's id is empty."""
    return {"t": "problem", "kind": kind, "call_id": call_id, "on": on}


def report(kind: str, text: str, **more: Any) -> Message:
    """Something went wrong, in words without anything personal."""
    return {"t": "report", "kind": kind, **more, "text": text}


def printed(level: str, text: str, *, handler: str, cause: str | None) -> Message:
    """What the app has printed or logged, as it is; ``cause``: the event whose handler did."""
    return {"t": "printed", "level": level, "handler": handler, "id": cause, "text": text}


def captured(entry: Captured, *, handler: str, cause: str | None) -> Message:
    """What the app sends to the report sink by itself; ``cause``: the event whose handler did."""
    return {"t": "captured", **entry, "handler": handler, "id": cause}


def trace(kind: str, name: str, **more: Any) -> Message:
    """An entry of the page's trace."""
    return {"t": "trace", "entry": {"kind": kind, "name": name, **more}}


def taking(request_id: str) -> Message:
    """A source that the page sent is about to run: should the interpreter end now, it is to blame."""
    return {"t": "taking", "id": request_id}


def reloaded(told: Mapping[str, Any], request_id: str | None) -> Message:
    """Which source runs; ``request_id`` for the page that asked."""
    return {"t": "reloaded", **told, "id": request_id}
