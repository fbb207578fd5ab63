"""Handlers that take aim at what runs them: no event is lost, each is acknowledged."""

import asyncio
import json
from typing import Any

import pytest

from worker_py import App, CallCard, Page
from worker_py.events import AnswerButtonClick, CardClosed, HangupButtonClick
from worker_py.testing import Portal
from worker_py.wire import PREFIX


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
