"""Handlers: what can be registered, and the checks that happen when it is.

A mistake is refused at registration, before anything changes, with a message that names the
handler and what was expected; so a call is never the place where it shows.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import BuiltinMethodType, MethodType, MethodWrapperType, UnionType
from typing import Any, Union, get_args, get_origin

from .errors import RegistrationError
from .events import CardClosed, CardEvent, Event, PageAttached, PageDetached, Started
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

_EVERY_CARD_EVENT = tuple(spec.event_type for spec in EVENTS)
"""What ``CardEvent`` stands for."""

_ANY_TEXT = "*"
"""In the name of a page event; its handler gets the name that it had, too."""


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
    more: tuple[Any, ...] = ()
    """What the handler gets behind what all get."""


@dataclass(frozen=True, slots=True)
class _OfPage:
    """One handler of what pages emit."""

    name: str
    """As it was registered."""
    pattern: re.Pattern[str]
    """Of the names that it is for."""
    registration: Registration


class Registry:
    """Every handler of an app, in the order of registration."""

    def __init__(self) -> None:
        self._handlers: dict[type[Event], list[Registration]] = {}
        self._page_events: list[_OfPage] = []
        self._on_error: list[Registration] = []

    def add(self, event_types: object, handler: Handler, timeout_s: object = UNSET) -> None:
        """Register a handler of one event or several: it runs once for each event.

        Args:
            event_types: a class of `worker_py.events`, ``A | B``, ``CardEvent`` for all 17, or a tuple of these.
            handler: the handler.
            timeout_s: its time limit.

        Raises:
            RegistrationError: an unknown event type, a wrong signature, or a handler that is
                registered for one of these events already; then it is registered for none.
        """
        found = []
        for event_type in _flat(event_types, handler):
            expected = _PARAMETERS.get(event_type)
            if expected is None:
                raise _no_event_type(event_type, handler)
            what = f"{event_type.__name__} handler"
            registration = _checked(handler, what, expected, timeout_s)
            registered = self._handlers.setdefault(event_type, [])
            _refuse_twice(registered, registration, what)
            found.append((registered, registration))
        for registered, registration in found:
            registered.append(registration)

    def add_page_event(self, name: str, handler: Handler, timeout_s: object = UNSET) -> None:
        """Register a handler of what pages emit under a name, or under those like it. Raises `RegistrationError`."""
        if not isinstance(name, str) or not name:
            raise RegistrationError(
                f"handler {handler_name(handler)}: the name of a page event is a non-empty str, "
                f"such as 'phone.ringing'; got {_shown(name)}"
            )
        what = f"page event {name!r} handler"
        pattern = re.compile(".*".join(map(re.escape, name.split(_ANY_TEXT))), re.DOTALL)
        expected = "(payload, page, name)" if _ANY_TEXT in name else "(payload, page)"
        registration = _checked(handler, what, expected, timeout_s)
        _refuse_twice([each.registration for each in self._page_events if each.name == name], registration, what)
        self._page_events.append(_OfPage(name, pattern, registration))

    def add_error_handler(self, handler: Handler) -> None:
        """Register a handler of failures. Raises `RegistrationError`."""
        registration = _checked(handler, "error handler", "(failure)", UNSET)
        _refuse_twice(self._on_error, registration, "error handler")
        self._on_error.append(registration)

    def handlers(self, event_type: type[Event]) -> list[Registration]:
        """The handlers of an event, as they are now."""
        return self._handlers.get(event_type, [])

    def page_event_handlers(self, name: str) -> list[Registration]:
        """The handlers of a page event, each once, in the order of their registration."""
        found: list[Registration] = []
        for each in self._page_events:
            registration = each.registration
            if each.pattern.fullmatch(name) and not _is_among(found, registration.handler):
                found.append(replace(registration, more=(name,)) if _ANY_TEXT in each.name else registration)
        return found

    def error_handlers(self) -> list[Registration]:
        """The handlers of failures."""
        return self._on_error

    def everything(self) -> Iterator[Handler]:
        """Every function that is registered for anything."""
        of_pages = [each.registration for each in self._page_events]
        for registered in (*self._handlers.values(), of_pages, self._on_error):
            yield from (each.handler for each in registered)


def handler_name(handler: object) -> str:
    """A handler's qualified name, for messages and traces."""
    target = function_of(handler)
    name = getattr(target, "__qualname__", None) or type(target).__qualname__
    return str(name).replace("<locals>.", "")


def function_of(handler: Any) -> Any:
    """What a `functools.partial` calls in the end; anything else is itself."""
    while isinstance(handler, partial):
        handler = handler.func
    return handler


def _flat(event_types: object, handler: Handler) -> Sequence[Any]:
    """Each event type that these mean, once."""
    flat: dict[Any, None] = {}
    waiting = [event_types]
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, tuple):
            waiting[:0] = each
        elif get_origin(each) in (UnionType, Union):
            waiting[:0] = get_args(each)
        elif each is CardEvent:
            flat.update(dict.fromkeys(_EVERY_CARD_EVENT))
        elif isinstance(each, type):
            flat[each] = None
        else:
            raise _no_event_type(each, handler)
    if not flat:
        raise RegistrationError(
            f"handler {handler_name(handler)}: no event type is named; expected @app.on(Initialized) or so"
        )
    return list(flat)


def _no_event_type(value: object, handler: Handler) -> RegistrationError:
    return RegistrationError(
        f"handler {handler_name(handler)}: {_shown(value)} is no event type; "
        "expected a class of worker_py.events, such as Initialized"
    )


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


def _refuse_twice(registered: list[Registration], registration: Registration, what: str) -> None:
    if _is_among(registered, registration.handler):
        raise RegistrationError(
            f"{what} {registration.name} is registered already; expected each function once for an event"
        )


_METHODS = (MethodType, BuiltinMethodType, MethodWrapperType)
"""Made anew each time that they are looked up: one is the other when its object and its function are."""


def _is_among(registered: list[Registration], handler: Handler) -> bool:
    """Whether this very function is there: what is only equal to it, as two dataclasses may be, is another one."""
    return any(
        each.handler is handler or (isinstance(handler, _METHODS) and each.handler == handler) for each in registered
    )


def _shown(value: object) -> str:
    return value.__name__ if isinstance(value, type) else repr(value)[:80]
