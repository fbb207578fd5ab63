"""The portal's events as tests raise them: payloads of the documented shape, and what no portal knows refused.

`wire` reads the same: what is written here and read there gives the event that it was made of.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from . import events as ev
from .wire import EVENTS

Payload = Any

CALL_ID = "E45D40253D1C2D2F.1774588815.822533"
INITIALIZED: Mapping[str, Payload] = {
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
"""A complete payload, of an incoming call."""

_KEYS: Mapping[str, Iterable[str]] = {
    "initialized": INITIALIZED,
    "entityChanged": ("PHONE_NUMBER", "CRM_ENTITY_TYPE", "CRM_ENTITY_ID"),
    "transferButtonClick": ("phoneNumber", "target", "type"),
}
"""What the payloads have that are objects."""

_NAMES = {spec.event_type: spec.short_name for spec in EVENTS}


def check(short_name: str, payload: Payload) -> None:
    """Refuse an event that no portal raises.

    Raises:
        ValueError: no portal knows the event, or a key of its payload.
    """
    if short_name not in _NAMES.values():
        raise ValueError(f"{short_name!r} is no event of the portal{_meant(short_name, _NAMES.values())}")
    known = _KEYS.get(short_name)
    if known is None or not isinstance(payload, Mapping):
        return
    for key in payload:
        if key not in known:
            raise ValueError(f"{key!r} is no key of the payload of {short_name}{_meant(str(key), known)}")


def _meant(word: str, known: Iterable[str]) -> str:
    likely = difflib.get_close_matches(word, known, 1)
    hint = f"; {likely[0]!r} is one" if likely else f"; there are {', '.join(sorted(known))}"
    return f"{hint}. With raw=True it is sent as it is."


def written(event: ev.Event) -> tuple[str, Payload]:
    """An event's short name, and the payload with which the portal raises it.

    Raises:
        ValueError: it is none of the portal's.
    """
    short_name = _NAMES.get(type(event))  # type: ignore[arg-type]
    if short_name is None:
        raise ValueError(f"{type(event).__name__} is no event of the portal: nothing can raise it but the kit itself")
    return short_name, _payload(event)


def _payload(event: ev.Event) -> Payload:
    match event:
        case ev.Initialized():
            return _initialized(event)
        case ev.EntityChanged():
            number = "unknown" if event.phone_number is None else event.phone_number
            crm = {"CRM_ENTITY_TYPE": event.crm_entity_type, "CRM_ENTITY_ID": event.crm_entity_id}
            return {"PHONE_NUMBER": number, **crm}
        case ev.TransferButtonClick():
            return _given(phoneNumber=event.phone_number, target=event.target, type=event.target_type)
        case ev.QualityMeterClick():
            return str(event.rating)
    own = [getattr(event, each.name) for each in fields(event) if each.name != "meta"]
    return own[0] if own else []


def _initialized(event: ev.Initialized) -> Payload:
    given = {key: getattr(event, key.lower()) for key in INITIALIZED}
    given["CRM_BINDINGS"] = [
        {"ENTITY_TYPE": each.entity_type, "ENTITY_ID": each.entity_id} for each in event.crm_bindings
    ]
    return _given(**given)


def _given(**fields: Payload) -> dict[str, Payload]:
    """The portal leaves out what it does not know."""
    return {key: value for key, value in fields.items() if value is not None}
