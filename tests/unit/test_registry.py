"""What can be registered: refused when it is registered, in words that name the handler and what was expected."""

import functools
from collections.abc import AsyncIterator, Iterator
from typing import Any, Union

import pytest

from worker_py import App, WorkerPyError
from worker_py import events as ev
from worker_py.errors import RegistrationError
from worker_py.registry import Registry, handler_name
from worker_py.wire import EVENTS


def two(event: Any, card: Any) -> None:
    """A handler with the right signature."""


class Handlers:
    def method(self, event: Any, card: Any) -> None:
        """A bound method takes event and card."""

    @classmethod
    def of_class(cls, event: Any, card: Any) -> None:
        """So does a method of the class."""

    @staticmethod
    def static(event: Any, card: Any) -> None:
        """And a static one."""

    async def __call__(self, event: Any, card: Any) -> None:
        """An object that can be called is a handler too."""


@pytest.mark.parametrize("kind", [spec.event_type for spec in EVENTS])
def test_each_of_the_seventeen_events_can_be_registered(kind: type[ev.CardEvent]) -> None:
    registry = Registry()
    registry.add(kind, two)
    assert [each.handler for each in registry.handlers(kind)] == [two]


@pytest.mark.parametrize("kind", [ev.Started, ev.PageAttached, ev.PageDetached, ev.CardClosed])
def test_lifecycle_events_are_in_the_same_registry(kind: type[ev.Event]) -> None:
    registry = Registry()
    registry.add(kind, two)
    assert [each.handler for each in registry.handlers(kind)] == [two]


def test_handlers_are_kept_in_the_order_of_registration_and_per_event() -> None:
    registry = Registry()

    def first(event: Any, card: Any) -> None: ...
    def second(event: Any, card: Any) -> None: ...

    registry.add(ev.Initialized, second)
    registry.add(ev.Initialized, first)
    registry.add(ev.HangupButtonClick, first)
    assert [each.handler for each in registry.handlers(ev.Initialized)] == [second, first]
    assert [each.handler for each in registry.handlers(ev.HangupButtonClick)] == [first]
    assert registry.handlers(ev.SkipButtonClick) == []


def test_all_kinds_of_callables_are_handlers() -> None:
    registry = Registry()

    def three(event: Any, card: Any, more: int = 3) -> None: ...
    def any_number(*args: Any) -> None: ...
    def extra(note: str, event: Any, card: Any) -> None: ...

    handlers: list[Any] = [
        Handlers().method, Handlers.of_class, Handlers.static, Handlers(), three, any_number,
        functools.partial(extra, "x"), lambda event, card: None, dict.update,
    ]  # fmt: skip
    for handler in handlers:
        registry.add(ev.Initialized, handler)
    assert [each.handler for each in registry.handlers(ev.Initialized)] == handlers


@pytest.mark.parametrize("kind", [ev.Event, ev.PageEvent, int, str])
def test_a_type_that_is_no_event_is_refused_by_name(kind: type[Any]) -> None:
    with pytest.raises(RegistrationError) as refused:
        Registry().add(kind, two)
    assert str(refused.value) == (
        f"handler two: {kind.__name__} is no event type; expected a class of worker_py.events, such as Initialized"
    )


@pytest.mark.parametrize("kind", ["initialized", None, ev.HangupButtonClick(), 3])
def test_what_is_no_type_is_no_event_type(kind: Any) -> None:
    with pytest.raises(RegistrationError, match=r"^handler two: .* is no event type; expected a class of"):
        Registry().add(kind, two)


def test_a_subclass_of_an_event_is_no_event_of_the_portal() -> None:
    class Mine(ev.HangupButtonClick):
        pass

    with pytest.raises(RegistrationError, match=r"^handler two: Mine is no event type"):
        Registry().add(Mine, two)


def test_a_refusal_is_a_type_error_a_value_error_and_an_error_of_the_package() -> None:
    with pytest.raises(RegistrationError) as refused:
        Registry().add(int, two)
    assert isinstance(refused.value, TypeError)
    assert isinstance(refused.value, ValueError)
    assert isinstance(refused.value, WorkerPyError)


def none() -> None: ...
def one(event: Any) -> None: ...
def three(event: Any, card: Any, more: Any) -> None: ...
def keyword(event: Any, card: Any, *, more: Any) -> None: ...


@pytest.mark.parametrize("handler", [none, one, three, keyword])
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ev.Initialized, "(event, card)"),
        (ev.CardClosed, "(event, card)"),
        (ev.PageAttached, "(event, page)"),
        (ev.PageDetached, "(event, page)"),
        (ev.Started, "(event, None)"),
    ],
)
def test_a_wrong_signature_is_refused_with_name_definition_and_what_was_expected(
    handler: Any, kind: type[ev.Event], expected: str
) -> None:
    registry = Registry()
    with pytest.raises(RegistrationError) as refused:
        registry.add(kind, handler)
    message = str(refused.value)
    assert message.startswith(f"{kind.__name__} handler {handler.__name__}(")
    assert f"cannot be called with {expected}" in message
    assert f"expected def {handler.__name__}(event, " in message
    assert registry.handlers(kind) == []


