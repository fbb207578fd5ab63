"""What a page takes in from outside, and which numbers reach it as they are.

``static/page/bounds.js`` refuses the same, ``static/protocol.js`` has the same limits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

PAYLOAD_CHARS = 256 * 1024
"""Characters of one payload or answer of the portal, as JSON."""

RESULT_CHARS = 8 * 1024 * 1024
"""Characters of one REST result or value of a page function, as JSON."""

DEPTH = 64
"""Levels of nesting."""

EXACT = 2**53 - 1
"""JavaScript rounds whole numbers beyond this."""

_LONG = re.compile(r"\d{16}")


def refused(value: Any, max_chars: int) -> str | None:
    """Why a page refuses this, which is JSON; ``None`` when it does not."""
    if any(len(path) >= DEPTH and isinstance(inner, dict | list | tuple) for path, inner in walk(value)):
        return f"nested deeper than {DEPTH} levels"
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    chars = len(text.encode("utf-16-le", "surrogatepass")) // 2  # as JavaScript counts
    return f"larger than {max_chars // 1024} * 1024 characters" if chars > max_chars else None


def check_numbers(text: str, message: Mapping[str, Any]) -> None:
    """Refuse a message with a number that JavaScript would round.

    Args:
        text: the message as JSON.
        message: the same.

    Raises:
        ValueError: it has one.
    """
    if _LONG.search(text) is None:
        return
    for path, value in walk(message):
        if isinstance(value, int) and not -EXACT <= value <= EXACT:
            where = path[0] + "".join(f"[{key!r}]" for key in path[1:])
            raise ValueError(f"{where} is beyond 2**53 - 1, and JavaScript would round it: send it as a string")


Path = tuple[Any, ...]
"""Keys and indexes."""


def walk(value: Any) -> Iterator[tuple[Path, Any]]:
    """All that a value that is JSON holds, with the way to it, and first of all itself; without recursion."""
    waiting: list[tuple[Path, Any]] = [((), value)]
    while waiting:
        path, value = waiting.pop()
        yield path, value
        if isinstance(value, dict):
            waiting += [((*path, key), inner) for key, inner in value.items()]
        elif isinstance(value, list | tuple):
            waiting += [((*path, index), inner) for index, inner in enumerate(value)]
