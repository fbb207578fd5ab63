"""Delivery and order: what comes in reaches its handlers once, in order, whatever comes in."""

import asyncio
import gc
import json
import sys
import weakref
from typing import Any

import pytest

from tests.support.told import acked, watching
from worker_py import App, CallCard, HandlerFailure, PageGone
from worker_py.events import (
    AddCommentButtonClick,
    AnswerButtonClick,
    CloseButtonClick,
    DialpadButtonClick,
    Initialized,
    MuteButtonClick,
)
from worker_py.testing import CALL_ID, EPOCH_MS, Portal
from worker_py.wire import EVENTS, PREFIX

DEPTH = 60 if sys.platform == "emscripten" else 100_000
"""What is nested deeper would end the interpreter in wasm: the page bounds it, so Python never sees it."""
SAMPLES: dict[str, Any] = {
    "addCommentButtonClick": "hi",
    "muteButtonClick": True,
    "holdButtonClick": True,
    "transferButtonClick": {"phoneNumber": "+491", "target": 5},
    "entityChanged": {"PHONE_NUMBER": "unknown", "CRM_ENTITY_TYPE": "DEAL", "CRM_ENTITY_ID": "4"},
    "qualityMeterClick": "4",
    "dialpadButtonClick": "#",
}


def test_every_event_reaches_its_handler_once_in_order_and_is_acknowledged_once() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        portal.initialized()
        names = [spec.short_name for spec in EVENTS if spec.short_name not in ("initialized", "closeButtonClick")]
        for name in [*names, "closeButtonClick"]:
            portal.raise_event(name, SAMPLES.get(name, []))
        expected = ["initialized", *names, "closeButtonClick"]
        assert [row[0].lower() for row in journal[:-1]] == [name.lower() for name in expected]
        assert journal[-1] == ("CardClosed", CALL_ID, "closed_by_operator")
        assert acked(portal.page) == list(range(1, 18))
        assert portal.page.unacknowledged == {}
        assert portal.reports == []


def test_the_meta_of_an_event_tells_where_it_came_from() -> None:
    app = App()
    metas: list[Any] = []

    @app.on(DialpadButtonClick)
    def tone(event: DialpadButtonClick, card: CallCard) -> None:
        metas.append(event.meta)

    with Portal(app) as portal:
        portal.initialized()
        portal.advance(2.5)
        portal.raise_event("dialpadButtonClick", 5)
    (meta,) = metas
    assert (meta.id, meta.name, meta.page_id) == ("page-1:2", "BackgroundCallCard::dialpadButtonClick", "page-1")
    assert (meta.received_at, meta.redelivered, meta.resumed, meta.raw) == (EPOCH_MS + 2500, False, False, 5)


@pytest.mark.parametrize("at", [None, "now", float("inf"), float("nan"), [], {}])
def test_a_time_that_is_none_is_the_epoch(at: Any) -> None:
    app = App()
    seen: list[int] = []

    @app.on(Initialized)
    def look(event: Initialized, card: CallCard) -> None:
        seen.append(event.meta.received_at)

    with Portal(app) as portal:
        message = {"t": "event", "seq": 1, "name": PREFIX + "initialized", "payload": {"CALL_ID": "A"}, "at": at}
        portal.page.tell(message)
    assert seen == [0]


@pytest.mark.parametrize(
    ("name", "payload", "why"),
    [
        ("muteButtonClick", "secret", "a boolean was expected, not a string"),
        ("initialized", {"PHONE_NUMBER": "secret"}, "CALL_ID is missing"),
        ("somethingNew", "secret", "no such event is known"),
        ("qualityMeterClick", "9", "the rating should be 1 to 5"),
    ],
)
def test_a_bad_event_is_reported_by_name_without_its_content_and_the_next_one_is_handled(
    name: str, payload: Any, why: str
) -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event(name, payload, raw=True)
        portal.raise_event("hangupButtonClick")
        (report,) = portal.reports
        assert (report["kind"], report["event"], report["seq"]) == ("bad_event", PREFIX + name, 2)
        assert report["text"] == f"the payload of {PREFIX}{name} was refused: {why}"
        assert [row[0] for row in journal] == ["Initialized", "HangupButtonClick"]
        assert acked(portal.page) == [1, 2, 3]


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", '{"t":"nonsense"}', '{"t":"event"}', '{"t":"event","seq":"1"}',
        '{"t":"event","seq":true}', '{"t":"emit","seq":null}', '{"t":["event"]}', "[" * DEPTH,
    ],
)  # fmt: skip
def test_a_bad_message_is_reported_and_the_next_event_is_handled(text: str) -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        portal.deliver("page-1", text)
        portal.initialized()
        assert [report["kind"] for report in portal.reports] == ["bad_message"]
        assert [row[0] for row in journal] == ["Initialized"]


@pytest.mark.parametrize("name", [None, 5, [], {"deep": [[[]]]}])
def test_an_event_without_a_name_is_reported_and_acknowledged(name: Any) -> None:
    with Portal(App()) as portal:
        portal.page.tell({"t": "event", "seq": 1, "name": name, "payload": 1})
        assert [report["kind"] for report in portal.reports] == ["bad_event"]
        assert acked(portal.page) == [1]


