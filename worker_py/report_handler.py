"""The app's own log in the report sink: a handler for the standard library's `logging`."""

from __future__ import annotations

import logging

from .app import App
from .printed import level_of


class ReportHandler(logging.Handler):
    """Sends what is logged to the report sink, as `App.capture_message` and `App.capture_exception` do.

    Of a record go its level, its logger's name, and its text before the arguments are put in: ``"no contact for %s"``.
    A text without arguments may have been put together from anything, and goes only with ``--report-messages``, as the
    arguments do.

    Args:
        app: the app whose reports these are.
        level: what is less than this is not sent.
    """

    def __init__(self, app: App, level: int = logging.WARNING) -> None:
        super().__init__(level)
        self._app = app

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record."""
        try:
            error = record.exc_info[1] if record.exc_info else None
            self._app.capture_record(
                f"{record.name}: {record.msg if record.args else 'logged'}",
                record.getMessage(),
                level="fatal" if record.levelno >= logging.CRITICAL else level_of(record.levelno),
                error=error,
            )
        except Exception:  # noqa: BLE001 - as the library's own handlers do
            self.handleError(record)
