"""Parameters as PHP reads them from a query or a form: ``filter[ID]=7&select[]=NAME``."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

_KEYS = re.compile(r"\[([^\[\]]*)\]")
_NAME = re.compile(r"^[^\[]+")
MAX_DEPTH = 32


def parse(text: str) -> dict[str, Any]:
    """Read a query string into nested dicts and lists; values stay strings.

    Args:
        text: what stands behind the ``?``, or a form's body.

    Returns:
        Dicts, in which those with the keys 0, 1, 2 … have become lists.
    """
    return nested(parse_qsl(text, keep_blank_values=True))


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Put names with brackets in their place.

    Args:
        pairs: names and values in their order.

    Returns:
        The nested parameters.
    """
    root: dict[str, Any] = {}
    for name, value in pairs:
        path = _path(name)
        if path:
            _put(root, path, value)
    return {key: _with_lists(value) for key, value in root.items()}


def _path(name: str) -> list[str]:
    match = _NAME.match(name)
    if match is None:
        return []
    return [match.group(), *_KEYS.findall(name[match.end() :])][:MAX_DEPTH]


def _put(root: dict[str, Any], path: list[str], value: str) -> None:
    here = root
    for key in path[:-1]:
        below = here.setdefault(key or str(len(here)), {})
        if not isinstance(below, dict):
            return
        here = below
    here[path[-1] or str(len(here))] = value


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if list(value) == [str(index) for index in range(len(value))]:
        return [_with_lists(one) for one in value.values()]
    return {key: _with_lists(one) for key, one in value.items()}
