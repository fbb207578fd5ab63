"""What a report tells of an exception without any word of its own: its types, our codes, the app's lines.

What an exception says often holds a payload: a number, a name. So that goes apart, and only bundles that were built
with ``--report-messages`` send it on.
"""

from __future__ import annotations

import re
import traceback
from collections import deque
from typing import Any, TypedDict

from . import failure
from .errors import CommandFailed, HandlerTimeout, PageCallFailed, RestError

FRAMES = 30
"""So many frames are told of one exception: the innermost."""
LINKS = 3
"""So many exceptions: the failure, and what caused it."""
_CODE = re.compile(r"[A-Z][A-Z_]{1,63}|HTTP_\d{3}|[A-Z][a-z]+Error|time|slice|Call card is undefined|Invalid ui state")
_CODES = {CommandFailed: "error_code", RestError: "code", PageCallFailed: "name", HandlerTimeout: "reason"}
_CHARS = 200


class Told(TypedDict):
    """One exception; ``words`` is what it says, and ``frames`` are ``(file, line, function)``, the innermost last."""

    type: str
    code: str | None
    words: str
    frames: list[tuple[str, int, str]]


def told(error: BaseException) -> list[Told]:
    """A failure, what caused it, and so on; never raises, whatever the exception's own methods do."""
    try:
        return [_one(link) for link in [error, *(link for link, _ in failure.causes(error))][:LINKS]]
    except BaseException:  # noqa: BLE001 - what the app made of its exceptions may do anything
        return [Told(type=type(error).__name__[:_CHARS], code=None, words="", frames=[])]


def _one(error: BaseException) -> Told:
    code = _code(error)
    return Told(
        type=failure.name(error)[:_CHARS],
        code=code if code is not None and _CODE.fullmatch(code) else None,
        words=failure.words(error),
        frames=_frames(error),
    )


def _code(error: Any) -> str | None:
    """Which of the failures that we know by a word; the portal's or the app's own sentences are none."""
    kind = type(error)  # `isinstance` would ask the app's object
    return next((str(getattr(error, name)) for ours, name in _CODES.items() if issubclass(kind, ours)), None)


def _frames(error: BaseException) -> list[tuple[str, int, str]]:
    """Where it was raised: the app's frames and its packages', without those of this package where there are others."""
    steps = deque(traceback.walk_tb(failure.trace_of(error)), FRAMES)
    found = [(frame.f_code, line) for frame, line in steps]
    theirs = [step for step in found if not step[0].co_filename.startswith(failure.PACKAGE)]
    return [(code.co_filename[-_CHARS:], line or 0, code.co_name[:_CHARS]) for code, line in theirs or found]
