"""The lock of a card: handlers that want it do not overlap, and none that ends keeps it."""

import asyncio
from typing import Any

from tests.support.told import outcomes
from worker_py import App, CallCard
from worker_py.events import AnswerButtonClick, DialpadButtonClick, HangupButtonClick
from worker_py.testing import Portal


def test_the_lock_of_a_card_keeps_handlers_apart_that_want_it() -> None:
    app, seen = App(), []

    @app.on(DialpadButtonClick)
    async def tone(event: DialpadButtonClick, card: CallCard) -> None:
        async with card.lock:
            seen.append(f"{event.key} starts")
            await asyncio.sleep(1)
            seen.append(f"{event.key} ends")

    with Portal(app) as portal:
        portal.initialized()
        for key in "123":
            portal.raise_event("dialpadButtonClick", key)
        portal.advance(3)
    assert seen == ["1 starts", "1 ends", "2 starts", "2 ends", "3 starts", "3 ends"]


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
        assert outcomes(portal) == [[], ["timeout"], ["ok"]]
