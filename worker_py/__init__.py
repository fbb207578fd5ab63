"""Bitrix24 call-card apps in Python: handlers of the portal's events, commands to its card."""

from .app import App
from .card import CallCard
from .errors import (
    CommandFailed,
    CommandTimeout,
    ConfigError,
    HandlerTimeout,
    PageCallFailed,
    PageCallTimeout,
    PageGone,
    PayloadError,
    RegistrationError,
    RestError,
    WorkerPyError,
)
from .events import CallDirection, CallState, CardEvent, CrmBinding, Event, EventMeta, PageEvent, UiState
from .page import Page
from .registry import HandlerFailure
from .report_handler import ReportHandler
from .rest import Rest
from .state import CardState

__all__ = [
    "App",
    "CallCard",
    "CallDirection",
    "CallState",
    "CardEvent",
    "CardState",
    "CommandFailed",
    "CommandTimeout",
    "ConfigError",
    "CrmBinding",
    "Event",
    "EventMeta",
    "HandlerFailure",
    "HandlerTimeout",
    "Page",
    "PageCallFailed",
    "PageCallTimeout",
    "PageEvent",
    "PageGone",
    "PayloadError",
    "RegistrationError",
    "ReportHandler",
    "Rest",
    "RestError",
    "UiState",
    "WorkerPyError",
]
