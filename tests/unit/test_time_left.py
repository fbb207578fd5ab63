"""What remains of a handler's time bounds what it waits for, so that its own `except` runs."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from worker_py import App, CallCard, CommandTimeout, HandlerTimeout, RestError
from worker_py.errors import PageCallTimeout
from worker_py.events import AnswerButtonClick, CardClosed
from worker_py.testing import Portal


async def never(params: Any) -> None:
    await asyncio.Event().wait()


class Handled:
    """One handler of an app with these limits, which never hears of what it waits for."""

    def __init__(self, wait: Callable[[CallCard], Awaitable[Any]], **limits: Any) -> None:
        self.caught: list[BaseException] = []
        self.times: list[float] = []
        self.ended: list[str] = []
        app = App(**limits)

        @app.on(AnswerButtonClick)
        async def handler(event: AnswerButtonClick, card: CallCard) -> None:
            try:
                await wait(card)
            except BaseException as error:
                self.caught.append(error)
                self.times.append(self.portal.loop.time())
                raise

        self.portal = Portal(app)
        self.portal.silent = True
        self.portal.rest["slow"] = never
        self.portal.provide("slow", never)

    def run(self, seconds: float = 100) -> None:
        with self.portal as portal:
            portal.initialized()
            portal.raise_event("answerButtonClick")
            began = portal.loop.time()
            portal.advance(seconds)
            self.times = [time - began for time in self.times]
            acks = [message for message in portal.page.messages if message["t"] == "ack"]
            self.ended = [run["outcome"] for run in acks[-1]["handlers"]]


async def rest(card: CallCard) -> None:
    await card.rest.call("slow")


async def command(card: CallCard) -> None:
    await card.set_mute(True)


async def page_function(card: CallCard) -> None:
    await card.page.call("slow")


def test_with_the_default_limits_a_handler_hears_that_rest_does_not_answer() -> None:
    handled = Handled(rest)

    handled.run()

    (error,) = handled.caught
    assert isinstance(error, RestError)
    assert (error.code, handled.times, handled.ended) == ("REQUEST_TIMEOUT", [20], ["failed"])


@pytest.mark.parametrize(
    ("wait", "expected"), [(rest, RestError), (command, CommandTimeout), (page_function, PageCallTimeout)]
)
def test_what_is_awaited_ends_before_the_handler(wait: Any, expected: type[Exception]) -> None:
    handled = Handled(wait, rest_timeout_ms=None, command_timeout_ms=None)

    handled.run()

    (error,) = handled.caught
    assert isinstance(error, expected)
    assert handled.times == [29], "a second remains"
    assert handled.ended == ["timeout"], "nobody made anything of it"


@pytest.mark.parametrize(("limit_s", "at_s"), [(0.5, 0.45), (2, 1.8), (10, 9), (300, 299)])
def test_a_tenth_of_the_handlers_time_remains_and_at_most_a_second(limit_s: float, at_s: float) -> None:
    handled = Handled(rest, rest_timeout_ms=None, handler_timeout_s=limit_s)

    handled.run(400)

    assert [round(time, 6) for time in handled.times] == [at_s]


def test_a_shorter_limit_of_its_own_goes_first() -> None:
    handled = Handled(rest, rest_timeout_ms=3000)

    handled.run()

    assert handled.times == [3]
    assert handled.ended == ["failed"]


def test_a_handler_without_a_limit_bounds_nothing() -> None:
    handled = Handled(rest, rest_timeout_ms=None, handler_timeout_s=None)

    handled.run(10_000)

    assert handled.ended == []
    assert [type(error) for error in handled.caught] == [asyncio.CancelledError], "with its loop, and not before"


def test_the_handler_can_still_wait_for_something_in_its_except() -> None:
    times: list[float] = []

    async def wait_twice(card: CallCard) -> None:
        for _ in range(3):
            with pytest.raises(RestError):
                await card.rest.call("slow")
            times.append(asyncio.get_running_loop().time())

    handled = Handled(wait_twice, rest_timeout_ms=None)

    handled.run()

    assert times == [29, 29.5, 29.75], "half of what remains, each time"
    assert handled.ended == ["ok"]


def test_the_pauses_between_attempts_end_before_the_handler() -> None:
    calls: list[float] = []

    def limited(params: Any) -> Any:
        calls.append(handled.portal.loop.time())
        raise RestError("QUERY_LIMIT_EXCEEDED", "Too many requests", 503)

    async def call(card: CallCard) -> None:
        await card.rest.call("busy")

    handled = Handled(call, handler_timeout_s=5)
    handled.portal.rest["busy"] = limited

    handled.run()

    (error,) = handled.caught
    assert isinstance(error, RestError)
    assert error.code == "QUERY_LIMIT_EXCEEDED"
    assert calls == [0, 0.5, 1.5, 3.5], "four seconds more would be more than the handler has"
    assert handled.times == [3.5]


def test_tasks_of_the_handler_are_bound_by_its_time_and_by_none_once_it_has_ended() -> None:
    ends: list[float] = []
    tasks: list[asyncio.Task[None]] = []

    async def background(card: CallCard) -> None:
        with pytest.raises(RestError):
            await card.rest.call("slow")
        ends.append(asyncio.get_running_loop().time())
        await asyncio.sleep(3)
        with pytest.raises(RestError):
            await card.rest.call("slow")
        ends.append(asyncio.get_running_loop().time())

    async def leave_behind(card: CallCard) -> None:
        tasks.append(asyncio.create_task(background(card)))
        await asyncio.sleep(2)

    handled = Handled(leave_behind, handler_timeout_s=5, rest_timeout_ms=8000)

    handled.run()

    assert ends == [4.5, 15.5], "bound while the handler ran; then by its own limit alone"


def test_each_handler_has_its_own_time() -> None:
    caught: list[tuple[str, float]] = []
    app = App(rest_timeout_ms=None)

    async def wait(name: str, card: CallCard) -> None:
        try:
            await card.rest.call("slow")
        except RestError:
            caught.append((name, portal.loop.time()))

    async def first(event: AnswerButtonClick, card: CallCard) -> None:
        await wait("first", card)
        await card.close()

    async def second(event: AnswerButtonClick, card: CallCard) -> None:
        await wait("second", card)

    async def closed(event: CardClosed, card: CallCard) -> None:
        await app.rest.call("slow")

    app.add_handler(AnswerButtonClick, first, timeout_s=10)
    app.add_handler(AnswerButtonClick, second, timeout_s=20)
    app.add_handler(CardClosed, closed, timeout_s=None)
    with Portal(app) as portal:
        portal.rest["slow"] = never
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(100)

        assert caught == [("first", 9), ("second", 9 + 19)]
        assert portal.reports == [], "the one without a limit waits on, though it was begun from one that has one"


def test_a_handler_that_waits_for_something_else_is_ended_as_before() -> None:
    async def sleep(card: CallCard) -> None:
        await asyncio.sleep(100)

    handled = Handled(sleep)

    handled.run()

    assert [type(error) for error in handled.caught] == [HandlerTimeout]
    assert handled.times == [30]


@pytest.mark.parametrize("ended_by", ["its own limit", "the handler's", "a cancellation", "the handler's own limit"])
def test_a_request_that_is_given_up_is_called_off_at_the_page_and_its_answer_is_not_missed(ended_by: str) -> None:
    answered: list[str] = []

    async def slow(params: Any) -> str:
        await asyncio.sleep(50)
        answered.append("late")
        return "late"

    async def act(card: CallCard) -> None:
        if ended_by == "a cancellation":
            task = asyncio.ensure_future(card.rest.call("add"))
            await asyncio.sleep(1)
            task.cancel()
            await task
        elif ended_by == "the handler's own limit":
            async with asyncio.timeout(1):
                await card.rest.call("add")
        else:
            await card.rest.call("add")

    handled = Handled(act, rest_timeout_ms=2000 if ended_by == "its own limit" else None, handler_timeout_s=10)
    handled.portal.rest["add"] = slow

    handled.run()

    messages = handled.portal.page.messages
    asked = [message["id"] for message in messages if message["t"] == "rest"]
    assert [message["id"] for message in messages if message["t"] == "cancel"] == asked
    assert len(asked) == 1
    assert answered == []
    assert [message for message in messages if message["t"] == "trace" and message["entry"]["kind"] == "stray"] == []


def test_a_handler_whose_time_is_over_can_still_do_something_about_it() -> None:
    app = App(handler_timeout_s=2)
    told: list[Any] = []

    async def tell(params: Any) -> None:
        await asyncio.sleep(0.3)

    @app.on(AnswerButtonClick)
    async def handler(event: AnswerButtonClick, card: CallCard) -> None:
        try:
            await asyncio.sleep(60)
        except HandlerTimeout:
            await card.page.call("tell", "too slow")
            told.append("and was heard")
            raise

    with Portal(app) as portal:
        portal.provide("tell", tell)
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(5)
    assert told == ["and was heard"]
