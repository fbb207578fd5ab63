"""Handlers: what can be registered, and the checks that happen when it is.

A mistake is refused at registration, before anything changes, with a message that names the
handler and what was expected; so a call is never the place where it shows.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .errors import RegistrationError
from .events import CardClosed, Event, PageAttached, PageDetached, Started
from .settings import check_limit
from .wire import EVENTS

Handler = Callable[..., Any]

_PARAMETERS: dict[type[Event], str] = {
    **{spec.event_type: "(event, card)" for spec in EVENTS},
    CardClosed: "(event, card)",
    PageAttached: "(event, page)",
    PageDetached: "(event, page)",
    Started: "(event, None)",
}
"""Every event type that can be registered, with what its handlers take."""


class _Unset:
    def __repr__(self) -> str:
        return "the app's handler_timeout_s"


UNSET = _Unset()


@dataclass(frozen=True, slots=True)
class HandlerFailure:
    """What an error handler gets: which handler failed at what."""

    event: Event | None
    """``None`` when the handler was for a page event or a background task."""
    handler: Handler
    exception: BaseException


@dataclass(frozen=True, slots=True)
class Registration:
    """One handler as it was registered."""

    handler: Handler
    name: str
    timeout_s: float | _Unset | None = UNSET


class Registry:
    """Every handler of an app, in the order of registration."""

    def __init__(self) -> None:
        self._handlers: dict[type[Event], list[Registration]] = {}
        self._page_events: dict[str, list[Registration]] = {}
        self._on_error: list[Registration] = []

    def add(self, event_type: type[Event], handler: Handler, timeout_s: object = UNSET) -> None:
        """Register a handler of an event.

        Raises:
            RegistrationError: an unknown event type, a wrong signature, or a handler that is
                registered for this event already.
        """
        expected = _PARAMETERS.get(event_type) if isinstance(event_type, type) else None
        if expected is None:
            raise RegistrationError(
                f"handler {handler_name(handler)}: {_shown(event_type)} is no event type; "
                "expected a class of worker_py.events, such as Initialized"
            )
        what = f"{event_type.__name__} handler"
        registration = _checked(handler, what, expected, timeout_s)
        _append(self._handlers.setdefault(event_type, []), registration, what)

    def add_page_event(self, name: str, handler: Handler, timeout_s: object = UNSET) -> None:
        """Register a handler of an event that the page emits. Raises `RegistrationError`."""
        if not isinstance(name, str) or not name:
            raise RegistrationError(
                f"handler {handler_name(handler)}: the name of a page event is a non-empty str, "
                f"such as 'phone.ringing'; got {_shown(name)}"
            )
        what = f"page event {name!r} handler"
        registration = _checked(handler, what, "(payload, page)", timeout_s)
        _append(self._page_events.setdefault(name, []), registration, what)

    def add_error_handler(self, handler: Handler) -> None:
        """Register a handler of failures. Raises `RegistrationError`."""
        registration = _checked(handler, "error handler", "(failure)", UNSET)
        _append(self._on_error, registration, "error handler")

    def handlers(self, event_type: type[Event]) -> list[Registration]:
        """The handlers of an event, as they are now."""
        return self._handlers.get(event_type, [])

    def page_event_handlers(self, name: str) -> list[Registration]:
        """The handlers of a page event."""
        return self._page_events.get(name, [])

    def error_handlers(self) -> list[Registration]:
        """The handlers of failures."""
        return self._on_error

    def everything(self) -> Iterator[Handler]:
        """Every function that is registered for anything."""
        for registered in (*self._handlers.values(), *self._page_events.values(), self._on_error):
            yield from (each.handler for each in registered)


def handler_name(handler: object) -> str:
    """A handler's qualified name, for messages and traces."""
    target = getattr(handler, "func", handler)
    name = getattr(target, "__qualname__", None) or type(target).__qualname__
    return str(name).replace("<locals>.", "")


def _checked(handler: Handler, what: str, expected: str, timeout_s: object) -> Registration:
    name = handler_name(handler)
    if not callable(handler):
        raise RegistrationError(f"{what} {_shown(handler)} is not callable; expected {expected}")
    if not isinstance(timeout_s, _Unset):
        try:
            check_limit("timeout_s", timeout_s)
        except (TypeError, ValueError) as error:
            raise RegistrationError(f"{what} {name}: {error}") from None
    if any(map(_is_generator, (handler, getattr(handler, "__call__", None)))):  # noqa: B004 - not whether it has one
        raise RegistrationError(f"{what} {name} is a generator; expected a function {expected}")
    _check_signature(handler, name, what, expected)
    return Registration(handler, name, timeout_s)  # type: ignore[arg-type]


def _is_generator(function: object) -> bool:
    return inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function)


def _check_signature(handler: Handler, name: str, what: str, expected: str) -> None:
    try:
        signature = inspect.signature(handler)
    except (TypeError, ValueError):
        return  # some callables of C have no signature to check
    arguments = [None] * (expected.count(",") + 1)
    try:
        signature.bind(*arguments)
    except TypeError as error:
        raise RegistrationError(
            f"{what} {name}{signature} cannot be called with {expected}: {error}; "
            f"expected def {name.rsplit('.', 1)[-1]}{expected.replace('None', 'nothing')}"
        ) from None


def _append(registered: list[Registration], registration: Registration, what: str) -> None:
    if any(each.handler == registration.handler for each in registered):
        raise RegistrationError(
            f"{what} {registration.name} is registered already; expected each function once for an event"
        )
    registered.append(registration)


def _shown(value: object) -> str:
    return value.__name__ if isinstance(value, type) else repr(value)[:80]
