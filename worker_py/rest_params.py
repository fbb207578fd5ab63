"""What parameters of a REST method can be carried to the portal; the rest is refused before anything is sent.

A call travels as JSON, which carries all that Python says but whole numbers that JavaScript would round. The calls of a
batch travel as query strings, one in each, in which an empty list is not there at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .bounds import DEPTH, EXACT, Path, walk


def check_call(params: Mapping[str, Any]) -> None:
    """Refuse what JSON on its way through a page would not carry.

    Raises:
        ValueError: a whole number beyond 2**53, or too many levels.
    """
    for _ in _values(params):
        pass


def check_batched(key: str, params: Mapping[str, Any]) -> None:
    """Refuse what a call of a batch would not carry.

    Args:
        key: the call's, for the message.
        params: an empty one of them is as good as none; within one of them emptiness would be lost.

    Raises:
        ValueError: as `check_call`, or an empty list or object within a parameter.
    """
    for path, value in _values(params):
        if len(path) > 1 and isinstance(value, dict | list | tuple) and not value:
            what = "object" if isinstance(value, dict) else "list"
            raise ValueError(
                f"call {key!r} of a batch has an empty {what} at {_dotted(path)}, which a batch cannot carry; "
                "make this call by rest.call"
            )


def _values(params: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """Everything in the parameters with its path; refuses what no request can carry."""
    for path, value in walk(params):
        if len(path) > DEPTH:
            raise ValueError(f"REST parameters are nested deeper than {DEPTH} levels, or hold themselves")
        if isinstance(value, int) and abs(value) > EXACT:
            raise ValueError(f"the number at {_dotted(path)} is beyond 2**53 and would be rounded; give it as text")
        yield path, value


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))
