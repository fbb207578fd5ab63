"""The app: decorators give back what they decorate, limits are checked, and a page can be found."""

import inspect
from dataclasses import fields
from functools import partial
from typing import Any

import pytest

import worker_py
from worker_py import App, CallCard, HandlerFailure, Page, PageGone
from worker_py import events as ev
from worker_py.errors import RegistrationError
from worker_py.settings import Settings
from worker_py.testing import Portal


def test_everything_of_the_interface_is_importable_from_the_package() -> None:
    expected = {
        "App", "CallCard", "CardState", "UiState", "CallDirection", "CallState", "CrmBinding", "HandlerFailure",
        "CommandFailed", "CommandTimeout", "PageGone", "HandlerTimeout", "RestError", "WorkerPyError",
    }  # fmt: skip
    assert expected <= set(worker_py.__all__)
    for name in worker_py.__all__:
        assert getattr(worker_py, name) is not None


def test_decorators_give_back_the_function_unchanged() -> None:
    app = App()

    def on_event(event: ev.Initialized, card: CallCard) -> None: ...
    def on_error(failure: HandlerFailure) -> None: ...
    def on_page_event(payload: Any, page: Page) -> None: ...

    assert app.on(ev.Initialized)(on_event) is on_event
    assert app.on_error(on_error) is on_error
    assert app.on_page_event("phone.ringing")(on_page_event) is on_page_event


def test_the_limits_that_the_signature_shows_are_those_that_hold() -> None:
    shown = {name: each.default for name, each in inspect.signature(App).parameters.items() if name != "config_type"}
    assert shown == {each.name: getattr(App().settings, each.name) for each in fields(Settings)}


def test_one_function_may_handle_several_events() -> None:
    app, seen = App(), []

    def both(event: ev.CardEvent, card: CallCard) -> None:
        seen.append(type(event).__name__)

    app.on(ev.HangupButtonClick)(both)
    app.on(ev.AnswerButtonClick)(both)
    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.raise_event("hangupButtonClick")
    assert seen == ["AnswerButtonClick", "HangupButtonClick"]


def test_type_checkers_know_what_a_handler_takes_stacked_decorators_included() -> None:
    """Mypy holds this: what it would not refuse here is an unused ``type: ignore``."""
    app = App()

    @app.on(ev.Initialized, ev.CardClosed, timeout_s=3)
    @app.on(ev.HangupButtonClick)
    def stacked(event: ev.Initialized | ev.HangupButtonClick | ev.CardClosed, card: CallCard) -> int:
        return 1

    @app.on(ev.Initialized | ev.HangupButtonClick)
    async def either(event: ev.Initialized | ev.HangupButtonClick, card: CallCard) -> None: ...

    @app.on(ev.CardEvent)
    def every(event: ev.CardEvent, card: CallCard) -> None: ...

    @app.on(ev.PageAttached, ev.PageDetached)
    def of_page(event: ev.PageAttached | ev.PageDetached, page: Page) -> None: ...

    @app.on(ev.Initialized)  # type: ignore[arg-type]
    @app.on(ev.HangupButtonClick)
    def not_the_other(event: ev.HangupButtonClick, card: CallCard) -> None: ...

    @app.on(ev.CardEvent)  # type: ignore[arg-type]
    def not_every(event: ev.Initialized, card: CallCard) -> None: ...

    @app.on(ev.PageAttached)  # type: ignore[arg-type]
    def no_page(event: ev.PageAttached, page: CallCard) -> None: ...

    assert stacked(ev.Initialized.__new__(ev.Initialized), None) == 1  # type: ignore[arg-type]
    handlers = [each.handler for each in app.registry.handlers(ev.HangupButtonClick)]
    assert handlers == [stacked, either, every, not_the_other, not_every]
    assert app.registry.handlers(ev.Initialized)[0].timeout_s == 3


def test_handlers_of_several_events_run_once_for_each_in_the_order_of_registration() -> None:
    app, seen = App(), []

    def noting(who: str, event: ev.Event, card: CallCard) -> None:
        seen.append((who, type(event).__name__))

    app.add_handler(ev.CardEvent, partial(noting, "every"))
    app.add_handler(ev.Initialized | ev.AnswerButtonClick, partial(noting, "two"), timeout_s=None)
    app.add_handler(ev.Initialized, ev.CardClosed, partial(noting, "ends"))
    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.raise_event("closeButtonClick")
    assert seen == [
        ("every", "Initialized"), ("two", "Initialized"), ("ends", "Initialized"),
        ("every", "AnswerButtonClick"), ("two", "AnswerButtonClick"),
        ("every", "CloseButtonClick"), ("ends", "CardClosed"),
    ]  # fmt: skip


