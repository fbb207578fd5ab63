"""The cases of `tests/cases/handlers.json`: one file of handlers, and what each of them comes to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parents[1] / "cases"
HANDLERS: Final = FOLDER / "handlers.py"

Row = dict[str, Any]


def rows(kind: str) -> list[Row]:
    """Those of this kind: ``handlers`` or ``payloads``."""
    found: list[Row] = json.loads((FOLDER / "handlers.json").read_text(encoding="utf-8"))[kind]
    return found


def payload_of(row: Row) -> Any:
    """What is raised: the case's name, or what its payload says."""
    made = row.get("payload")
    if made is None:
        return row["case"]
    if "levels" in made:
        value: Any = "x"
        for _ in range(made["levels"]):
            value = [value]
        return value
    return made["repeat"] * made["times"]


def check_report(row: Row, error: str, text: str) -> None:
    """A report is as the row says: the type, and all of these words."""
    assert error == row["reported"]
    assert [words for words in row["text"] if words not in text] == []
    assert len(text) < 4_000
