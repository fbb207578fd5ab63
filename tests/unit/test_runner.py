"""Handlers: their order, what they give back, and that a failing one stops no other."""

import asyncio
from typing import Any

import pytest

from tests.support.told import Boom, acks, outcomes, texts
from worker_py import App, CallCard, HandlerFailure, HandlerTimeout, Page
from worker_py.events import AnswerButtonClick, CardClosed, CardEvent, Initialized, PageAttached
from worker_py.testing import Portal


def test_handlers_of_one_event_run_in_order_each_awaited_before_the_next() -> None:
    app, seen = App(), []

    @app.on(Initialized)
    async def slow(event: Initialized, card: CallCard) -> None:
        seen.append("slow starts")
        await asyncio.sleep(5)
        seen.append("slow ends")

    @app.on(Initialized)
    def plain(event: Initialized, card: CallCard) -> None:
        seen.append("plain")

    @app.on(Initialized)
    async def last(event: Initialized, card: CallCard) -> None:
        seen.append("last")

    with Portal(app) as portal:
        portal.initialized()
        assert seen == ["slow starts"]
        portal.advance(5)
        assert seen == ["slow starts", "slow ends", "plain", "last"]
        (rows,) = acks(portal)
        assert [[row[0].rsplit(".", 1)[-1], *row[1:]] for row in rows] == [
            ["slow", 5000.0, "ok"], ["plain", 0.0, "ok"], ["last", 0.0, "ok"],
        ]  # fmt: skip


def test_a_handler_that_is_added_while_one_runs_is_for_the_next_event() -> None:
    app, seen = App(), []

    def late(event: CardEvent, card: CallCard) -> None:
        seen.append("late")

    @app.on(AnswerButtonClick)
    def adds(event: AnswerButtonClick, card: CallCard) -> None:
        if not seen:
            app.add_handler(AnswerButtonClick, late)
        seen.append("adds")

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.raise_event("answerButtonClick")
    assert seen == ["adds", "adds", "late"]


FAILURES: list[BaseException] = [
    Boom("x"), SystemExit(2), KeyboardInterrupt(), asyncio.CancelledError(), StopIteration(), MemoryError(),
    RecursionError(), BaseException("b"), ExceptionGroup("g", [Boom()]), HandlerTimeout("mine", 5),
]  # fmt: skip


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("kind", ["plain", "coroutine"])
def test_a_failing_handler_does_not_stop_the_next_one_nor_the_next_event(error: BaseException, kind: str) -> None:
    app = App()
    seen: list[Any] = []
    failures: list[HandlerFailure] = []

    def plain(event: AnswerButtonClick, card: CallCard) -> None:
        raise error

    async def coroutine(event: AnswerButtonClick, card: CallCard) -> None:
        raise error

    failing = plain if kind == "plain" else coroutine
    app.add_handler(AnswerButtonClick, failing)

    @app.on(AnswerButtonClick)
    async def following(event: AnswerButtonClick, card: CallCard) -> None:
        await asyncio.sleep(1)
        seen.append(event)

    @app.on_error
    def on_error(failure: HandlerFailure) -> None:
        failures.append(failure)

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.raise_event("answerButtonClick")
        portal.advance(1)
        assert seen == [AnswerButtonClick(), AnswerButtonClick()]
        assert [failure.handler for failure in failures] == [failing, failing]
        assert [type(failure.event) for failure in failures] == [AnswerButtonClick, AnswerButtonClick]
        if kind == "coroutine" and isinstance(error, StopIteration):
            assert all(isinstance(each.exception, RuntimeError) for each in failures)  # so Python has it
        else:
            assert [failure.exception for failure in failures] == [error, error]
        verdict = "timeout" if isinstance(error, HandlerTimeout) else "failed"
        assert outcomes(portal)[1:] == [[verdict, "ok"], [verdict, "ok"]]
        assert portal.page.unacknowledged == {}


def test_a_handler_of_a_page_event_that_fails_is_reported_without_an_event() -> None:
    app = App()
    failures: list[HandlerFailure] = []

    @app.on_page_event("phone.ringing")
    def ringing(payload: Any, page: Page) -> None:
        raise Boom

    app.on_error(failures.append)
    with Portal(app) as portal:
        portal.emit("phone.ringing", {"from": "+491"})
        (failure,) = failures
        assert (failure.event, failure.handler) == (None, ringing)
        assert isinstance(failure.exception, Boom)
        assert texts(portal) == [("ringing", "Boom")]
        assert portal.page.unacknowledged == {}


