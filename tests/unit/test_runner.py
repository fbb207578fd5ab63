"""Handlers: their order, their limits, and that none of them stops the next one."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest

from worker_py import App, CallCard, CommandFailed, HandlerFailure, HandlerTimeout, Page
from worker_py.events import AnswerButtonClick, CardClosed, CardEvent, HangupButtonClick, Initialized, PageAttached
from worker_py.runner import failure_report
from worker_py.testing import Answer, Portal, refusal
from worker_py.wire import PREFIX


class Boom(Exception):
    pass


def acks(portal: Portal) -> list[list[list[Any]]]:
    """Name, duration and outcome of the handlers of each event."""
    return [[row[:3] for row in rows] for rows in acked_rows(portal)]


def acked_rows(portal: Portal) -> list[list[list[Any]]]:
    return [message["handlers"] for message in portal.page.messages if message["t"] == "ack"]


def outcomes(portal: Portal) -> list[list[str]]:
    return [[row[2] for row in rows] for rows in acks(portal)]


def texts(portal: Portal) -> list[tuple[str, str]]:
    return [(report["handler"].rsplit(".", 1)[-1], report["error"]) for report in portal.reports]


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
        verdict = "timed out" if isinstance(error, HandlerTimeout) else "failed"
        assert outcomes(portal)[1:] == [[verdict, "ok"], [verdict, "ok"]]
        assert portal.page.unacknowledged == {}


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


# Time limits -----------------------------------------------------------------------------------------------------


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
        assert acks(portal)[-1] == [["waits.waiting", 30000.0, "timed out"]]


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
    seen = waits(app, 100_000, **of_handler)
    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(100_000)
        assert seen == [(100_000, "done")]
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
        assert outcomes(portal)[-1] == ["timed out", "ok"]
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
        assert outcomes(portal)[-1] == ["timed out"]


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
        assert outcomes(portal)[-1] == ["timed out"]


def test_a_lock_that_a_handler_held_when_it_timed_out_is_free_again() -> None:
    app, seen = App(handler_timeout_s=2), []

    @app.on(AnswerButtonClick)
    async def holds(event: AnswerButtonClick, card: CallCard) -> None:
        async with card.lock:
            await asyncio.sleep(1000)

    @app.on(HangupButtonClick)
    async def wants(event: HangupButtonClick, card: CallCard) -> None:
        async with card.lock:
            seen.append((portal.loop.time(), card.lock.locked()))

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(1)
        portal.raise_event("hangupButtonClick")
        assert seen == []
        portal.advance(1)
        assert seen == [(2, True)]


def test_a_handler_that_times_out_while_it_waits_for_a_lock_leaves_the_lock_alone() -> None:
    app = App(handler_timeout_s=None)
    seen: list[Any] = []

    @app.on(AnswerButtonClick)
    async def holds(event: AnswerButtonClick, card: CallCard) -> None:
        async with card.lock:
            await asyncio.sleep(10)
        seen.append((portal.loop.time(), card.lock.locked()))

    async def wants(event: HangupButtonClick, card: CallCard) -> None:
        async with card.lock:
            seen.append("got it")

    app.add_handler(HangupButtonClick, wants, timeout_s=2)
    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.raise_event("hangupButtonClick")
        portal.advance(20)
        assert seen == [(10, False)]
        assert outcomes(portal) == [[], ["timed out"], ["ok"]]


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
        assert outcomes(portal)[-1] == ["timed out"]
        assert texts(portal) == [("groups", "HandlerTimeout")]


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
        assert outcomes(portal)[-1] == ["timed out"]


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
        assert outcomes(portal)[-1] == ["timed out"]
        strays = [message["entry"]["name"] for message in portal.page.messages if message["t"] == "trace"]
        assert "late answer" in strays


# Cancellation ----------------------------------------------------------------------------------------------------


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


# What a handler gives back ---------------------------------------------------------------------------------------


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


# Background ------------------------------------------------------------------------------------------------------


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


# Reports ---------------------------------------------------------------------------------------------------------


def test_a_report_of_a_failure_that_cannot_show_itself_still_names_its_type() -> None:
    class Rude(Exception):
        @property
        def __cause__(self) -> Any:  # type: ignore[override]
            raise SystemExit

    report = failure_report("greet", None, Rude())
    assert (report.handler, report.error) == ("greet", "Rude")
    assert report.text == "Rude (its text cannot be shown)"


def test_a_report_is_bounded() -> None:
    report = failure_report("greet", None, Boom("x" * 100_000))
    assert len(report.text) == 20_003
    assert report.text[10_000:10_003] == "\n…\n"


# Handlers that take aim at what runs them ------------------------------------------------------------


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


def come_together(portal: Portal, *messages: dict[str, Any]) -> None:
    """Messages that have come and not begun to be handled."""
    for seq, message in enumerate(messages, start=100):
        portal.page.unacknowledged[seq] = message
        told = {"seq": seq, "at": 0, "redelivered": False, **message}
        portal.dispatcher.receive(portal.page.id, json.dumps(told))


def test_a_handler_that_cancels_every_task_takes_no_event_with_it() -> None:
    app, seen = App(), []

    @app.on(AnswerButtonClick)
    async def clean_up(event: AnswerButtonClick, card: CallCard) -> None:
        come_together(portal, {"t": "event", "name": PREFIX + "hangupButtonClick"}, {"t": "emit", "name": "noted"})
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()

    @app.on(HangupButtonClick)
    async def hang_up(event: HangupButtonClick, card: CallCard) -> None:
        await asyncio.sleep(1)
        seen.append("hung up")

    @app.on_page_event("noted")
    def noted(payload: Any, page: Page) -> None:
        seen.append("noted")

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(1)
        assert seen == ["noted", "hung up"]
        assert portal.page.unacknowledged == {}


def test_an_event_that_is_cancelled_while_its_card_closes_is_acknowledged() -> None:
    app, seen = App(), []

    @app.on(HangupButtonClick)
    async def hang_up(event: HangupButtonClick, card: CallCard) -> None:
        await card.close()

    @app.on(CardClosed)
    async def closed(event: CardClosed, card: CallCard) -> None:
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()
        await asyncio.sleep(0.1)
        seen.append("closed")

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("hangupButtonClick")
        portal.advance(1)
        assert seen == ["closed"]
        assert portal.page.unacknowledged == {}


class Hostile(dict[str, Any]):
    def items(self) -> Any:
        raise RuntimeError("no items")


@pytest.mark.parametrize("data", [object(), None, 7, {"x": Hostile(a=1)}, Hostile(a=1), [1]])
def test_data_that_is_none_of_what_can_be_kept_costs_no_event(data: Any) -> None:
    app = App()

    @app.on(AnswerButtonClick)
    def replace(event: AnswerButtonClick, card: CallCard) -> None:
        card.data = data
        card.call_id = object()  # type: ignore[assignment]

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.raise_event("hangupButtonClick")
        assert portal.page.unacknowledged == {}
