"""The app: where handlers are registered and limits are set."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

from . import events as ev
from .errors import PageGone, RegistrationError
from .registry import UNSET, Handler, Registry, handler_name
from .settings import Default, Settings

if TYPE_CHECKING:
    from .card import CallCard
    from .page import Page
    from .rest import Rest

_CardEventT = TypeVar("_CardEventT", bound=ev.CardEvent)
_PageEventT = TypeVar("_PageEventT", bound=ev.PageEvent)
_H = TypeVar("_H", bound=Handler)
_R = TypeVar("_R")


class App:
    """What one placement does: handlers of events, and the limits under which they run.

    Args:
        handler_timeout_s: how long a handler may take, in seconds.
        slice_limit_ms: how long code may run without a pause, in milliseconds.
        command_timeout_ms: how long a command waits for its answer, where nothing proves that none will come.
        silent_ok_ms: how long the timer commands and ``CONNECTED`` are silent before that is success, where nothing
            proves it sooner.
        rest_timeout_ms: how long a REST request waits for its answer; at most what remains of the handler's time.
        page_grace_s: how long a call without a page waits for another page, in seconds.

    Each limit may be ``None``: no limit. Those that are not given are the ones of ``[tool.worker-py.settings]`` in the
    project's ``pyproject.toml``, where a bundle was built with it.
    """

    def __init__(
        self,
        *,
        handler_timeout_s: float | None = Default(30),
        slice_limit_ms: float | None = Default(1000),
        command_timeout_ms: float | None = Default(5000),
        silent_ok_ms: float | None = Default(300),
        rest_timeout_ms: float | None = Default(20000),
        page_grace_s: float | None = Default(60),
    ) -> None:
        limits = {
            "handler_timeout_s": handler_timeout_s,
            "slice_limit_ms": slice_limit_ms,
            "command_timeout_ms": command_timeout_ms,
            "silent_ok_ms": silent_ok_ms,
            "rest_timeout_ms": rest_timeout_ms,
            "page_grace_s": page_grace_s,
        }
        self._given = {name: value for name, value in limits.items() if not isinstance(value, Default)}
        self.settings = Settings(**self._given)
        self._project: Mapping[str, float | None] = {}
        self.registry = Registry()
        self._any_page: Callable[[], Page] | None = None

    @overload
    def on(
        self, event_type: type[_CardEventT]
    ) -> Callable[[Callable[[_CardEventT, CallCard], _R]], Callable[[_CardEventT, CallCard], _R]]: ...
    @overload
    def on(
        self, event_type: type[_PageEventT]
    ) -> Callable[[Callable[[_PageEventT, Page], _R]], Callable[[_PageEventT, Page], _R]]: ...
    @overload
    def on(
        self, event_type: type[ev.CardClosed]
    ) -> Callable[[Callable[[ev.CardClosed, CallCard], _R]], Callable[[ev.CardClosed, CallCard], _R]]: ...
    @overload
    def on(
        self, event_type: type[ev.Started]
    ) -> Callable[[Callable[[ev.Started, None], _R]], Callable[[ev.Started, None], _R]]: ...
    def on(self, event_type: type[ev.Event]) -> Callable[[Any], Any]:
        """Register the decorated function for an event; coroutine functions and plain ones alike.

        Raises:
            RegistrationError: an unknown event type, a wrong signature, or the same function
                twice for the same event.
        """
        if inspect.isroutine(event_type):
            raise RegistrationError(
                f"handler {handler_name(event_type)}: @app.on takes the event type; expected @app.on(Initialized) or so"
            )

        def register(handler: Handler) -> Handler:
            self.registry.add(event_type, handler)
            return handler

        return register

    def add_handler(
        self,
        event_type: type[ev.Event],
        handler: Handler,
        *,
        timeout_s: float | None = UNSET,  # type: ignore[assignment]
    ) -> None:
        """Register a function for an event, with a time limit of its own.

        Args:
            event_type: a class of `worker_py.events`.
            handler: takes ``(event, card)``; ``(event, page)`` for events of a page, and
                ``(event, None)`` for ``Started``.
            timeout_s: seconds; ``None`` for no limit; ``handler_timeout_s`` when left out.

        Raises:
            RegistrationError: as for `on`.
        """
        self.registry.add(event_type, handler, timeout_s)

    def on_error(self, handler: _H) -> _H:
        """Register the decorated function for failures of handlers; it takes a `HandlerFailure`."""
        self.registry.add_error_handler(handler)
        return handler

    def on_page_event(
        self,
        name: str,
        *,
        timeout_s: float | None = UNSET,  # type: ignore[assignment]
    ) -> Callable[[_H], _H]:
        """Register the decorated function for what the page emits under ``name``.

        It takes ``(payload, page)``; the payload is whatever JSON the page gave to
        ``workerPy.emit``.
        """
        if inspect.isroutine(name):
            raise RegistrationError(
                f"handler {handler_name(name)}: @app.on_page_event takes the event's name; "
                "expected @app.on_page_event('phone.ringing') or so"
            )

        def register(handler: _H) -> _H:
            self.registry.add_page_event(name, handler, timeout_s)
            return handler

        return register

    def take_project_settings(self, project: Mapping[str, float | None] | App) -> None:
        """Use the limits of ``[tool.worker-py.settings]`` where the code gives none; the worker calls it at its start.

        Args:
            project: the limits by name; or an app whose place this one takes.

        Raises:
            TypeError: there is no such limit, or it is no number.
            ValueError: it is not positive.
        """
        limits = project._project if isinstance(project, App) else project
        self.settings = Settings(**{**limits, **self._given})
        self._project = limits

    @property
    def rest(self) -> Rest:
        """REST through any live page, for work without a card.

        Raises:
            PageGone: no page is attached.
        """
        return self.page.rest

    @property
    def page(self) -> Page:
        """Any live page. Raises `PageGone` when none is attached."""
        if self._any_page is None:
            raise PageGone(None)
        return self._any_page()

    def bind(self, any_page: Callable[[], Page]) -> None:
        """Tell the app how to find a live page; the dispatcher that runs the app does so."""
        self._any_page = any_page