def test_a_handler_of_a_lifecycle_event_that_fails_is_reported_like_any_other() -> None:
    app, seen = App(), []

    @app.on(PageAttached)
    def attached(event: PageAttached, page: Page) -> None:
        raise Boom

    @app.on(CardClosed)
    def closed(event: CardClosed, card: CallCard) -> None:
        seen.append(event.reason)
        raise Boom

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("closeButtonClick")
        assert [(report["event"], report["error"]) for report in portal.reports] == [
            ("PageAttached", "Boom"), ("CardClosed", "Boom"),
        ]  # fmt: skip
        assert seen == ["closed_by_operator"]


def test_a_plain_function_may_return_anything_and_an_awaitable_is_awaited() -> None:
    app, seen = App(), []

    class Later:
        def __await__(self) -> Any:
            yield from asyncio.sleep(1).__await__()
            seen.append("awaited")

    app.add_handler(AnswerButtonClick, lambda event, card: 42)
    app.add_handler(AnswerButtonClick, lambda event, card: Later())
    app.add_handler(AnswerButtonClick, lambda event, card: asyncio.ensure_future(asyncio.sleep(1)))
    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(2)
        assert seen == ["awaited"]
        assert [row[1:] for row in acks(portal)[-1]] == [[0.0, "ok"], [1000.0, "ok"], [1000.0, "ok"]]


@pytest.mark.parametrize("waits_for_it", [True, False])
def test_a_handler_that_cancels_its_own_task_does_not_cancel_the_next_one(waits_for_it: bool) -> None:
    app, seen = App(), []

    @app.on(AnswerButtonClick)
    async def cancels(event: AnswerButtonClick, card: CallCard) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        task.cancel()
        if waits_for_it:
            await asyncio.sleep(1)

    @app.on(AnswerButtonClick)
    async def following(event: AnswerButtonClick, card: CallCard) -> None:
        await asyncio.sleep(1)
        await asyncio.sleep(1)
        seen.append(portal.loop.time())

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(5)
        assert seen == [2]
        assert outcomes(portal)[-1] == ["failed" if waits_for_it else "ok", "ok"]
        assert portal.page.unacknowledged == {}


def test_closing_the_portal_ends_handlers_without_calling_them_failed() -> None:
    app, seen = App(), []

    @app.on(AnswerButtonClick)
    async def waiting(event: AnswerButtonClick, card: CallCard) -> None:
        try:
            await asyncio.sleep(1000)
        finally:
            seen.append("ended")

    @app.on_error
    def on_error(failure: HandlerFailure) -> None:
        seen.append("failed")

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
    assert seen == ["ended"]


@pytest.mark.parametrize("waits", [False, True])
def test_a_handler_that_raises_generator_exit_stops_nothing(waits: bool) -> None:
    app, seen = App(), []

    @app.on(AnswerButtonClick)
    async def leaves(event: AnswerButtonClick, card: CallCard) -> None:
        if waits:
            await asyncio.sleep(0)
        raise GeneratorExit

    @app.on(AnswerButtonClick)
    def after(event: AnswerButtonClick, card: CallCard) -> None:
        seen.append("after")

    @app.on_error
    def on_error(failure: HandlerFailure) -> None:
        raise GeneratorExit

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        assert seen == ["after"]
        assert outcomes(portal) == [[], ["failed", "ok"]]
        assert texts(portal) == [("leaves", "GeneratorExit"), ("on_error", "GeneratorExit")]


def test_a_task_group_whose_task_fails_raises_its_group_and_the_next_handler_runs() -> None:
    app, seen = App(), []

    async def fails() -> None:
        raise Boom

    @app.on(AnswerButtonClick)
    async def groups(event: AnswerButtonClick, card: CallCard) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fails())
            await asyncio.sleep(10)

    @app.on(AnswerButtonClick)
    async def following(event: AnswerButtonClick, card: CallCard) -> None:
        await asyncio.sleep(1)
        seen.append(portal.loop.time())

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(5)
        assert seen == [1]
        assert texts(portal) == [("groups", "ExceptionGroup")]
