"""The app: decorators give back what they decorate, limits are checked, and a page can be found."""

from typing import Any

import pytest

import worker_py
from worker_py import App, CallCard, HandlerFailure, Page, PageGone
from worker_py import events as ev
from worker_py.errors import RegistrationError
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
    assert getattr(App(**{name: 12.5}).settings, name) == 12.5
    assert getattr(App(**{name: None}).settings, name) is None


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
