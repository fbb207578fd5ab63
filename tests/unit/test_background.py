"""Tasks that the app keeps: their failure is told when it happens, once, and not when somebody takes it."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from tests.support.told import Boom, texts
from worker_py import App, CallCard, HandlerFailure
from worker_py.background import MAY_TAKE_S
from worker_py.events import AnswerButtonClick, HangupButtonClick
from worker_py.testing import Portal

kept: list[asyncio.Future[Any]] = []


@pytest.fixture(autouse=True)
def keep_nothing() -> None:
    kept.clear()


def keep(coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Begin a task, and hold on to it."""
    task = asyncio.get_running_loop().create_task(coroutine)
    kept.append(task)
    return task


async def fails(after_s: float = 0, error: type[BaseException] = Boom) -> None:
    await asyncio.sleep(after_s)
    raise error


WAITS: dict[str, Callable[[asyncio.Task[Any]], Awaitable[Any]]] = {
    "gather": asyncio.gather,
    "shield": asyncio.shield,
    "wait_for": lambda task: asyncio.wait_for(task, 9),
    "await": lambda task: task,
}


def starting(app: App, *coroutines: Any) -> list[HandlerFailure]:
    """Let the answer button begin tasks that are kept; returns what `on_error` hears."""
    failures: list[HandlerFailure] = []
    app.on_error(failures.append)

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        for make in coroutines:
            keep(make())

    return failures


def test_a_task_that_is_kept_is_reported_when_it_fails_and_not_again_when_it_is_freed() -> None:
    app = App()
    failures = starting(app, lambda: fails(3))
    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(2.9)
        assert portal.reports == []
        portal.advance(0.1)
        assert texts(portal) == [("background fails", "Boom")]
        assert [type(failure.exception) for failure in failures] == [Boom]
        kept.clear()
        gc.collect()
        portal.advance(10)
        assert len(portal.reports) == 1


def test_one_that_fails_at_once_is_reported_when_its_handler_has_ended() -> None:
    app = App()
    starting(app, fails)
    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        assert texts(portal) == [("background fails", "Boom")]


def test_one_of_a_plain_handler_and_one_that_exits_are_reported_too() -> None:
    app = App()

    @app.on(AnswerButtonClick)
    def plain(event: AnswerButtonClick, card: CallCard) -> None:
        card.data["task"] = keep(fails(1, SystemExit))

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(1)
        assert texts(portal) == [("background fails", "SystemExit")]


def test_one_that_a_task_began_which_goes_on_for_ever_is_reported_after_a_moment() -> None:
    app = App()

    async def supervisor() -> None:
        keep(fails(5))
        await asyncio.Event().wait()

    starting(app, supervisor)
    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(5)
        assert portal.reports == []
        portal.advance(MAY_TAKE_S)
        assert texts(portal) == [("background fails", "Boom")]


def test_a_failure_that_its_handler_takes_later_is_none() -> None:
    app, seen = App(), []

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        task = keep(fails(0.1))
        await card.set_status_text("meanwhile")
        await asyncio.sleep(0.8)
        try:
            await task
        except Boom:
            seen.append("taken")

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(5)
        assert (seen, portal.reports) == (["taken"], [])


@pytest.mark.parametrize("by", [*WAITS, "wait", "as_completed"])
def test_a_failure_that_another_handler_waits_for_is_none(by: str) -> None:
    app, seen = App(), []
    starting(app, lambda: fails(3))

    async def wait(task: asyncio.Task[Any]) -> None:
        if by == "wait":
            (done,), _ = await asyncio.wait({task})
            done.result()
        elif by == "as_completed":
            for each in asyncio.as_completed([task]):
                await each
        else:
            await WAITS[by](task)

    @app.on(HangupButtonClick)
    async def hangup(event: HangupButtonClick, card: CallCard) -> None:
        (task,) = kept
        assert isinstance(task, asyncio.Task)
        try:
            await wait(task)
        except Boom:
            seen.append("taken")

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.raise_event("hangupButtonClick")
        portal.advance(5)
        assert (seen, portal.reports) == (["taken"], [])


def test_a_handler_that_fails_by_a_task_that_it_awaits_is_reported_and_the_task_is_not() -> None:
    app = App()

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        await keep(fails(1, SystemExit))

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(5)
        assert texts(portal) == [("answer", "SystemExit")]


def test_one_that_is_cancelled_has_not_failed() -> None:
    app = App()
    starting(app, lambda: fails(3))
    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        kept[0].cancel()
        portal.advance(5)
        assert portal.reports == []