def test_a_handler_without_its_event_is_refused() -> None:
    with pytest.raises(RegistrationError, match=r"^CardClosed handler None is not callable"):
        App().add_handler(ev.CardClosed)


def test_the_handler_of_a_pattern_gets_the_name_of_the_page_event() -> None:
    app, seen = App(), []

    @app.on_page_event("phone.*")
    def phone(payload: Any, page: Page, name: str) -> None:
        seen.append((payload, page.id, name))

    with Portal(app) as portal:
        portal.emit("phone.ended", {"by": "them"})
        portal.emit("sip.ended")
    assert seen == [({"by": "them"}, "page-1", "phone.ended")]


def test_a_bare_decorator_is_refused_instead_of_registering_nothing() -> None:
    app = App()

    def greet(event: ev.Initialized, card: CallCard) -> None: ...

    bare: Any = app.on
    with pytest.raises(
        RegistrationError, match=r"greet: @app.on takes the event type; expected @app.on\(Initialized\)"
    ):
        bare(greet)
    bare = app.on_page_event
    with pytest.raises(RegistrationError, match=r"greet: @app.on_page_event takes the event's name"):
        bare(greet)


def test_the_limits_have_the_documented_defaults() -> None:
    settings = App().settings
    assert (settings.handler_timeout_s, settings.slice_limit_ms, settings.command_timeout_ms) == (30, 1000, 5000)
    assert (settings.silent_ok_ms, settings.rest_timeout_ms, settings.page_grace_s) == (300, 20000, 60)


LIMITS = [
    "handler_timeout_s", "slice_limit_ms", "command_timeout_ms", "silent_ok_ms", "rest_timeout_ms", "page_grace_s",
]  # fmt: skip


@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_may_be_set_and_may_be_none(name: str) -> None:
    given: dict[str, Any] = {name: 12.5}
    assert getattr(App(**given).settings, name) == 12.5
    given[name] = None
    assert getattr(App(**given).settings, name) is None


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("1", TypeError, "{} should be a number or None, not str"),
        (False, TypeError, "{} should be a number or None, not bool"),
        (0, ValueError, "{} should be positive, or None for no limit; got 0"),
        (-5, ValueError, "{} should be positive, or None for no limit; got -5"),
        (float("nan"), ValueError, "{} should be positive, or None for no limit; got nan"),
    ],
)
def test_a_limit_that_is_none_is_refused_by_name(name: str, value: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as refused:
        App(**{name: value})
    assert str(refused.value) == message.format(name)


def test_the_project_sets_what_the_code_leaves_open() -> None:
    app = App(handler_timeout_s=30, page_grace_s=None)
    app.take_project_settings({"handler_timeout_s": 5, "page_grace_s": 5, "slice_limit_ms": None, "silent_ok_ms": 5})
    settings = app.settings
    assert (settings.handler_timeout_s, settings.page_grace_s) == (30, None)
    assert (settings.slice_limit_ms, settings.silent_ok_ms, settings.command_timeout_ms) == (None, 5, 5000)


def test_an_app_takes_the_place_of_another_with_the_settings_of_its_project() -> None:
    before, after = App(), App(silent_ok_ms=7)
    before.take_project_settings({"silent_ok_ms": 5, "slice_limit_ms": 50})
    after.take_project_settings(before)
    assert (after.settings.silent_ok_ms, after.settings.slice_limit_ms) == (7, 50)


@pytest.mark.parametrize(("limits", "error"), [({"slice_limit_s": 1}, TypeError), ({"slice_limit_ms": 0}, ValueError)])
def test_what_the_project_sets_is_checked_like_what_the_code_gives(limits: Any, error: type[Exception]) -> None:
    app = App()
    with pytest.raises(error, match="slice_limit"):
        app.take_project_settings(limits)
    assert app.settings == App().settings


def test_limits_are_named() -> None:
    everything: Any = App
    with pytest.raises(TypeError):
        everything(30)


def test_without_a_page_there_is_no_rest() -> None:
    app = App()
    with pytest.raises(PageGone, match=r"^no page is attached$") as gone:
        _ = app.rest
    assert gone.value.page_id is None
    with Portal(app) as portal:
        assert app.page.id == "page-1"
        portal.page.detach()
        with pytest.raises(PageGone, match=r"^no page is attached$"):
            _ = app.page


def test_app_rest_goes_through_a_page_that_lives() -> None:
    app, seen = App(), []

    @app.on_page_event("ask")
    async def ask(payload: Any, page: Page) -> None:
        seen.append((page.id, app.page.id, await app.rest.call("profile")))

    with Portal(app) as portal:
        portal.rest["profile"] = {"ID": "1"}
        second = portal.open_page("second")
        portal.emit("ask")
        second.detach()
        portal.emit("ask")
    assert seen == [("page-1", "second", {"ID": "1"}), ("page-1", "page-1", {"ID": "1"})]
