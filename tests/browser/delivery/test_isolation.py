"""A handler that fails stops nothing: the failure is told to `on_error`, and to the page with the app's own lines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.conftest import SharedPageFor
from tests.support.witness import SharedPage

pytestmark = [pytest.mark.engines, pytest.mark.engines_all]  # one Python in all of them: tests/unit/test_runner*.py

APP = """
    import asyncio

    from worker_py import App, HandlerTimeout
    from worker_py.events import AddCommentButtonClick, AnswerButtonClick, DialpadButtonClick, SkipButtonClick

    app = App()

    def cause_trouble(kind):
        raise {"value": ValueError, "exit": SystemExit, "interrupt": KeyboardInterrupt}[kind]("as asked")  # the line

    @app.on(AddCommentButtonClick)
    def failing(event, card):
        cause_trouble(event.comment)

    @app.on(AddCommentButtonClick)
    async def second(event, card):
        await card.page.call("tell", "the second handler")

    @app.on(AnswerButtonClick)
    async def leaves_a_task(event, card):
        async def left_behind():
            raise LookupError("in the background")
        card.data["task"] = asyncio.create_task(left_behind())

    @app.on(SkipButtonClick)
    async def cancels_itself(event, card):
        raise asyncio.CancelledError

    async def slow(event, card):
        try:
            await asyncio.sleep(60)
        except HandlerTimeout as late:
            await card.page.call("tell", ["HandlerTimeout", late.reason, late.limit_ms, late.handler])
            raise
    app.add_handler(DialpadButtonClick, slow, timeout_s=0.4)

    @app.on(DialpadButtonClick)
    async def after_the_slow_one(event, card):
        await card.page.call("tell", f"after, {event.key}")

    @app.on_error
    async def told(failure):
        name = type(failure.event).__name__ if failure.event else None
        seen.append([name, getattr(failure.handler, "__name__", ""), type(failure.exception).__name__])

    @app.on_error
    def fails_too(failure):
        raise RuntimeError("even the error handler fails")

    seen = []

    @app.on_page_event("what on_error saw")
    async def show(payload, page):
        await page.call("tell", seen[:])
        seen.clear()
"""


@pytest.fixture(scope="module")
def booted(shared_page_for: SharedPageFor) -> SharedPage:
    return shared_page_for(APP)


@pytest.fixture
def stage(booted: SharedPage) -> Iterator[SharedPage]:
    with booted.case():
        booted.incoming_call()
        booted.complaints.expect("even the error handler fails")
        yield booted
        assert booted.stats()["workers"] == 1, "the interpreter lived on"


def what_on_error_saw(stage: SharedPage) -> list[list[str | None]]:
    """Of each failure since the last time: the event's type, the handler's name, and the exception's type."""
    stage.until_settled()
    stage.emit("what on_error saw")
    seen: list[list[str | None]] = stage.told()
    return seen


@pytest.mark.parametrize(
    ("kind", "exception"), [("value", "ValueError"), ("exit", "SystemExit"), ("interrupt", "KeyboardInterrupt")]
)
def test_failing_handler_does_not_stop_the_next_one_and_on_error_hears_of_it(
    stage: SharedPage, kind: str, exception: str
) -> None:
    stage.complaints.expect(f"{exception}: as asked")

    stage.raise_event("addCommentButtonClick", kind)

    assert stage.told() == "the second handler"
    assert what_on_error_saw(stage) == [["AddCommentButtonClick", "failing", exception]]


def test_traceback_with_the_app_s_own_file_and_line_is_in_the_diagnostics(stage: SharedPage) -> None:
    stage.complaints.expect("ValueError: as asked")

    stage.raise_event("addCommentButtonClick", "value")
    stage.told()
    stage.until_settled()

    failure, error_handlers = (report["text"] for report in stage.reports())
    assert "handler failing failed at BackgroundCallCard::addCommentButtonClick" in failure
    assert 'File "/app/app.py", line 9, in cause_trouble' in failure
    assert "# the line" in failure
    assert "worker_py/" not in failure.replace("worker_py/errors", ""), "the package's own frames are left out"
    assert "RuntimeError: even the error handler fails" in error_handlers


def test_failure_of_a_task_that_a_handler_left_behind_is_reported(stage: SharedPage) -> None:
    stage.complaints.expect("LookupError: in the background")

    stage.raise_event("answerButtonClick")
    stage.until_settled()
    stage.click("Close")
    stage.incoming_call()  # lets go of the card, and with it of the task that nobody awaits
    stage.until("(stats.reports.handler_failed ?? 0) >= (before.reports.handler_failed ?? 0) + 2")

    assert (None, "LookupError") in [(name, exception) for name, _, exception in what_on_error_saw(stage)]


def test_handler_that_cancels_itself_is_a_failure_like_any_other(stage: SharedPage) -> None:
    stage.complaints.expect("CancelledError")

    stage.raise_event("skipButtonClick")

    assert what_on_error_saw(stage) == [["SkipButtonClick", "cancels_itself", "CancelledError"]]


def test_handler_is_cancelled_when_its_time_is_over_and_the_next_one_runs(stage: SharedPage) -> None:
    stage.complaints.expect("HandlerTimeout: slow took longer than 400 ms")

    stage.raise_event("dialpadButtonClick", "1")

    assert stage.told() == ["HandlerTimeout", "time", 400, "slow"]
    assert stage.told() == "after, 1"
    assert what_on_error_saw(stage) == [["DialpadButtonClick", "slow", "HandlerTimeout"]]
    outcomes = [entry["outcome"] for entry in stage.trace() if entry["kind"] == "handler"]
    assert outcomes[:2] == ["timeout", "ok"]
