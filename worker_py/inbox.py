"""What a page says to the interpreter: one builder for each message, and readers of those with many fields.

The builders are for whatever plays a page: the kit and the replay. ``static/protocol.js`` has the same messages as
typedefs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from .wire import field, word

Message = dict[str, Any]


class Delivered(NamedTuple):
    """A message of type ``event`` or ``emit``, as it was read."""

    seq: int
    name: str
    payload: Any
    at: int
    """When the page got it, in milliseconds since the epoch; 0 when it does not say."""
    redelivered: bool
    call_id: str | None = None
    """When it is delivered again: the call whose card was initialized last on its page when it came, if any was."""


class Attached(NamedTuple):
    """A message of type ``attach``, as it was read."""

    mode: str
    reason: str
    call_id: str | None
    """The call whose card the page shows."""
    kept: Any
    """What the page keeps of that call."""
    data: str | None = None
    """What it keeps of ``app.data``, as JSON."""


def read_delivered(message: Mapping[str, Any]) -> Delivered:
    """Read an ``event`` or an ``emit``.

    Raises:
        PayloadError: it has no number.
    """
    at, call_id = message.get("at"), message.get("call_id")
    return Delivered(
        seq=field(message, "seq", int),
        name=word(message, "name"),
        payload=message.get("payload"),
        at=int(at) if isinstance(at, int | float) and math.isfinite(at) else 0,
        redelivered=message.get("redelivered") is True,
        call_id=call_id if isinstance(call_id, str) else None,
    )


def read_attached(message: Mapping[str, Any]) -> Attached:
    """Read an ``attach``; a card that is none is no card."""
    card = message.get("card")
    card = card if isinstance(card, dict) and isinstance(card.get("call_id"), str) else {}
    data = message.get("data")
    shown = (card.get("call_id"), card.get("kept"))
    return Attached(word(message, "mode"), word(message, "reason"), *shown, data if isinstance(data, str) else None)


def read_commands(message: Mapping[str, Any]) -> frozenset[str] | None:
    """The names in an ``interface_answer``; ``None`` when it lists none."""
    names = message.get("commands")
    if not isinstance(names, list) or not names:
        return None
    return frozenset(name for name in names if isinstance(name, str))


# Builders ------------------------------------------------------------------------------------------------


def attach(mode: str, reason: str = "", card: object = None, data: str | None = None) -> Message:
    """The page is here.

    Args:
        mode: how it hosts the interpreter.
        reason: why so.
        card: ``{call_id, kept}`` of the call whose card it shows.
        data: what it keeps of ``app.data``.
    """
    return {"t": "attach", "mode": mode, "reason": reason, "card": card, "data": data}


def detach(reason: str) -> Message:
    """The page goes away."""
    return {"t": "detach", "reason": reason}


def event(name: str, payload: Any, *, seq: int, at: float, redelivered: bool = False) -> Message:
    """One of the portal's events, by its full name."""
    return {"t": "event", "name": name, "payload": payload, "seq": seq, "at": int(at), "redelivered": redelivered}


def emit(name: str, payload: Any, *, seq: int, at: float, redelivered: bool = False) -> Message:
    """An event of the page's own scripts."""
    return {"t": "emit", "name": name, "payload": payload, "seq": seq, "at": int(at), "redelivered": redelivered}


def sent(request_id: str) -> Message:
    """The portal has the command: from now on its silence counts."""
    return {"t": "sent", "id": request_id}


def answer(request_id: str, payload: Any) -> Message:
    """The portal's answer to a command."""
    return {"t": "answer", "id": request_id, "answer": payload}


def refused(request_id: str, error: str) -> Message:
    """The page could not pass a command on, or its answer."""
    return {"t": "refused", "id": request_id, "error": error}


def interface_answer(request_id: str, commands: list[str] | None) -> Message:
    """The commands that the portal lists now; ``None`` when its answer lists none."""
    return {"t": "interface_answer", "id": request_id, "commands": commands}


def rest_answer(request_id: str, row: Mapping[str, Any]) -> Message:
    """``result`` or ``error`` of REST, and ``cursor`` and ``total`` of a list."""
    return {"t": "rest_answer", "id": request_id, **row}


def call_answer(request_id: str, row: Mapping[str, Any]) -> Message:
    """``value`` or ``error`` of a function of the page."""
    return {"t": "call_answer", "id": request_id, **row}


def user_changed() -> Message:
    """Another user works on the page than before."""
    return {"t": "user_changed"}


def reload(
    request_id: str, source: str | None = None, *, again: bool = False, archive: str | None = None, version: str = ""
) -> Message:
    """Take another source for the app, or say which runs; ``again``: one that the page remembers.

    ``archive`` holds all files of the app in the place of a source, as base64 of a zip file; ``version`` names it.
    """
    saved = {} if archive is None else {"archive": archive, "version": version}
    return {"t": "reload", "id": request_id, "source": source, "again": again, **saved}
