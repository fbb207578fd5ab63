"""What an interpreter that is killed in the middle of a call leaves to the next one; and what it printed before."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, Request

from tests.browser.conftest import OpenPage
from tests.support.complaints import Complaints

APP = """
    import asyncio
    import logging

    from worker_py import App
    from worker_py.events import AnswerButtonClick, Initialized

    log = logging.getLogger("exchange")
    app = App()
    app.data["calls"] = 0
    calls_by_leg = {}  # what a module keeps so is gone

    @app.on(Initialized)
    async def greet(event, card):
        app.data["calls"] += 1
        card.data["leg"] = "leg 1"
        calls_by_leg["leg 1"] = card
        await card.set_ui_state("incoming")
        print("Ada", end="")
        log.warning("calls with %s", "Ada")

    @app.on(AnswerButtonClick)
    async def answer(event, card):
        number = await card.once("activity", lambda: card.rest.call("crm.activity.add", {"fields": {}}))
        await card.page.call("tell", ["written", number, event.meta.redelivered])
        if not event.meta.redelivered:
            await asyncio.sleep(600)

    @app.on_page_event("pbx.*")
    async def from_exchange(leg, page, name):
        card = app.find(lambda card: card.data.get("leg") == leg)
        card.set_status_text("forgotten")
        await card.set_status_text(f"{name} {leg}")
        await page.call("tell", [len(calls_by_leg), app.data, [each.call_id for each in app.cards]])
"""


def test_a_killed_interpreter_has_printed_and_written_once_and_the_next_one_finds_card_and_data(
    open_page: OpenPage, context: BrowserContext, complaints: Complaints
) -> None:
    """What Python prints is in the console and in recordings, and not in the trace."""
    complaints.expect(r"the worker ended \(vanished")
    page = open_page(APP)
    page.configure(rest={"stubs": {"crm.activity.add": 41}})
    page.evaluate("void workerPy.record()")
    writes: list[str] = []
    shown: list[tuple[str, str]] = []

    def asked(request: Request) -> None:
        if "crm.activity.add" in request.url or "crm.activity.add" in (request.post_data or ""):
            writes.append(request.url)

    def heard(message: ConsoleMessage) -> None:
        if message.text.startswith("greet: "):
            shown.append((message.type, message.text))

    context.on("request", asked)
    context.on("console", heard)
    call = page.incoming_call()
    page.until_card(uiState="incoming")
    page.click("Answer")
    page.poll(lambda: page.notes() == [["written", 41, False]], "the write")

    page.kill_interpreter()

    page.poll(lambda: page.notes()[1:] == [["written", 41, True]], "the event, delivered again")
    page.emit("pbx.ended", "leg 1")
    page.until_card(statusText="pbx.ended leg 1")
    page.until_settled()
    assert page.notes()[2] == [0, {"calls": 1}, [call.call_id]]
    assert len(writes) == 1, writes
    report = next(each["text"] for each in page.reports("not_awaited"))
    assert re.search(r"set_status_text\(\) was not awaited, .* write `await` in /app/app\.py, line \d+$", report)

    page.poll(lambda: len(shown) == 2, "what was printed")
    assert sorted(shown) == [("info", "greet: Ada"), ("warning", "greet: exchange: calls with Ada")]
    recorded = page.evaluate("workerPy.record().entries.map(({message}) => message).filter(({t}) => t === 'printed')")
    assert sorted((each["level"], each["handler"], each["text"]) for each in recorded) == [
        ("info", "greet", "Ada"),
        ("warning", "greet", "exchange: calls with Ada"),
    ]
    told = page.trace("printed")
    assert sorted((each["name"], each["level"], each["chars"]) for each in told) == [
        ("greet", "info", 3),
        ("greet", "warning", 24),
    ]
    assert "Ada" not in str(page.trace())
