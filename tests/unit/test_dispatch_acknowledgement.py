"""Acknowledgements and turns: when the page is told that an event is done, and that its handlers go on."""

import asyncio
from typing import Any

from tests.support.told import acked, turns
from worker_py import App, CallCard, Page
from worker_py.events import AnswerButtonClick, HangupButtonClick, MuteButtonClick, PageDetached
from worker_py.testing import CALL_ID, MemoryPage, Portal
from worker_py.wire import PREFIX


def test_an_event_is_acknowledged_when_its_handlers_have_ended_and_not_before() -> None:
    app = App()

    @app.on(AnswerButtonClick)
    async def slow(event: AnswerButtonClick, card: CallCard) -> None:
        await asyncio.sleep(5)

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.raise_event("hangupButtonClick")
        assert acked(portal.page) == [1, 3]
        portal.advance(5)
        assert acked(portal.page) == [1, 3, 2]
        last = [message for message in portal.page.messages if message["t"] == "ack"][-1]
        (row,) = last["handlers"]
        assert (last["call_id"], row["duration_ms"], row["outcome"]) == (CALL_ID, 5000.0, "ok")


def test_an_event_that_is_delivered_again_while_it_runs_is_handled_once() -> None:
    app, seen = App(), []

    @app.on(AnswerButtonClick)
    async def slow(event: AnswerButtonClick, card: CallCard) -> None:
        seen.append(event.meta.redelivered)
        await asyncio.sleep(1)

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.page.tell({**portal.page.unacknowledged[2], "redelivered": True})
        assert acked(portal.page) == [1]
        portal.advance(1)
        assert acked(portal.page) == [1, 2]
        portal.page.tell({"t": "event", "seq": 2, "name": PREFIX + "answerButtonClick", "redelivered": True})
        assert (seen, acked(portal.page)) == ([False], [1, 2, 2])


def test_handlers_that_run_when_the_page_goes_end_and_lose_only_their_acknowledgement() -> None:
    app = App()
    seen: list[str] = []

    @app.on(AnswerButtonClick)
    async def slow(event: AnswerButtonClick, card: CallCard) -> None:
        await asyncio.sleep(5)
        seen.append("ended")

    @app.on(PageDetached)
    def detached(event: PageDetached, page: Page) -> None:
        seen.append("detached")

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.page.detach()
        portal.advance(5)
        assert seen == ["detached", "ended"]
        assert acked(portal.page) == [1]


def again(page: MemoryPage, name: str, seq: int, *, payload: object = None, redelivered: bool = True) -> int:
    """What a page says that delivers an event, to an interpreter that never had it."""
    page.tell({"t": "event", "seq": seq, "name": PREFIX + name, "payload": payload, "redelivered": redelivered})
    return seq


def test_the_page_learns_when_an_event_that_is_delivered_again_has_its_turn_before_its_handler_runs() -> None:
    app = App()
    seen: list[Any] = []

    @app.on(AnswerButtonClick)
    async def slow(event: AnswerButtonClick, card: CallCard) -> None:
        seen.append(turns(portal.page))
        await asyncio.sleep(1)
        seen.append(turns(portal.page))

    @app.on(HangupButtonClick)
    def plain(event: HangupButtonClick, card: CallCard) -> None:
        seen.append(turns(portal.page))

    with Portal(app) as portal:
        portal.initialized()
        again(portal.page, "answerButtonClick", 2)
        again(portal.page, "hangupButtonClick", 3)
        portal.advance(1)
    assert seen == [[2], [2, 3], [2, 3, 2]]


def test_an_event_that_is_delivered_for_the_first_time_takes_the_turn_from_another_and_says_no_more() -> None:
    app = App()

    @app.on(AnswerButtonClick)
    async def slow(event: AnswerButtonClick, card: CallCard) -> None:
        await asyncio.sleep(1)

    @app.on(HangupButtonClick)
    def plain(event: HangupButtonClick, card: CallCard) -> None:
        pass

    with Portal(app) as portal:
        portal.initialized()
        again(portal.page, "answerButtonClick", 2)
        again(portal.page, "hangupButtonClick", 3, redelivered=False)
        assert turns(portal.page) == [2, 0]
        portal.advance(1)
        assert turns(portal.page) == [2, 0, 2]


def test_events_that_are_delivered_for_the_first_time_cost_no_turns() -> None:
    app = App()

    @app.on(AnswerButtonClick)
    def plain(event: AnswerButtonClick, card: CallCard) -> None:
        pass

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        assert turns(portal.page) == []


def test_a_page_whose_handler_waits_is_not_blamed_for_what_another_pages_handler_does() -> None:
    app = App()

    @app.on(MuteButtonClick)
    async def wait(event: MuteButtonClick, card: CallCard) -> None:
        await asyncio.sleep(10)

    with Portal(app) as portal:
        other = portal.open_page()
        portal.initialized()
        muted = again(portal.page, "muteButtonClick", 2, payload=True)
        assert turns(portal.page) == [muted]
        other.initialized(CALL_ID="another")
        held = again(other, "muteButtonClick", 2, payload=True)
        assert turns(portal.page) == [muted, 0]
        assert turns(other) == [held]


def test_no_event_is_blamed_for_what_a_lifecycle_handler_does() -> None:
    app = App()

    @app.on(MuteButtonClick)
    async def wait(event: MuteButtonClick, card: CallCard) -> None:
        await asyncio.sleep(10)

    @app.on(PageDetached)
    def gone(event: PageDetached, page: Page) -> None:
        pass

    with Portal(app) as portal:
        other = portal.open_page()
        portal.initialized()
        muted = again(portal.page, "muteButtonClick", 2, payload=True)
        other.detach()
        assert turns(portal.page) == [muted, 0]
