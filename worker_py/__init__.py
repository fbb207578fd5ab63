"""Bitrix24 call-card apps in Python: handlers of the portal's events, commands to its card."""

from .app import App
from .card import CallCard
from .errors import (
    CommandFailed,
    CommandTimeout,
    HandlerTimeout,
    PageCallFailed,
    PageCallTimeout,
    PageGone,
    PayloadError,
    RegistrationError,
    RestError,
    WorkerPyError,
)
from .events import CallDirection, CallState, CrmBinding, UiState
from .page import Page
from .registry import HandlerFailure
from .state import CardState

__all__ = [
    "App",
    "CallCard",
    "CallDirection",
    "CallState",
    "CardState",
    "CommandFailed",
    "CommandTimeout",
    "CrmBinding",
    "HandlerFailure",
    "HandlerTimeout",
    "Page",
    "PageCallFailed",
    "PageCallTimeout",
    "PageGone",
    "PayloadError",
    "RegistrationError",
    "RestError",
    "UiState",
    "WorkerPyError",
]
