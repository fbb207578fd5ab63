"""Time limits of handlers: when they end a handler, and that nothing a handler does outlasts them."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from tests.support.told import acks, outcomes, texts
from worker_py import App, CallCard, HandlerFailure, HandlerTimeout, Page
from worker_py.events import AnswerButtonClick
from worker_py.testing import Answer, Portal


def waits(app: App, seconds: float = 1e9, **limit: Any) -> list[Any]:
    """Add a handler that waits, and return what it saw and when."""
    seen: list[Any] = []

    async def waiting(event: AnswerButtonClick, card: CallCard) -> None:
        try:
            await asyncio.sleep(seconds)
        except BaseException as error:
            seen.append((asyncio.get_running_loop().time(), error))
            raise
        seen.append((asyncio.get_running_loop().time(), "done"))

    app.add_handler(AnswerButtonClick, waiting, **limit)
    return seen


def test_a_handler_is_ended_by_handler_timeout_after_thirty_seconds() -> None:
    app = App()
    seen = waits(app)
    failures: list[HandlerFailure] = []
    app.on_error(failures.append)
    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(29.999)
        assert seen == []
        portal.advance(0.001)
        ((at, error),) = seen
        assert at == 30
        assert isinstance(error, HandlerTimeout)
        assert (error.handler, error.limit_ms, error.reason) == ("waits.waiting", 30000, "time")
        assert str(error) == "waits.waiting took longer than 30000 ms"
        assert [failure.exception for failure in failures] == [error]
        assert acks(portal)[-1] == [["waits.waiting", 30000.0, "timeout"]]


@pytest.mark.parametrize(
    ("of_app", "of_handler", "ends"), [(5, {}, 5), (5, {"timeout_s": 7}, 7), (None, {"timeout_s": 7}, 7)]
)
def test_the_limit_of_the_handler_goes_before_the_apps(of_app: float | None, of_handler: Any, ends: float) -> None:
    app = App(handler_timeout_s=of_app)
    seen = waits(app, **of_handler)
    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(20)
        assert [at for at, _ in seen] == [ends]


@pytest.mark.parametrize(("of_app", "of_handler"), [(None, {}), (5, {"timeout_s": None})])
def test_none_is_no_limit(of_app: float | None, of_handler: Any) -> None:
    app = App(handler_timeout_s=of_app)
    seen = waits(app, 10_000, **of_handler)
    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(10_000)
        assert seen == [(10_000, "done")]
        assert outcomes(portal)[-1] == ["ok"]


def test_on_page_event_takes_a_limit_too() -> None:
    app, seen = App(), []

    @app.on_page_event("ring", timeout_s=2)
    async def ring(payload: Any, page: Page) -> None:
        try:
            await asyncio.sleep(100)
        finally:
            seen.append(portal.loop.time())

    with Portal(app) as portal:
        portal.emit("ring")
        portal.advance(10)
        assert seen == [2]


def test_each_handler_of_an_event_has_the_whole_limit_for_itself() -> None:
    app = App(handler_timeout_s=10)
    first = waits(app, 9)

    @app.on(AnswerButtonClick)
    async def second(event: AnswerButtonClick, card: CallCard) -> None:
        await asyncio.sleep(9)
        first.append("second done")

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(18)
        assert first == [(9, "done"), "second done"]


def test_a_handler_that_handles_its_timeout_has_not_failed() -> None:
    app, seen = App(handler_timeout_s=1), []

    @app.on(AnswerButtonClick)
    async def careful(event: AnswerButtonClick, card: CallCard) -> None:
        try:
            await asyncio.sleep(100)
        except HandlerTimeout:
            task = asyncio.current_task()
            assert task is not None
            seen.append(f"cleaned up, {task.cancelling()} cancellations pending")

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(1)
        assert seen == ["cleaned up, 0 cancellations pending"]
        assert outcomes(portal)[-1] == ["ok"]
        assert portal.reports == []


def test_a_handler_that_swallows_every_cancellation_is_left_and_the_next_one_runs() -> None:
    app = App(handler_timeout_s=2)
    seen: list[Any] = []

    @app.on(AnswerButtonClick)
    async def stubborn(event: AnswerButtonClick, card: CallCard) -> None:
        for _ in range(5):  # the last of them when it is freed
            try:
                await asyncio.sleep(1000)
            except BaseException as error:  # noqa: BLE001 - that is the point
                seen.append((portal.loop.time(), type(error)))

    @app.on(AnswerButtonClick)
    async def following(event: AnswerButtonClick, card: CallCard) -> None:
        await asyncio.sleep(1)
        seen.append("following")

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(20)
        assert seen == [
            (2, HandlerTimeout), (3, asyncio.CancelledError), (4, asyncio.CancelledError), (5, GeneratorExit),
            "following",
        ]  # fmt: skip
        assert outcomes(portal)[-1] == ["timeout", "ok"]
        assert texts(portal) == [("stubborn", "HandlerTimeout")]


def test_a_handler_that_swallows_its_timeout_and_then_is_cancelled_has_timed_out() -> None:
    app = App(handler_timeout_s=2)
    failures: list[HandlerFailure] = []
    app.on_error(failures.append)

    @app.on(AnswerButtonClick)
    async def retries(event: AnswerButtonClick, card: CallCard) -> None:
        while True:
            with suppress(Exception):
                await asyncio.sleep(1000)

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(20)
        assert [type(each.exception) for each in failures] == [HandlerTimeout]
        assert outcomes(portal)[-1] == ["timeout"]


def test_a_child_that_swallows_the_first_cancellation_does_not_hide_the_timeout() -> None:
    app = App(handler_timeout_s=2)
    seen: list[Any] = []

    async def child() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(1000)

    @app.on(AnswerButtonClick)
    async def parent(event: AnswerButtonClick, card: CallCard) -> None:
        try:
            while True:
                await asyncio.create_task(child())
        except BaseException as error:
            seen.append((portal.loop.time(), type(error)))
            raise

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(1.9)
        assert seen == []
        portal.advance(0.1)
        assert seen == [(2, HandlerTimeout)]
        assert outcomes(portal)[-1] == ["timeout"]


def test_a_task_group_in_a_handler_that_times_out_cancels_its_tasks() -> None:
    app = App(handler_timeout_s=2)
    seen: list[Any] = []

    async def child(name: str) -> None:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            seen.append((name, portal.loop.time()))
            raise

    @app.on(AnswerButtonClick)
    async def groups(event: AnswerButtonClick, card: CallCard) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(child("a"))
            group.create_task(child("b"))

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(5)
        assert sorted(seen) == [("a", 2), ("b", 2)]
        assert outcomes(portal)[-1] == ["timeout"]
        assert texts(portal) == [("groups", "HandlerTimeout")]


def test_asyncio_timeout_in_a_handler_works_as_ever() -> None:
    app, seen = App(), []

    @app.on(AnswerButtonClick)
    async def limits_itself(event: AnswerButtonClick, card: CallCard) -> None:
        try:
            async with asyncio.timeout(3):
                await asyncio.sleep(10)
        except TimeoutError:
            seen.append(portal.loop.time())
        try:
            await asyncio.wait_for(asyncio.sleep(10), 4)
        except TimeoutError:
            seen.append(portal.loop.time())

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(20)
        assert seen == [3, 7]
        assert outcomes(portal)[-1] == ["ok"]


def test_a_handler_timeout_goes_through_a_longer_asyncio_timeout() -> None:
    app, seen = App(handler_timeout_s=2), []

    @app.on(AnswerButtonClick)
    async def limits_itself(event: AnswerButtonClick, card: CallCard) -> None:
        try:
            async with asyncio.timeout(100):
                await asyncio.sleep(1000)
        except BaseException as error:
            seen.append(type(error))
            raise

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(20)
        assert seen == [HandlerTimeout]
        assert outcomes(portal)[-1] == ["timeout"]


def test_a_handler_that_times_out_while_a_command_is_under_way_ends_the_command() -> None:
    app = App(handler_timeout_s=2)

    @app.on(AnswerButtonClick)
    async def mute(event: AnswerButtonClick, card: CallCard) -> None:
        await card.set_mute(True)

    with Portal(app) as portal:
        portal.answers["CallCardSetMute"] = Answer(after_ms=3000)
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(5)
        assert portal.outcomes == [("CallCardSetMute", "cancelled")]
        assert outcomes(portal)[-1] == ["timeout"]
        strays = [message["entry"]["name"] for message in portal.page.messages if message["t"] == "trace"]
        assert "late" in strays
