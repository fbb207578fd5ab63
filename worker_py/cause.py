"""Which event's handlers the running code belongs to, for the trace, and which page the event came from."""

from __future__ import annotations

from contextvars import ContextVar

CAUSE: ContextVar[str | None] = ContextVar("cause", default=None)
"""The event's ``meta.id``; tasks that a handler leaves behind inherit it."""

WINDOW: ContextVar[str | None] = ContextVar("window", default=None)
"""The id of the page that the event came from; commands, REST and page functions go there while it lives."""
