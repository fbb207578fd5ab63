"""JSON on the wire ↔ events, commands and outcomes: the only place with wire keys.

Two wires meet here. The portal's payloads and answers, as Bitrix24 documents them, are read into
events and outcomes; one table, `EVENTS`, names each event, its class and how its payload is read.
The messages between the placement page and the interpreter are JSON objects whose ``t`` says what
they are; ``static/protocol.js`` lists them with their fields and a test holds the two together.

Nothing here raises anything but `PayloadError`, whatever comes in, and no message quotes a value.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from . import events
from .errors import PayloadError
from .events import CallDirection, CallState, CardEvent, CrmBinding, EventMeta, UiState

PREFIX = "BackgroundCallCard::"

FROM_PAGE = (
    "attach", "detach", "event", "emit", "sent", "answer", "refused", "interface_answer", "rest_answer",
    "call_answer", "user_changed", "reload",
)  # fmt: skip
"""What a page says to the interpreter."""

Payload = Any
"""JSON as it came from outside: anything at all."""

_EMPTY: tuple[object, ...] = (None, "", [])
_NO_NUMBER = frozenset({"", "unknown", "hidden"})
_KEYS = frozenset("0123456789*#")
_TRUE = frozenset({"true", "1", "Y", "y"})
_FALSE = frozenset({"false", "0", "N", "n", ""})
_MAX_DIGITS = 18


_read = json.JSONDecoder().raw_decode
"""`json.loads` without its looking for white space, which takes as long as a short message."""


def parse(text: str) -> dict[str, Any]:
    """Read one message of the page.

    Raises:
        PayloadError: it is not a JSON object with a known ``t``.
    """
    try:
        message, end = _read(text)
    except (ValueError, RecursionError):
        raise PayloadError("a message of the page is not JSON") from None
    if end != len(text):
        raise PayloadError("a message of the page is followed by something")
    if not isinstance(message, dict) or message.get("t") not in FROM_PAGE:
        raise PayloadError("a message of the page has no known type")
    return message


def _writer() -> Callable[[object], str]:
    """`json.dumps` with an encoder that is made once: for a short message, making it costs more than the rest."""
    make = json.encoder.c_make_encoder  # type: ignore[attr-defined]
    if make is None:  # an interpreter without that part in C
        return json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
    under_way: dict[int, object] = {}
    default = json.JSONEncoder().default
    encode = make(under_way, default, json.encoder.encode_basestring_ascii, None, ":", ",", False, False, False)

    def write(value: object) -> str:
        try:
            return "".join(encode(value, 0))
        except BaseException:
            under_way.clear()  # else what it was in the middle of would look like a part of itself next time
            raise

    return write


to_json = _writer()
"""JSON as short as it can be; raises as `json.dumps` does, also for NaN and infinity."""


def json_if_any(value: object, write: Callable[[object], str] = to_json) -> str | None:
    """The same; ``None`` for what JSON cannot carry."""
    try:
        return write(value)
    except BaseException:  # noqa: BLE001 - the app's own classes may do anything
        return None


def parsed(text: object) -> Any:
    """What was kept as JSON; ``None`` for what is none."""
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None


# Reading one value -------------------------------------------------------------------------------


def _object(payload: Payload) -> dict[str, Any]:
    if not isinstance(payload, dict):
        raise PayloadError(f"an object was expected, not {_kind(payload)}")
    return payload


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}
    return "nothing" if value is None else names.get(type(value), "a number")


def _text(source: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = source.get(key)
    if value is None or value == []:
        if default is None:
            raise PayloadError(f"{key} is missing")
        return default
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**_MAX_DIGITS:
        return str(value)
    raise PayloadError(f"{key} should be a string, not {_kind(value)}")


def _integer(source: Mapping[str, Any], key: str) -> int:
    """An integer, also when it arrives as a string; 0 when it is absent or empty."""
    value = source.get(key)
    if value in _EMPTY:
        return 0
    if isinstance(value, str):
        digits = value.strip()
        if digits.lstrip("-").isdecimal() and digits.isascii() and len(digits) <= _MAX_DIGITS:
            try:
                return int(digits)
            except ValueError:
                pass
        raise PayloadError(f"{key} should be an integer")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PayloadError(f"{key} should be an integer, not {_kind(value)}")
    if isinstance(value, float) and not value.is_integer():
        raise PayloadError(f"{key} should be an integer")
    return int(value)


def _boolean(source: Mapping[str, Any], key: str) -> bool:
    value = source.get(key)
    if value is None or value == []:
        return False
    if isinstance(value, bool):
        return value
    word = str(value) if isinstance(value, int | str) else None
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise PayloadError(f"{key} should be a boolean")


def _word(source: Mapping[str, Any], key: str) -> str:
    return _text(source, key, "")


def _number(source: Mapping[str, Any], key: str) -> str | None:
    """A phone number; ``None`` when it is absent, unknown or hidden."""
    text = _text(source, key, "")
    return None if text in _NO_NUMBER else text


def _bindings(source: Mapping[str, Any], key: str, told: list[str]) -> tuple[CrmBinding, ...]:
    """Those that can be read; of the others it is told why not."""
    value = source.get(key)
    if value in _EMPTY:
        return ()
    rows = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(rows, list):
        raise PayloadError(f"{key} should be a list, not {_kind(value)}")
    found = []
    for row in rows:
        if not isinstance(row, dict):
            told.append(f"{key} should hold objects, not {_kind(row)}")
            continue
        try:
            found.append(CrmBinding(_text(row, "ENTITY_TYPE", ""), _integer(row, "ENTITY_ID")))
        except PayloadError as error:
            told.append(str(error))
    return tuple(found)


_Read = Callable[[Mapping[str, Any], str], Any]


def _reading(source: Mapping[str, Any], told: list[str]) -> Callable[[_Read, str], Any]:
    """Reads fields that identify nothing: one that cannot be read is as if it were absent, and why is told."""

    def read(how: _Read, key: str) -> Any:
        try:
            return how(source, key)
        except PayloadError as error:
            told.append(str(error))
            return how({}, key)

    return read


# Reading one event -------------------------------------------------------------------------------

Fields = dict[str, Any]


def _nothing(payload: Payload, told: list[str]) -> Fields:
    """An event without data: the clients deliver ``[]``, ``''``, ``null`` or nothing at all."""
    return {}


def _initialized(payload: Payload, told: list[str]) -> Fields:
    source = _object(payload)
    call_id = _text(source, "CALL_ID")
    if not call_id:
        raise PayloadError("CALL_ID is empty")
    read = _reading(source, told)
    return {
        "call_id": call_id,
        "phone_number": read(_number, "PHONE_NUMBER"),
        "line_number": read(_word, "LINE_NUMBER"),
        "line_name": read(_word, "LINE_NAME"),
        "crm_entity_type": read(_word, "CRM_ENTITY_TYPE"),
        "crm_entity_id": read(_integer, "CRM_ENTITY_ID"),
        "crm_activity_id": read(_integer, "CRM_ACTIVITY_ID") or None,
        "crm_bindings": read(partial(_bindings, told=told), "CRM_BINDINGS"),
        "call_direction": CallDirection(read(_word, "CALL_DIRECTION")),
        "call_state": CallState(read(_word, "CALL_STATE")),
        "call_list_mode": read(_boolean, "CALL_LIST_MODE"),
    }


def _comment(payload: Payload, told: list[str]) -> Fields:
    return {"comment": _text({"the comment": payload}, "the comment", "")}


def _flag(field: str) -> Callable[[Payload, list[str]], Fields]:
    def read(payload: Payload, told: list[str]) -> Fields:
        if not isinstance(payload, bool):
            raise PayloadError(f"a boolean was expected, not {_kind(payload)}")
        return {field: payload}

    return read


def _transfer(payload: Payload, told: list[str]) -> Fields:
    source = _object(payload)
    target = _text(source, "target")
    if not target:
        raise PayloadError("target is empty")
    read = _reading(source, told)
    return {
        "phone_number": read(_number, "phoneNumber"),
        "target": target,
        "target_type": read(_word, "type") or None,
    }


def _entity(payload: Payload, told: list[str]) -> Fields:
    source = _object(payload)
    return {
        "phone_number": _reading(source, told)(_number, "PHONE_NUMBER"),
        "crm_entity_type": _word(source, "CRM_ENTITY_TYPE"),
        "crm_entity_id": _integer(source, "CRM_ENTITY_ID"),
    }


def _rating(payload: Payload, told: list[str]) -> Fields:
    rating = _integer({"the rating": payload}, "the rating")
    if not 1 <= rating <= 5:
        raise PayloadError("the rating should be 1 to 5")
    return {"rating": rating}


def _key(payload: Payload, told: list[str]) -> Fields:
    key = _text({"the key": payload}, "the key")
    if key not in _KEYS:
        raise PayloadError("the key should be one of 0-9, * and #")
    return {"key": key}


@dataclass(frozen=True, slots=True)
class EventSpec:
    """One of the portal's events: its name, its class, and how its payload is read.

    Only what says which call or what was done refuses the event; of another field that cannot be read `read` tells.
    """

    short_name: str
    event_type: type[CardEvent]
    read: Callable[[Payload, list[str]], Fields]

    @property
    def name(self) -> str:
        """The portal's full name."""
        return PREFIX + self.short_name


