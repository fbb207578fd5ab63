"""What a handler leaves behind: background tasks and callbacks whose failure is reported once."""

import asyncio

from tests.support.told import Boom, texts
from worker_py import App, CallCard, HandlerFailure
from worker_py.events import AnswerButtonClick
from worker_py.testing import Portal


def test_a_background_task_that_fails_is_reported_like_a_handler_once_and_at_once() -> None:
    app = App()
    failures: list[HandlerFailure] = []
    app.on_error(failures.append)

    async def later() -> None:
        await asyncio.sleep(3)
        raise Boom("in the background")

    @app.on(AnswerButtonClick)
    async def starts(event: AnswerButtonClick, card: CallCard) -> None:
        asyncio.create_task(later())  # noqa: RUF006 - apps do

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(2.9)
        assert failures == []
        portal.advance(0.1)
        ((failure),) = failures
        assert failure.event is None
        assert (type(failure.exception), str(failure.exception)) == (Boom, "in the background")
        (report,) = portal.reports
        assert report["handler"].startswith("background ")
        assert report["handler"].endswith(".later")
        assert "in later" in report["text"]


def test_a_background_task_that_exits_is_reported_once_and_stops_nothing() -> None:
    app, seen = App(), []

    async def leaves() -> None:
        raise SystemExit(1)

    @app.on(AnswerButtonClick)
    async def starts(event: AnswerButtonClick, card: CallCard) -> None:
        asyncio.create_task(leaves())  # noqa: RUF006 - apps do
        await asyncio.sleep(1)
        seen.append("went on")

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(1)
        assert seen == ["went on"]
        assert texts(portal) == [("leaves", "SystemExit")]


def test_a_callback_that_fails_is_reported_by_its_name() -> None:
    app = App()

    def tick() -> None:
        raise Boom

    @app.on(AnswerButtonClick)
    def starts(event: AnswerButtonClick, card: CallCard) -> None:
        asyncio.get_running_loop().call_later(1, tick)

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(1)
        assert texts(portal) == [("tick", "Boom")]


def test_what_the_loop_reports_without_an_exception_is_reported_too() -> None:
    with Portal(App()) as portal:
        portal.loop.call_exception_handler({"message": "something odd"})
        portal.advance(0)
        assert [(each["error"], each["text"]) for each in portal.reports] == [
            ("WorkerPyError", "worker_py.errors.WorkerPyError: something odd\n")
        ]


def test_a_background_task_whose_failure_somebody_awaits_is_not_reported() -> None:
    app, seen = App(), []

    async def fails() -> None:
        raise Boom

    @app.on(AnswerButtonClick)
    async def starts(event: AnswerButtonClick, card: CallCard) -> None:
        try:
            await asyncio.create_task(fails())
        except Boom:
            seen.append("caught")

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        assert (seen, portal.reports) == (["caught"], [])


def test_a_background_task_that_fails_while_error_handlers_fail_is_reported_once() -> None:
    app = App()

    @app.on(AnswerButtonClick)
    async def begin(event: AnswerButtonClick, card: CallCard) -> None:
        async def fail() -> None:
            raise Boom

        task = asyncio.create_task(fail())
        task.add_done_callback(lambda _: None)

    @app.on_error
    def on_error(failure: HandlerFailure) -> None:
        raise GeneratorExit

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(1)
        assert [report["error"] for report in portal.reports] == ["Boom", "GeneratorExit"]
