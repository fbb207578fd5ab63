"""Time that goes by faster in a placement page: for what it notices only after seconds of silence."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from worker_py_tool.kit.browser_portal import PortalPage

HURRY: Final = Path(__file__).with_name("hurry.js")
"""Init script of a profile in which `hurry` is called."""


def hurry(page: PortalPage, seconds: int) -> None:
    """Let the page believe that so many seconds went by; the test knows that the worker hangs."""
    page.evaluate("(seconds) => hurry(seconds)", seconds)
