"""What is said of a failure: the report for the page, and the app's error handlers."""

import asyncio
from typing import Any

from tests.support.told import Boom, outcomes, texts
from worker_py import App, CallCard, CommandFailed, HandlerFailure
from worker_py.events import AnswerButtonClick
from worker_py.runner import failure_report
from worker_py.testing import Portal, refusal


def test_a_failure_is_reported_with_the_apps_own_lines_and_without_the_packages() -> None:
    app = App()

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        await helper()

    async def helper() -> None:
        raise Boom("what went wrong")

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        (report,) = portal.reports
        name = "test_a_failure_is_reported_with_the_apps_own_lines_and_without_the_packages.answer"
        assert (report["kind"], report["event"], report["id"], report["handler"], report["error"]) == (
            "handler_failed", "BackgroundCallCard::answerButtonClick", "page-1:2", name, "Boom",
        )  # fmt: skip
        lines = report["text"].splitlines()
        assert lines[0] == "Traceback (most recent call last):"
        assert lines[-1].endswith("Boom: what went wrong")
        assert "in answer" in report["text"]
        assert "in helper" in report["text"]
        assert "await helper()" in report["text"]
        assert "/worker_py/" not in report["text"]


def test_the_packages_own_frames_are_left_out_of_causes_too() -> None:
    app = App()

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        try:
            await card.set_mute(True)
        except CommandFailed as error:
            raise Boom("no") from error

    with Portal(app) as portal:
        portal.answers["CallCardSetMute"] = refusal("Call card is undefined")
        portal.initialized()
        portal.raise_event("answerButtonClick")
        (report,) = portal.reports
        assert "CallCardSetMute failed: Call card is undefined" in report["text"]
        assert "/worker_py/" not in report["text"]
        assert report["text"].count("in answer") == 2


def test_every_error_handler_gets_the_failure_in_order_and_one_that_fails_does_not_stop_the_next() -> None:
    app, seen = App(), []

    @app.on(AnswerButtonClick)
    def answer(event: AnswerButtonClick, card: CallCard) -> None:
        raise Boom("first")

    @app.on_error
    def fails(failure: HandlerFailure) -> None:
        seen.append("fails")
        raise SystemExit("second")

    @app.on_error
    async def later(failure: HandlerFailure) -> None:
        await asyncio.sleep(1)
        seen.append(str(failure.exception))

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(1)
        assert seen == ["fails", "first"]
        assert texts(portal) == [("answer", "Boom"), ("fails", "SystemExit")]
        assert outcomes(portal)[1:] == [["failed"]]


def test_an_error_handler_that_takes_too_long_is_ended_too() -> None:
    app, seen = App(handler_timeout_s=2), []

    @app.on(AnswerButtonClick)
    def answer(event: AnswerButtonClick, card: CallCard) -> None:
        raise Boom

    @app.on_error
    async def hangs(failure: HandlerFailure) -> None:
        await asyncio.Event().wait()

    @app.on_error
    def last(failure: HandlerFailure) -> None:
        seen.append(portal.loop.time())

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(5)
        assert seen == [2]
        assert texts(portal) == [("answer", "Boom"), ("hangs", "HandlerTimeout")]


def test_a_report_of_a_failure_that_cannot_show_itself_still_names_its_type() -> None:
    class Rude(Exception):
        @property
        def __cause__(self) -> Any:  # type: ignore[override]
            raise SystemExit

    report = failure_report("greet", None, Rude())
    assert (report.handler, report.error) == ("greet", "Rude")
    assert report.text == "Rude (its text cannot be shown)"


def test_a_report_is_bounded() -> None:
    report = failure_report("greet", None, ExceptionGroup("g", [Boom("x" * 100_000) for _ in range(20)]))
    assert len(report.text) == 20_003
    assert report.text[10_000:10_003] == "\n…\n"
