"""The app: where handlers are registered and limits are set."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType, UnionType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, overload

from . import events as ev
from .config import Config
from .errors import PageGone, RegistrationError
from .outbox import Captured
from .registry import UNSET, Handler, Registry, handler_name
from .settings import Default, Settings
from .told import Told, told

if TYPE_CHECKING:
    from .card import CallCard
    from .page import Page
    from .rest import Rest

LEVELS = ("debug", "info", "warning", "error", "fatal")
"""How serious an entry of the report sink may be."""
_CAPTURED_CHARS = 500
_TAGS, _TAG_CHARS = 10, 200

_A = TypeVar("_A", bound=ev.CardEvent | ev.CardClosed)
_B = TypeVar("_B", bound=ev.CardEvent | ev.CardClosed)
_C = TypeVar("_C", bound=ev.CardEvent | ev.CardClosed)
_D = TypeVar("_D", bound=ev.CardEvent | ev.CardClosed)
_P = TypeVar("_P", bound=ev.PageEvent)
_Q = TypeVar("_Q", bound=ev.PageEvent)
_H = TypeVar("_H", bound=Handler)
_R = TypeVar("_R")
# Type checkers take `A | B` for a mere UnionType; what takes that takes any class, and the other overloads overlap.
_E = TypeVar("_E")
_S = TypeVar("_S")
_Other = TypeVar("_Other")


def _check_text(what: str, value: object) -> None:
    """Raise `TypeError` for what is no string."""
    if not isinstance(value, str):
        raise TypeError(f"{what} should be a string, not {type(value).__name__}")


class Registering(Generic[_E, _S]):
    """What ``@app.on(…)`` is to a type checker: the handler takes these events, and may take others, too."""

    @overload
    def __call__(self, handler: Callable[[_E | _Other, _S], _R], /) -> Callable[[_E | _Other, _S], _R]: ...
    @overload
    def __call__(self, handler: Callable[[_E, _S], _R], /) -> Callable[[_E, _S], _R]: ...
    def __call__(self, handler: Any, /) -> Any:
        """Register the handler. Other decorators may be stacked on this one: it is not narrowed to these events."""
        raise NotImplementedError  # it is a plain function


class Running(Protocol):
    """What runs an app."""

    def any_page(self) -> Page:
        """A live page. Raises `PageGone` when there is none."""

    def cards(self) -> tuple[CallCard, ...]:
        """The cards of the calls that are going on, the oldest first."""

    def capture(self, entry: Captured) -> None:
        """Send an entry of the app's own to the report sink."""