def test_the_same_function_twice_for_an_event_is_refused_and_changes_nothing() -> None:
    registry = Registry()
    registry.add(ev.Initialized, two)
    with pytest.raises(RegistrationError) as refused:
        registry.add(ev.Initialized, two)
    assert str(refused.value) == (
        "Initialized handler two is registered already; expected each function once for an event"
    )
    assert len(registry.handlers(ev.Initialized)) == 1


def test_the_same_method_of_the_same_object_twice_is_refused_and_of_another_object_taken() -> None:
    registry, handlers = Registry(), Handlers()
    registry.add(ev.Initialized, handlers.method)
    registry.add(ev.Initialized, Handlers().method)
    with pytest.raises(RegistrationError, match=r"^Initialized handler Handlers.method is registered already"):
        registry.add(ev.Initialized, handlers.method)


class Equal:
    """Two of these are equal, and their methods too."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Equal)

    def __hash__(self) -> int:
        return 0

    def __call__(self, event: Any, card: Any) -> None:
        """An object that can be called."""

    def method(self, event: Any, card: Any) -> None:
        """A bound method."""


def test_what_is_only_equal_to_a_handler_is_another_one() -> None:
    registry, one, other = Registry(), Equal(), Equal()
    for handler in (one, other, one.method, other.method):
        registry.add(ev.Initialized, handler)
    assert len(registry.handlers(ev.Initialized)) == 4
    for handler in (one, one.method):
        with pytest.raises(RegistrationError, match="is registered already"):
            registry.add(ev.Initialized, handler)


@pytest.mark.parametrize(
    "kinds",
    [
        (ev.Initialized, ev.HangupButtonClick),
        ev.Initialized | ev.HangupButtonClick,
        Union[ev.Initialized, ev.HangupButtonClick],  # noqa: UP007 - apps may write it
        (ev.Initialized | ev.HangupButtonClick, ev.Initialized),
    ],
)
def test_one_function_is_registered_for_several_events_and_once_for_each(kinds: Any) -> None:
    registry = Registry()
    registry.add(kinds, two, 3)
    for kind in (ev.Initialized, ev.HangupButtonClick):
        assert [(each.handler, each.timeout_s) for each in registry.handlers(kind)] == [(two, 3)]
    assert registry.handlers(ev.SkipButtonClick) == []


def test_every_event_of_the_card_is_registered_by_their_base_class_and_keeps_the_order() -> None:
    registry = Registry()

    def before(event: Any, card: Any) -> None: ...
    def after(event: Any, card: Any) -> None: ...

    registry.add(ev.MuteButtonClick, before)
    registry.add(ev.CardEvent, two)
    registry.add(ev.MuteButtonClick, after)
    assert [each.handler for each in registry.handlers(ev.MuteButtonClick)] == [before, two, after]
    assert all(two in [each.handler for each in registry.handlers(spec.event_type)] for spec in EVENTS)
    assert registry.handlers(ev.CardClosed) == []


def test_a_handler_that_is_there_for_one_of_the_events_is_registered_for_none_of_the_others() -> None:
    registry = Registry()
    registry.add(ev.HangupButtonClick, two)
    with pytest.raises(RegistrationError, match=r"^HangupButtonClick handler two is registered already"):
        registry.add((ev.Initialized, ev.HangupButtonClick), two)
    with pytest.raises(RegistrationError, match="int is no event type"):
        registry.add((ev.SkipButtonClick, int), two)
    assert registry.handlers(ev.Initialized) == registry.handlers(ev.SkipButtonClick) == []


def test_no_event_at_all_is_refused() -> None:
    with pytest.raises(RegistrationError, match=r"^handler two: no event type is named; expected @app.on\(Initialized"):
        Registry().add((), two)


def test_what_cannot_be_called_is_refused() -> None:
    with pytest.raises(RegistrationError, match=r"^Initialized handler 'greet' is not callable; expected \(event"):
        Registry().add(ev.Initialized, "greet")  # type: ignore[arg-type]


class Generates:
    def __call__(self, event: Any, card: Any) -> Iterator[None]:
        yield


def generates(event: Any, card: Any) -> Iterator[None]:
    yield


async def generates_later(event: Any, card: Any) -> AsyncIterator[None]:
    yield


@pytest.mark.parametrize("handler", [generates, generates_later, Generates(), functools.partial(generates)])
def test_a_generator_is_refused_because_nobody_would_run_it(handler: Any) -> None:
    with pytest.raises(RegistrationError, match=r"is a generator; expected a function \(event, card\)$"):
        Registry().add(ev.Initialized, handler)


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        (0, "timeout_s should be positive, or None for no limit; got 0"),
        (-1, "timeout_s should be positive, or None for no limit; got -1"),
        (float("nan"), "timeout_s should be positive, or None for no limit; got nan"),
        ("5", "timeout_s should be a number or None, not str"),
        (True, "timeout_s should be a number or None, not bool"),
    ],
)
def test_a_limit_that_is_none_is_refused(limit: Any, message: str) -> None:
    with pytest.raises(RegistrationError) as refused:
        Registry().add(ev.Initialized, two, limit)
    assert str(refused.value) == f"Initialized handler two: {message}"


@pytest.mark.parametrize("limit", [None, 0.5, 30, float("inf")])
def test_a_limit_may_be_any_positive_number_or_none(limit: float | None) -> None:
    registry = Registry()
    registry.add(ev.Initialized, two, limit)
    assert registry.handlers(ev.Initialized)[0].timeout_s == limit


def test_without_a_limit_of_its_own_a_handler_has_the_limit_of_the_app() -> None:
    registry = Registry()
    registry.add(ev.Initialized, two)
    assert repr(registry.handlers(ev.Initialized)[0].timeout_s) == "the app's handler_timeout_s"


def test_page_events_are_registered_by_name() -> None:
    registry = Registry()
    registry.add_page_event("phone.ringing", two)
    assert [each.handler for each in registry.page_event_handlers("phone.ringing")] == [two]
    assert registry.page_event_handlers("phone") == []
    with pytest.raises(RegistrationError, match=r"^page event 'phone.ringing' handler two is registered already"):
        registry.add_page_event("phone.ringing", two)
    with pytest.raises(RegistrationError, match=r"cannot be called with \(payload, page\)"):
        registry.add_page_event("phone.ringing", one)


def test_a_star_in_the_name_of_a_page_event_is_any_text_and_the_handler_gets_the_name() -> None:
    registry = Registry()

    def like(payload: Any, page: Any, name: str) -> None: ...
    def other(payload: Any, page: Any, name: str) -> None: ...

    registry.add_page_event("phone.*", like)
    registry.add_page_event("phone.ringing", two)
    registry.add_page_event("*.ring*", other)

    def found(name: str) -> list[Any]:
        return [(each.handler, each.more) for each in registry.page_event_handlers(name)]

    assert found("phone.ringing") == [(like, ("phone.ringing",)), (two, ()), (other, ("phone.ringing",))]
    assert found("phone.") == [(like, ("phone.",))]
    assert found("phone.a\nb") == [(like, ("phone.a\nb",))]
    assert found("phonexringing") == found("a phone.ended") == []
    with pytest.raises(RegistrationError, match=r"cannot be called with \(payload, page, name\)"):
        registry.add_page_event("sip.*", two)
    with pytest.raises(RegistrationError, match=r"^page event 'phone.\*' handler .*like is registered already"):
        registry.add_page_event("phone.*", like)


def test_a_function_under_two_names_that_fit_is_one_handler() -> None:
    registry = Registry()

    def like(payload: Any, page: Any, name: str) -> None: ...

    registry.add_page_event("phone.*", like)
    registry.add_page_event("*", like)
    assert [each.handler for each in registry.page_event_handlers("phone.ringing")] == [like]


@pytest.mark.parametrize("name", ["", None, 3, ev.Initialized])
def test_the_name_of_a_page_event_is_text(name: Any) -> None:
    with pytest.raises(RegistrationError, match=r"^handler two: the name of a page event is a non-empty str"):
        Registry().add_page_event(name, two)


def test_error_handlers_take_the_failure_alone() -> None:
    registry = Registry()
    registry.add_error_handler(one)
    assert [each.handler for each in registry.error_handlers()] == [one]
    with pytest.raises(RegistrationError, match=r"^error handler two\(.*cannot be called with \(failure\)"):
        registry.add_error_handler(two)
    with pytest.raises(RegistrationError, match=r"^error handler one is registered already"):
        registry.add_error_handler(one)


def test_a_handler_is_named_by_its_qualified_name() -> None:
    def inner() -> None: ...

    assert handler_name(two) == "two"
    assert handler_name(inner) == "test_a_handler_is_named_by_its_qualified_name.inner"
    assert handler_name(Handlers().method) == "Handlers.method"
    assert handler_name(Handlers()) == "Handlers"
    assert handler_name(functools.partial(two, 1)) == "two"

    class Partial(functools.partial[None]):
        pass

    assert handler_name(Partial(functools.partial(two), 1)) == "two"


def test_a_callable_whose_signature_nobody_knows_is_taken() -> None:
    class Opaque:
        __signature__ = "not a signature"

        def __call__(self, *args: Any) -> None: ...

    registry, opaque = Registry(), Opaque()
    registry.add(ev.Initialized, opaque)
    assert registry.handlers(ev.Initialized)[0].handler is opaque


def test_the_app_registers_through_the_same_checks() -> None:
    app = App()
    with pytest.raises(RegistrationError, match="Initialized handler one"):
        app.on(ev.Initialized)(one)  # type: ignore[arg-type]
    with pytest.raises(RegistrationError, match="Initialized handler one"):
        app.add_handler(ev.Initialized, one)
