"""What the trace is told of causes and beginnings: which event led to what, and when each handler started."""

import asyncio
from typing import Any

from worker_py import App, CallCard, Page
from worker_py.events import AnswerButtonClick, Initialized, MuteButtonClick, PageAttached
from worker_py.testing import EPOCH_MS, Portal


def told(portal: Portal, kind: str) -> list[dict[str, Any]]:
    return [message for message in portal.page.messages if message["t"] == kind]


def test_an_outcome_names_the_event_whose_handlers_asked_also_when_they_overlap() -> None:
    app = App()

    @app.on(Initialized)
    async def slow(event: Initialized, card: CallCard) -> None:
        await asyncio.sleep(2)
        await card.set_status_text("slow")

    @app.on(AnswerButtonClick)
    async def quick(event: AnswerButtonClick, card: CallCard) -> None:
        await card.set_card_title("quick")

    with Portal(app) as portal:
        first = portal.initialized()
        second = portal.raise_event("answerButtonClick")
        portal.advance(3)
        page = portal.page.id
        assert [(each["name"], each["cause"]) for each in told(portal, "outcome")] == [
            ("CallCardSetCardTitle", f"{page}:{second}"),
            ("CallCardSetStatusText", f"{page}:{first}"),
        ]
        assert [each["started"] - EPOCH_MS for each in told(portal, "outcome")] == [0, 2000]


def test_a_task_that_a_handler_leaves_behind_asks_in_the_name_of_its_event() -> None:
    app, tasks = App(), []

    @app.on(Initialized)
    async def leave(event: Initialized, card: CallCard) -> None:
        async def later() -> None:
            await asyncio.sleep(5)
            await card.set_status_text("later")

        tasks.append(asyncio.get_running_loop().create_task(later()))

    app.add_handler(MuteButtonClick, lambda event, card: None)
    with Portal(app) as portal:
        first = portal.initialized()
        portal.advance(1)
        portal.raise_event("muteButtonClick", True)
        portal.advance(5)
        assert [each["cause"] for each in told(portal, "outcome")] == [f"{portal.page.id}:{first}"]


def test_what_the_page_emits_is_a_cause_too() -> None:
    app = App()

    @app.on_page_event("phone.ringing")
    async def ring(payload: Any, page: Page) -> None:
        await page.call("phone.answer")

    with Portal(app) as portal:
        portal.provide("phone.answer", lambda params: True)
        portal.emit("phone.ringing")
        portal.advance(1)
        assert [each["cause"] for each in told(portal, "outcome")] == [f"{portal.page.id}:1"]


def test_an_acknowledgement_tells_when_each_handler_started() -> None:
    app = App()

    @app.on(Initialized)
    async def one(event: Initialized, card: CallCard) -> None:
        await asyncio.sleep(2)

    app.add_handler(Initialized, lambda event, card: None)
    with Portal(app) as portal:
        portal.advance(10)
        portal.initialized()
        portal.advance(3)
        (ack,) = told(portal, "ack")
        assert [row["started"] - EPOCH_MS for row in ack["handlers"]] == [10_000, 12_000]


def test_handlers_of_a_lifecycle_event_are_traced_with_outcome_and_time() -> None:
    app = App()

    @app.on(PageAttached)
    async def attached(event: PageAttached, page: Page) -> None:
        await asyncio.sleep(2)
        raise ValueError("no")

    with Portal(app) as portal:
        portal.advance(3)
        (entry,) = [each["entry"] for each in told(portal, "trace") if each["entry"]["kind"] == "handler"]
        assert (entry["event"], entry["outcome"], entry["duration_ms"]) == ("PageAttached", "failed", 2000.0)
        assert entry["started"] == EPOCH_MS