class _RegisteringAny(Protocol):
    """The same where a type checker cannot tell for which events."""

    def __call__(self, handler: _H, /) -> _H: ...


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
        config_type: a dataclass, which `config` is filled into.

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
        config_type: type | None = None,
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
        self.data: dict[str, Any] = {}
        """The app's own, beside its calls: what of it is JSON outlives the interpreter, for this portal and user."""
        self.configured = Config(config_type)
        """Where `config` comes from."""
        self._running: Running | None = None

    @overload
    def on(  # type: ignore[overload-overlap]
        self, event_type: type[_A], /, *, timeout_s: float | None = ...
    ) -> Registering[_A, CallCard]: ...
    @overload
    def on(  # type: ignore[overload-overlap]
        self, a: type[_A], b: type[_B], /, *, timeout_s: float | None = ...
    ) -> Registering[_A | _B, CallCard]: ...
    @overload
    def on(  # type: ignore[overload-overlap]
        self, a: type[_A], b: type[_B], c: type[_C], /, *, timeout_s: float | None = ...
    ) -> Registering[_A | _B | _C, CallCard]: ...
    @overload
    def on(  # type: ignore[overload-overlap]
        self, a: type[_A], b: type[_B], c: type[_C], d: type[_D], /, *, timeout_s: float | None = ...
    ) -> Registering[_A | _B | _C | _D, CallCard]: ...
    @overload
    def on(  # type: ignore[overload-overlap]
        self, event_type: type[_P], /, *, timeout_s: float | None = ...
    ) -> Registering[_P, Page]: ...
    @overload
    def on(  # type: ignore[overload-overlap]
        self, a: type[_P], b: type[_Q], /, *, timeout_s: float | None = ...
    ) -> Registering[_P | _Q, Page]: ...
    @overload
    def on(  # type: ignore[overload-overlap]
        self, event_type: type[ev.Started], /, *, timeout_s: float | None = ...
    ) -> Registering[ev.Started, None]: ...
    @overload
    def on(self, *event_types: type[ev.Event] | UnionType, timeout_s: float | None = ...) -> _RegisteringAny: ...
    def on(self, *event_types: Any, timeout_s: Any = UNSET) -> Any:
        """Register the decorated function for an event, or for several; coroutine functions and plain ones alike.

        ``@app.on(A, B)`` and ``@app.on(A | B)`` are the same; ``@app.on(CardEvent)`` is for every event of the card.
        The function keeps its place in the order of registration, and runs once for each event.

        Args:
            event_types: classes of `worker_py.events`.
            timeout_s: seconds that the handler may take; ``None`` for no limit; ``handler_timeout_s`` when left out.

        Raises:
            RegistrationError: an unknown event type, a wrong signature, or the same function
                twice for the same event.
        """
        if len(event_types) == 1 and inspect.isroutine(event_types[0]):
            raise RegistrationError(
                f"handler {handler_name(event_types[0])}: @app.on takes the event type; "
                "expected @app.on(Initialized) or so"
            )

        def register(handler: _H) -> _H:
            self.registry.add(event_types, handler, timeout_s)
            return handler

        return register

    def add_handler(
        self,
        event_type: type[ev.Event] | UnionType,
        *more: Handler,
        timeout_s: float | None = UNSET,  # type: ignore[assignment]
    ) -> None:
        """Register a function for an event, or for several: ``app.add_handler(A, B, fn)``.

        Args:
            event_type: what `on` takes.
            more: other event types, and then the handler. It takes ``(event, card)``; ``(event, page)`` for events of a
                page, and ``(event, None)`` for ``Started``.
            timeout_s: seconds; ``None`` for no limit; ``handler_timeout_s`` when left out.

        Raises:
            RegistrationError: as for `on`.
        """
        *others, handler = more or (None,)
        self.registry.add((event_type, *others), handler, timeout_s)  # type: ignore[arg-type]

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
        ``workerPy.emit``. In a name, ``*`` stands for any text: ``"phone.*"``; such a handler takes
        ``(payload, page, name)``.
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
    def config(self) -> Any:
        """What ``worker-py.json`` beside the page says, as a ``config_type``, or else as a read-only mapping.

        It is read before the first handler runs, and anew when a page attaches while no call is going on.

        Raises:
            ConfigError: it is read while the module is imported.
        """
        return self.configured.value()

    def config_of_line(self, line_number: str | None) -> Any:
        """The same for one line, ``Initialized.line_number``: with what ``lines`` says of it over the rest."""
        return self.configured.value(line_number)

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
        if self._running is None:
            raise PageGone(None)
        return self._running.any_page()

    @property
    def cards(self) -> tuple[CallCard, ...]:
        """The cards of the calls that are going on, the oldest first.

        In an interpreter that has just taken the place of another one, those that no page has shown again yet are among
        them for ``page_grace_s``: their commands raise `PageGone` until then.
        """
        return () if self._running is None else self._running.cards()

    def card(self, call_id: str) -> CallCard | None:
        """The card of this call, if it is going on: for what comes from elsewhere, such as an event of the exchange."""
        return self.find(lambda card: card.call_id == call_id)

    def find(self, predicate: Callable[[CallCard], object]) -> CallCard | None:
        """The oldest of the `cards` for which this is true: ``app.find(lambda card: card.data.get("leg") == leg)``."""
        return next((card for card in self.cards if predicate(card)), None)

    def capture_message(
        self, message: str, *, level: str = "info", tags: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Send one entry to the report sink of the bundle (``--report-to``), and to the page's trace in any case.

        The message is sent as it is, but for numbers and tokens, which are masked: write no names into it.

        Args:
            message: what happened; the first 500 characters.
            level: ``debug``, ``info``, ``warning``, ``error`` or ``fatal``.
            tags: up to ten short texts by name, to find entries by.

        Raises:
            TypeError: the message, a tag or its name is no string.
            ValueError: there is no such level.
        """
        _check_text("message", message)
        self._capture(message, "", level, tags, [])

    def capture_exception(self, error: BaseException) -> None:
        """Send an exception to the report sink, and to the page's trace: its type and the app's lines.

        What it says is not sent, unless the bundle was built with ``--report-messages``.

        Raises:
            TypeError: it is no exception.
        """
        if not isinstance(error, BaseException):
            raise TypeError(f"capture_exception takes an exception, not {type(error).__name__}")
        self._capture("", "", "error", {}, told(error))

    def capture_record(self, text: str, words: str, *, level: str, error: BaseException | None = None) -> None:
        """Send a record of a log: ``text`` in any case, ``words`` only where messages are sent; see `ReportHandler`."""
        self._capture(text, words, level, {}, [] if error is None else told(error))

    def _capture(self, text: str, words: str, level: str, tags: Mapping[str, str], links: list[Told]) -> None:
        if level not in LEVELS:
            raise ValueError(f"level {level!r}: there are {', '.join(LEVELS)}")
        for name, value in tags.items():
            _check_text("the name of a tag", name)
            _check_text(f"tag {name}", value)
        if self._running is not None:
            short = {name[:_TAG_CHARS]: value[:_TAG_CHARS] for name, value in list(tags.items())[:_TAGS]}
            text, words = text[:_CAPTURED_CHARS], words[:_CAPTURED_CHARS]
            self._running.capture(Captured(level=level, text=text, words=words, tags=short, told=links))

    def bind(self, running: Running) -> None:
        """Tell the app what runs it; the dispatcher does so."""
        self._running = running
