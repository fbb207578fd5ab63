"""Which event's handlers the running code belongs to, for the trace."""

from __future__ import annotations

from contextvars import ContextVar

CAUSE: ContextVar[str | None] = ContextVar("cause", default=None)
"""The event's ``meta.id``; tasks that a handler leaves behind inherit it."""
