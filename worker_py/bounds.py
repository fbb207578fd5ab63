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
    if _is_deep(value):
        return f"nested deeper than {DEPTH} levels"
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    chars = len(text.encode("utf-16-le", "surrogatepass")) // 2  # as JavaScript counts
    return f"larger than {max_chars // 1024} * 1024 characters" if chars > max_chars else None


def _is_deep(value: Any) -> bool:
    layer, level = [value], 0
    while layer := [each for each in layer if isinstance(each, dict | list | tuple)]:
        level += 1
        if level > DEPTH:
            return True
        layer = [inner for each in layer for _, inner in inside(each)]
    return False


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
    waiting = [(str(key), value) for key, value in message.items()]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, int) and not -EXACT <= value <= EXACT:
            raise ValueError(f"{path} is beyond 2**53 - 1, and JavaScript would round it: send it as a string")
        waiting.extend((f"{path}[{key!r}]", inner) for key, inner in inside(value))


def inside(value: Any) -> Iterator[tuple[Any, Any]]:
    """What a value that is JSON holds, by key or index."""
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list | tuple):
        yield from enumerate(value)
