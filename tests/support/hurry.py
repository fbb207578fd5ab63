"""Time that goes by faster in a placement page: for what it notices only after seconds of silence."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from worker_py_tool.kit.browser_portal import PortalPage

HURRY: Final = Path(__file__).with_name("hurry.js")
"""Init script of a profile in which `hurry` is called."""


def until_it_hangs(page: PortalPage, times: int) -> None:
    """Wait until handlers of this page's events have hung so often: each prints a line before, and nothing else does.

    What a worker prints arrives behind all that it has said before; the answer of the page to a question does not say
    that Python has it.
    """
    page.until("(stats.trace.printed ?? 0) >= argument", times)


def hurry(page: PortalPage, seconds: int) -> None:
    """Let the page believe that so many seconds went by; the test knows that the worker hangs."""
    page.evaluate("(seconds) => hurry(seconds)", seconds)