def test_a_message_of_a_page_that_is_not_attached_is_ignored() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        portal.deliver("stranger", '{"t":"event","seq":1,"name":"BackgroundCallCard::initialized","payload":{}}')
        assert (journal, portal.reports) == ([], [])


def test_handlers_of_different_events_overlap_and_start_in_arrival_order() -> None:
    app = App()
    seen: list[str] = []

    @app.on(Initialized)
    async def look_up(event: Initialized, card: CallCard) -> None:
        seen.append("look-up starts")
        await card.rest.call("crm.contact.get")
        seen.append("look-up ends")

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        seen.append("answer starts")
        await card.set_status_text("answered")
        seen.append("answer ends")

    async def slow(params: Any) -> dict[str, str]:
        await asyncio.sleep(10)
        return {"NAME": "Ada"}

    with Portal(app) as portal:
        portal.rest["crm.contact.get"] = slow
        portal.initialized()
        portal.raise_event("answerButtonClick")
        assert seen == ["look-up starts", "answer starts", "answer ends"]
        portal.advance(10)
        assert seen[3:] == ["look-up ends"]


def test_the_state_is_changed_by_an_event_before_any_of_its_handlers_run() -> None:
    app = App()
    seen: list[Any] = []

    @app.on(MuteButtonClick)
    def mute(event: MuteButtonClick, card: CallCard) -> None:
        seen.append((event.muted, card.state.muted))

    @app.on(DialpadButtonClick)
    def tone(event: DialpadButtonClick, card: CallCard) -> None:
        seen.append(card.state.digits)

    @app.on(AddCommentButtonClick)
    def comment(event: AddCommentButtonClick, card: CallCard) -> None:
        seen.append(card.state.comment)

    @app.on(CloseButtonClick)
    def close(event: CloseButtonClick, card: CallCard) -> None:
        seen.append(card.state.closed)

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("muteButtonClick", True)
        for key in "12#":
            portal.raise_event("dialpadButtonClick", key)
        portal.raise_event("addCommentButtonClick", "hi")
        portal.raise_event("closeButtonClick")
    assert seen == [(True, True), "1", "12", "12#", "hi", True]


def test_a_burst_of_events_is_handled_in_order_and_each_sees_the_state_of_its_own_moment() -> None:
    app, seen = App(), []

    @app.on(DialpadButtonClick)
    async def tone(event: DialpadButtonClick, card: CallCard) -> None:
        seen.append(len(card.state.digits))
        await asyncio.sleep(1)

    with Portal(app) as portal:
        portal.initialized()
        for number in range(500):
            message = {"t": "event", "seq": number + 2, "name": PREFIX + "dialpadButtonClick", "payload": "1"}
            portal.loop.call_soon(portal.dispatcher.receive, "page-1", json.dumps(message))
        portal.loop.settle()
        assert seen == list(range(1, 501))


def test_a_task_of_the_dispatcher_is_told_from_one_that_the_app_left_behind() -> None:
    app = App()
    seen: list[bool] = []

    def look() -> None:
        task = asyncio.current_task()
        assert task is not None
        seen.append(portal.dispatcher.runs(task))

    async def left_behind() -> None:
        look()

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        look()
        await asyncio.create_task(left_behind())

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
    assert seen == [True, False]


def test_an_impossible_click_is_traced_and_handled_all_the_same() -> None:
    app = App()
    journal = watching(app)

    @app.on(Initialized)
    async def show(event: Initialized, card: CallCard) -> None:
        await card.set_ui_state("incoming")

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.raise_event("hangupButtonClick")
        assert [row[0] for row in journal] == ["Initialized", "AnswerButtonClick", "HangupButtonClick"]
        (entry,) = [
            message["entry"]
            for message in portal.page.messages
            if message["t"] == "trace" and message["entry"]["kind"] == "unexpected"
        ]
        assert entry == {
            "kind": "unexpected", "name": PREFIX + "hangupButtonClick", "id": "page-1:3", "detail": "incoming",
        }  # fmt: skip


def test_only_the_pages_that_left_last_are_remembered() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        portal.initialized()
        portal.page.detach("frozen")
        for _ in range(64):
            portal.open_page().detach("closed")
        portal.page.tell({"t": "attach", "mode": "memory", "reason": "back"})
        portal.page.tell({"t": "event", "seq": 1, "name": PREFIX + "initialized", "payload": {"CALL_ID": "B"}})
        assert journal[-1] == ("Initialized", "B", "page-1")


def test_nothing_is_held_of_a_page_that_left_long_ago() -> None:
    app = App()
    with Portal(app) as portal:
        page = weakref.ref(app.page)
        portal.page.detach("closed")
        for _ in range(63):
            portal.open_page().detach("closed")
        gc.collect()
        assert page() is not None
        portal.open_page().detach("closed")
        gc.collect()
        assert page() is None


def test_the_failure_of_a_handler_whose_page_has_gone_is_reported_to_the_pages_that_live() -> None:
    app = App()
    failures: list[HandlerFailure] = []
    app.on_error(failures.append)

    @app.on(AnswerButtonClick)
    async def mute(event: AnswerButtonClick, card: CallCard) -> None:
        await card.set_mute(True)

    with Portal(app) as portal:
        portal.silent = True
        other = portal.open_page("other")
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.page.detach()
        assert [type(failure.exception) for failure in failures] == [PageGone]
        assert [message["error"] for message in other.messages if message["t"] == "report"] == ["PageGone"]
