"""What comes to the ingest address, read with suspicion: anybody may post there, whatever they like."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ITEMS = 100
"""Entries of one request; a page sends 30 at most."""
CHARS = 200
"""Of each text that is kept."""
DETAIL_CHARS = 4_000
LONGEST_BOOT_MS = 3_600_000
MOST_TIMES = 1_000_000
LEVELS = ("debug", "info", "warning", "error", "fatal")
OTHER = "other"
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\u00a0-\u024f\u0370-\u1fff\u2010-\u2027\u2030-\u205e\u3040-\ud7a3]")
_KINDS = frozenset(
    "handler_failed boot interpreter_ended command_timed_out refused_payload bad_event bad_message no_card set_aside "
    "missing_events missed_card lost_events csp_violation captured app_failed client_failed live_failed held "
    "not_awaited could_not_start config".split()
)


class NoEnvelope(ValueError):
    """The body is not what a page sends."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, as far as it is kept; each text is short and printable.

    Attributes:
        id: 32 hex digits; the same entry may come twice.
        kind: One of those that a page tells, or `other`.
        level: How serious it is.
        handler: The app's handler, empty where there is none.
        event: The event's name.
        type: The exception's type.
        code: Our own code of it.
        place: File and line of the innermost frame of the app.
        build: The bundle's build.
        version: The version of worker-py.
        portal: The hash of the portal's domain.
        operator: The random id of the operator's browser.
        mode: How the interpreter is hosted.
        browser: Its name and main version.
        ms: How long a boot took; None for other kinds.
        times: How often it was so.
        detail: What else it said, as JSON.
    """

    id: str
    kind: str
    level: str
    handler: str
    event: str
    type: str
    code: str
    place: str
    build: str
    version: str
    portal: str
    operator: str
    mode: str
    browser: str
    ms: int | None
    times: int
    detail: str


def read(body: bytes) -> list[Entry]:
    """Read an envelope.

    Raises:
        NoEnvelope: It is none, or holds too much.
    """
    lines = [line for line in body.split(b"\n") if line.strip()]
    if not lines or len(lines) > 1 + 2 * ITEMS:
        raise NoEnvelope(f"an envelope has a line of its own and two for each of at most {ITEMS} entries")
    _mapping(lines[0])
    entries = []
    for head, item in _pairs(lines[1:]):
        if _mapping(head).get("type") == "event":
            entries.append(_entry(_mapping(item)))
    return entries


def _pairs(lines: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    if len(lines) % 2:
        raise NoEnvelope("an entry has two lines")
    yield from zip(lines[::2], lines[1::2], strict=True)


def _mapping(line: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise NoEnvelope("a line is not JSON") from None
    if not isinstance(found, dict):
        raise NoEnvelope("a line is not an object")
    return found


def _entry(event: Mapping[str, Any]) -> Entry:
    identity = str(event.get("event_id", "")).lower()
    if not re.fullmatch(r"[0-9a-f]{32}", identity):
        raise NoEnvelope("an entry has no event_id of 32 hex digits")
    tags, extra = _part(event, "tags"), _part(event, "extra")
    release = text(event.get("release"))
    version, _, build = release.partition("+")
    kind, level = text(tags.get("kind")), text(event.get("level"))
    values = _part(event, "exception").get("values")
    failed = values[-1] if isinstance(values, list) and values and isinstance(values[-1], dict) else {}
    browser = _part(_part(event, "contexts"), "browser")
    return Entry(
        id=identity,
        kind=kind if kind in _KINDS else OTHER,
        level=level if level in LEVELS else "error",
        handler=text(tags.get("handler")),
        event=text(tags.get("event")),
        type=text(failed.get("type")),
        code=text(tags.get("code")),
        place=_place(failed),
        build=build if re.fullmatch(r"[0-9a-f]{12}", build) else OTHER,
        version=version if re.fullmatch(r"\d+(\.\d+){1,2}[\w.]{0,12}", version) else OTHER,
        portal=_hex(tags.get("portal"), 16),
        operator=_hex(_part(event, "user").get("id"), 32),
        mode=text(tags.get("mode"))[:12],
        browser=f"{text(browser.get('name'))[:24]} {text(browser.get('version'))[:8]}".strip() or OTHER,
        ms=_number(extra.get("ms"), LONGEST_BOOT_MS) if kind == "boot" else None,
        times=max(1, _number(extra.get("repeated"), MOST_TIMES) or 1),
        detail=_detail(event, extra),
    )


def text(value: object) -> str:
    """A text that can be shown and logged: short, in one line, without what steers a terminal or turns the reading."""
    return _UNPRINTABLE.sub("?", value[:CHARS]) if isinstance(value, str) else ""


def _part(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = of.get(name)
    return part if isinstance(part, dict) else {}


def _hex(value: object, digits: int) -> str:
    return value if isinstance(value, str) and re.fullmatch(rf"[0-9a-f]{{{digits}}}", value) else OTHER


def _number(value: object, most: int) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return min(most, max(0, round(value)))


def _place(failed: Mapping[str, Any]) -> str:
    frames = _part(failed, "stacktrace").get("frames")
    found = [each for each in frames if isinstance(each, dict)] if isinstance(frames, list) else []
    own = [each for each in found if each.get("in_app") is True] or found
    if not own:
        return ""
    return f"{text(own[-1].get('filename'))}:{_number(own[-1].get('lineno'), 10**7) or 0}"


def _detail(event: Mapping[str, Any], extra: Mapping[str, Any]) -> str:
    """What is shown when one asks for more: the app's words, numbers of ours, frames."""
    said = text(_part(event, "message").get("formatted"))
    shown = {text(name): _shown(value) for name, value in list(extra.items())[:20]}
    content = json.dumps({**({"said": said} if said else {}), **shown}, ensure_ascii=False)
    return content if len(content) <= DETAIL_CHARS else "{}"


def _shown(value: object) -> object:
    if isinstance(value, dict):
        return {text(name): _number(each, 10**9) for name, each in list(value.items())[:20]}
    if isinstance(value, list):
        return [text(each) for each in value[:20]]
    return text(value) if isinstance(value, str) else _number(value, 10**9)
