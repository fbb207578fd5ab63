"""A forgotten ``await``: a coroutine that nobody awaited is told with the line that made it, in browser and kit alike.

Python warns of one on a stream that nobody reads, and names the line only when it was asked to remember it.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Coroutine
from typing import Any

from .failure import PACKAGE


class ForgottenAwait(AssertionError):
    """A coroutine was made and thrown away: what it was to do has not been done."""


Told = Callable[[str, str, int], None]
"""Told the coroutine's name, and the file and line where it was made."""

HOOK = "_warn_unawaited_coroutine"
"""What Python calls, in `warnings`, when such a coroutine is freed."""

_ORIGIN_DEPTH = 1


def telling(told: Told) -> Callable[[Coroutine[Any, Any, Any]], None]:
    """What takes the place of Python's own hook: it tells of the app's coroutines."""
    real = getattr(warnings, HOOK)

    def hook(coroutine: Coroutine[Any, Any, Any]) -> None:
        file, line, _ = (getattr(coroutine, "cr_origin", None) or [("", 0, "")])[0]
        if not file or file.startswith(PACKAGE):
            real(coroutine)
        else:
            told(getattr(coroutine, "__qualname__", "a coroutine"), file, line)

    return hook


def remember_lines() -> int:
    """From now on coroutines know the line that made them; returns how many lines they knew before."""
    before = sys.get_coroutine_origin_tracking_depth()
    sys.set_coroutine_origin_tracking_depth(max(before, _ORIGIN_DEPTH))
    return before