EVENTS: tuple[EventSpec, ...] = (
    EventSpec("initialized", events.Initialized, _initialized),
    EventSpec("addCommentButtonClick", events.AddCommentButtonClick, _comment),
    EventSpec("muteButtonClick", events.MuteButtonClick, _flag("muted")),
    EventSpec("holdButtonClick", events.HoldButtonClick, _flag("held")),
    EventSpec("closeButtonClick", events.CloseButtonClick, _nothing),
    EventSpec("transferButtonClick", events.TransferButtonClick, _transfer),
    EventSpec("cancelTransferButtonClick", events.CancelTransferButtonClick, _nothing),
    EventSpec("completeTransferButtonClick", events.CompleteTransferButtonClick, _nothing),
    EventSpec("hangupButtonClick", events.HangupButtonClick, _nothing),
    EventSpec("nextButtonClick", events.NextButtonClick, _nothing),
    EventSpec("skipButtonClick", events.SkipButtonClick, _nothing),
    EventSpec("answerButtonClick", events.AnswerButtonClick, _nothing),
    EventSpec("entityChanged", events.EntityChanged, _entity),
    EventSpec("qualityMeterClick", events.QualityMeterClick, _rating),
    EventSpec("dialpadButtonClick", events.DialpadButtonClick, _key),
    EventSpec("makeCallButtonClick", events.MakeCallButtonClick, _nothing),
    EventSpec("notifyAdminButtonClick", events.NotifyAdminButtonClick, _nothing),
)
"""The portal's 17 events: the one place that knows them all."""

