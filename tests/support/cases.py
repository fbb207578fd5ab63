"""The cases of `tests/cases`: what comes in, and what it should come to, as data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

FOLDER: Final = Path(__file__).parents[1] / "cases"
HANDLERS: Final = FOLDER / "handlers.py"
EVENTS_APP: Final = FOLDER / "events.py"
SHAPES: Final = FOLDER / "shapes.py"

Row = dict[str, Any]


def table(name: str) -> Any:
    """What a file of this name holds."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def rows(kind: str) -> list[Row]:
    """Those of this kind of `handlers.json`: ``handlers``, ``shapes`` or ``payloads``."""
    found: list[Row] = table("handlers")[kind]
    return found


def payload_of(row: Row) -> Any:
    """What is raised: the case's name, or what its payload says."""
    return made(row["payload"]) if "payload" in row else row["case"]


def made(value: Any) -> Any:
    """With what is too long to be written down: ``{"repeat": …, "times": …}`` is a text, ``{"levels": …}`` a nest."""
    if isinstance(value, list):
        return [made(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"repeat", "times"}:
        return value["repeat"] * value["times"]
    if value.keys() == {"levels"}:
        nest: Any = "x"
        for _ in range(value["levels"]):
            nest = [nest]
        return nest
    return {key: made(each) for key, each in value.items()}


class Payload(NamedTuple):
    """One payload of an event: a row of `events.json` holds several that come to the same."""

    event: str
    payload: Any
    seen: dict[str, Any]
    """The event's own fields, where it is not refused."""
    refused: str
    """Why, or empty."""
    title: str
    left_out: str = ""
    """Which fields could not be read, and are as if they were absent."""


def payloads() -> list[Payload]:
    """All of `events.json`. Where a row names a field, the rest of the payload is whole."""
    events = table("events")
    found = []
    for row in events["rows"]:
        event, name, seen = row["event"], row.get("field"), made(row.get("seen", {}))
        variants = [(json.dumps(sent, ensure_ascii=True)[:60], made(sent)) for sent in row["sent"]]
        if name is not None:
            seen = events["seen"] | seen
            variants = [(f"{name}={title}", events["full"] | {name: sent}) for title, sent in variants]
        if row.get("absent"):
            variants += [(f"no {name}", {key: each for key, each in events["full"].items() if key != name})]
        why = row.get("refused", ""), row.get("left_out", "")
        found += [Payload(event, sent, seen, why[0], f"{event} {title}", why[1]) for title, sent in variants]
    return found


def check_report(row: Row, error: str, text: str) -> None:
    """A report is as the row says: the type, and all of these words."""
    assert error == row["reported"]
    assert [words for words in row["text"] if words not in text] == []
    assert len(text) < 4_000