_BY_NAME = {spec.name: spec for spec in EVENTS}


def read_event(name: str, payload: Payload, meta: EventMeta, told: list[str] | None = None) -> CardEvent:
    """Read the payload of one of the portal's events.

    Args:
        name: the full name.
        payload: as it came; ``None`` stands for an undefined payload too.
        meta: goes into the event as it is.
        told: gets why a field was left out, of each that could not be read and that the event does without.

    Raises:
        PayloadError: an unknown name, a payload of the wrong type, or one without what identifies the event.
    """
    spec = _BY_NAME.get(name)
    if spec is None:
        raise PayloadError("no such event is known")
    try:
        return spec.event_type(**spec.read(payload, [] if told is None else told), meta=meta)
    except RecursionError:
        raise PayloadError("the payload is nested too deeply") from None


# Reading an answer -------------------------------------------------------------------------------


def error_code(answer: Payload) -> str | None:
    """The portal's error in an answer to a command, or ``None`` for a success.

    Errors come as ``[{"result": "error", "errorCode": …}]``, or as that object bare.
    """
    row = answer[0] if isinstance(answer, list) and answer else answer
    if not isinstance(row, dict):
        return None
    code = row.get("errorCode") or row.get("error")
    if not code and row.get("result") != "error":
        return None
    return str(code) if isinstance(code, str | int) and code else "unknown error"


def ui_states(answer: Payload) -> list[UiState]:
    """The answer to ``CallCardGetListUiStates``: a list of names, or an object of them.

    Raises:
        PayloadError: it is something else.
    """
    rows = list(answer.values()) if isinstance(answer, dict) else answer
    if not isinstance(rows, list) or not all(isinstance(row, str) for row in rows):
        raise PayloadError("the answer to CallCardGetListUiStates should be a list of strings")
    return [UiState(row) for row in rows]


def word(message: Mapping[str, Any], key: str) -> str:
    """A string in a page's message; empty when it is missing or something else."""
    value = message.get(key)
    return value if isinstance(value, str) else ""


def field(message: Mapping[str, Any], key: str, kind: type[Any]) -> Any:
    """A field of a page's message.

    Raises:
        PayloadError: it is missing or of another type.
    """
    value = message.get(key)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise PayloadError(f"a message of type {message.get('t')!r} lacks its field {key!r}")
    return value
