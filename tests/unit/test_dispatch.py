"""Delivery and order: which card an event belongs to, when its handlers run, and what the page is told."""

import asyncio
import json
import sys
from typing import Any

import pytest

from worker_py import App, CallCard, CardState, CommandFailed, HandlerFailure, Page, PageGone
from worker_py.events import (
    AddCommentButtonClick,
    AnswerButtonClick,
    CardClosed,
    CardEvent,
    CloseButtonClick,
    DialpadButtonClick,
    EntityChanged,
    HangupButtonClick,
    Initialized,
    MuteButtonClick,
    PageDetached,
)
from worker_py.routing import EARLY_EVENT_S
from worker_py.testing import CALL_ID, EPOCH_MS, Answer, MemoryPage, Portal
from worker_py.wire import EVENTS, PREFIX

DEPTH = 60 if sys.platform == "emscripten" else 100_000
"""What is nested deeper would end the interpreter in wasm: the page bounds it, so Python never sees it."""
Journal = list[tuple[str, ...]]


def acked(page: MemoryPage) -> list[int]:
    return [message["seq"] for message in page.messages if message["t"] == "ack"]


def traced(page: MemoryPage, kind: str) -> list[str]:
    entries = [message["entry"] for message in page.messages if message["t"] == "trace"]
    return [entry["name"] for entry in entries if entry["kind"] == kind]


def watching(app: App) -> Journal:
    """Let a handler of every event, and of closing, write down event, call and page."""
    journal: Journal = []

    def watch(event: CardEvent, card: CallCard) -> None:
        journal.append((type(event).__name__, card.call_id, event.meta.page_id))

    for spec in EVENTS:
        app.add_handler(spec.event_type, watch)

    @app.on(CardClosed)
    def closed(event: CardClosed, card: CallCard) -> None:
        journal.append(("CardClosed", event.call_id, event.reason))

    return journal


SAMPLES: dict[str, Any] = {
    "addCommentButtonClick": "hi",
    "muteButtonClick": True,
    "holdButtonClick": True,
    "transferButtonClick": {"phoneNumber": "+491", "target": 5},
    "entityChanged": {"PHONE_NUMBER": "unknown", "CRM_ENTITY_TYPE": "DEAL", "CRM_ENTITY_ID": "4"},
    "qualityMeterClick": "4",
    "dialpadButtonClick": "#",
}


# Delivery --------------------------------------------------------------------------------------------------------


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
        assert (last["call_id"], row[1:3]) == (CALL_ID, [5000.0, "ok"])


def turns(page: MemoryPage) -> list[int]:
    return [message["seq"] for message in page.messages if message["t"] == "turn"]


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
        portal.raise_event(name, payload)
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


# Early events ----------------------------------------------------------------------------------------------------


def test_an_event_before_initialized_is_handled_after_it() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        portal.raise_event("entityChanged", {"PHONE_NUMBER": "+491", "CRM_ENTITY_TYPE": "DEAL", "CRM_ENTITY_ID": 4})
        portal.raise_event("addCommentButtonClick", "x")
        portal.advance(EARLY_EVENT_S - 0.1)
        assert journal == []
        portal.initialized()
        assert [row[0] for row in journal] == ["Initialized", "EntityChanged", "AddCommentButtonClick"]
        assert sorted(acked(portal.page)) == [1, 2, 3]
        portal.advance(100)
        assert portal.reports == []


def test_an_early_event_has_changed_the_state_by_the_time_its_own_handler_runs() -> None:
    app = App()
    seen: list[Any] = []

    @app.on(EntityChanged)
    def look(event: EntityChanged, card: CallCard) -> None:
        seen.append((card.state.crm_entity_type, card.state.crm_entity_id, card.state.phone_number))

    with Portal(app) as portal:
        portal.raise_event("entityChanged", {"PHONE_NUMBER": "unknown", "CRM_ENTITY_TYPE": "DEAL", "CRM_ENTITY_ID": 4})
        portal.initialized(PHONE_NUMBER="+492")
    assert seen == [("DEAL", 4, "+492")]


def test_an_event_that_waits_too_long_for_initialized_is_reported_and_acknowledged() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        portal.raise_event("hangupButtonClick")
        portal.advance(EARLY_EVENT_S)
        (report,) = portal.reports
        assert (report["kind"], report["event"], report["seq"]) == ("no_card", PREFIX + "hangupButtonClick", 1)
        assert (
            report["text"]
            == f"{PREFIX}hangupButtonClick came without a card and was dropped: no initialized followed it"
        )
        assert (journal, acked(portal.page)) == ([], [1])
        portal.initialized()
        assert [row[0] for row in journal] == ["Initialized"]


def test_each_wait_for_initialized_begins_anew() -> None:
    with Portal(App()) as portal:
        portal.raise_event("hangupButtonClick")
        portal.advance(EARLY_EVENT_S)
        portal.raise_event("hangupButtonClick")
        portal.advance(EARLY_EVENT_S - 1)
        assert acked(portal.page) == [1]
        portal.advance(1)
        assert acked(portal.page) == [1, 2]


def test_early_events_of_a_page_that_goes_away_go_with_it() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        portal.raise_event("hangupButtonClick")
        portal.page.detach()
        portal.advance(100)
        assert (journal, portal.reports) == ([], [])


# Order -----------------------------------------------------------------------------------------------------------


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


# Cards and their ends --------------------------------------------------------------------------------------------


def test_an_event_belongs_to_the_card_last_initialized_on_its_page() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        other = portal.open_page("other")
        portal.initialized(CALL_ID="A")
        other.initialized(CALL_ID="B")
        portal.raise_event("hangupButtonClick")
        other.raise_event("answerButtonClick")
        portal.initialized(CALL_ID="C")
        portal.raise_event("hangupButtonClick")
    assert journal == [
        ("Initialized", "A", "page-1"),
        ("Initialized", "B", "other"),
        ("HangupButtonClick", "A", "page-1"),
        ("AnswerButtonClick", "B", "other"),
        ("CardClosed", "A", "replaced"),
        ("Initialized", "C", "page-1"),
        ("HangupButtonClick", "C", "page-1"),
    ]


def test_a_card_that_the_app_closes_is_closed_once_for_the_app() -> None:
    app = App()
    journal = watching(app)

    @app.on(HangupButtonClick)
    async def hang_up(event: HangupButtonClick, card: CallCard) -> None:
        await card.close()
        journal.append(("closed", str(card.state.closed)))

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("hangupButtonClick")
        assert journal[1:] == [
            ("HangupButtonClick", CALL_ID, "page-1"),
            ("closed", "True"),
            ("CardClosed", CALL_ID, "closed_by_app"),
        ]
        assert portal.page.unacknowledged == {}
        assert [message["call_id"] for message in portal.page.messages if message["t"] == "forget"] == [CALL_ID]


def test_a_card_that_the_portal_did_not_close_stays_open() -> None:
    app = App()
    journal = watching(app)

    @app.on(HangupButtonClick)
    async def hang_up(event: HangupButtonClick, card: CallCard) -> None:
        with pytest.raises(CommandFailed):
            await card.close()

    with Portal(app) as portal:
        portal.answers["CallCardClose"] = Answer([{"result": "error", "errorCode": "Call card is undefined"}])
        portal.initialized()
        portal.raise_event("hangupButtonClick")
        portal.raise_event("answerButtonClick")
        assert [row[0] for row in journal] == ["Initialized", "HangupButtonClick", "AnswerButtonClick"]


def test_the_handlers_of_card_closed_run_after_those_of_the_close_button_and_before_its_acknowledgement() -> None:
    app = App()
    seen: list[Any] = []

    @app.on(CloseButtonClick)
    async def close(event: CloseButtonClick, card: CallCard) -> None:
        await asyncio.sleep(1)
        seen.append("close button")

    @app.on(CardClosed)
    async def closed(event: CardClosed, card: CallCard) -> None:
        await asyncio.sleep(2)
        seen.append((event.call_id, event.reason, card.call_id, card.state.closed, event.meta.page_id))

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("closeButtonClick")
        portal.advance(2)
        assert (seen, acked(portal.page)) == (["close button"], [1])
        portal.advance(1)
        assert seen[1:] == [(CALL_ID, "closed_by_operator", CALL_ID, True, "page-1")]
        assert acked(portal.page) == [1, 2]


def test_a_card_that_both_app_and_operator_close_is_closed_once() -> None:
    app = App()
    journal = watching(app)

    @app.on(CloseButtonClick)
    async def close(event: CloseButtonClick, card: CallCard) -> None:
        await card.close()

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("closeButtonClick")
        assert [row for row in journal if row[0] == "CardClosed"] == [("CardClosed", CALL_ID, "closed_by_app")]
        assert portal.page.unacknowledged == {}


def test_what_comes_after_the_close_button_belongs_to_the_next_card() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        portal.initialized(CALL_ID="A")
        portal.raise_event("closeButtonClick")
        portal.raise_event("entityChanged", {})
        portal.initialized(CALL_ID="B")
    assert [row[:2] for row in journal] == [
        ("Initialized", "A"), ("CloseButtonClick", "A"), ("CardClosed", "A"), ("Initialized", "B"),
        ("EntityChanged", "B"),
    ]  # fmt: skip


def test_what_comes_while_the_handlers_of_the_close_button_run_waits_for_the_next_card() -> None:
    app = App()
    journal = watching(app)

    @app.on(CloseButtonClick)
    async def slow(event: CloseButtonClick, card: CallCard) -> None:
        await asyncio.sleep(1)

    with Portal(app) as portal:
        portal.initialized(CALL_ID="A")
        portal.raise_event("closeButtonClick")
        portal.raise_event("entityChanged", {})
        portal.initialized(CALL_ID="B")
        portal.raise_event("hangupButtonClick")
        portal.advance(1)
    assert [row[:2] for row in journal] == [
        ("Initialized", "A"), ("CloseButtonClick", "A"), ("Initialized", "B"), ("EntityChanged", "B"),
        ("HangupButtonClick", "B"), ("CardClosed", "A"),
    ]  # fmt: skip


def test_a_call_that_was_closed_and_begins_again_begins_anew() -> None:
    app = App()
    cards: list[CallCard] = []

    @app.on(Initialized)
    def begin(event: Initialized, card: CallCard) -> None:
        cards.append(card)
        card.data["mine"] = len(cards)
        assert event.meta.resumed is False

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("closeButtonClick")
        portal.initialized()
        assert [card.data for card in cards] == [{"mine": 1}, {"mine": 2}]
        assert portal.reports == []


def test_a_replaced_card_cannot_change_the_card_that_replaced_it() -> None:
    app = App()
    seen: list[Any] = []

    @app.on(Initialized)
    async def slow(event: Initialized, card: CallCard) -> None:
        if event.call_id == "A":
            await asyncio.sleep(5)
        try:
            await card.set_card_title(event.call_id)
        except CommandFailed as error:
            seen.append((card.call_id, error.command, error.error_code, card.state.closed))

    with Portal(app) as portal:
        portal.initialized(CALL_ID="A")
        portal.initialized(CALL_ID="B")
        portal.advance(5)
        assert portal.sent == [("CallCardSetCardTitle", {"title": "B"})]
        assert seen == [("A", "CallCardSetCardTitle", "Call card is undefined", True)]


def test_the_state_of_a_closed_card_is_not_changed_by_a_command_that_succeeds_later() -> None:
    app = App()
    cards: list[CallCard] = []

    @app.on(AnswerButtonClick)
    async def mute(event: AnswerButtonClick, card: CallCard) -> None:
        cards.append(card)
        await card.set_mute(True)

    with Portal(app) as portal:
        portal.answers["CallCardSetMute"] = Answer(after_ms=1000)
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.raise_event("closeButtonClick")
        portal.advance(1)
        assert (cards[0].state.closed, cards[0].state.muted) == (True, False)


def test_a_page_that_comes_back_goes_on_waiting_for_initialized() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        portal.raise_event("hangupButtonClick")
        portal.page.detach("frozen")
        portal.advance(100)
        portal.page.tell({"t": "attach", "mode": "memory", "reason": "back"})
        portal.initialized()
        assert [row[0] for row in journal] == ["Initialized", "HangupButtonClick"]
        assert portal.page.unacknowledged == {}


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


def test_another_user_gets_none_of_the_calls() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        other = portal.open_page("other")
        portal.initialized(CALL_ID="A")
        other.initialized(CALL_ID="B")
        portal.open_page("of the next user").tell({"t": "user_changed"})
        assert journal[2:] == [("CardClosed", "A", "user_changed"), ("CardClosed", "B", "user_changed")]


def test_what_comes_after_a_card_was_closed_is_its_own_until_the_next_one_is_initialized() -> None:
    app = App()
    journal = watching(app)

    @app.on(HangupButtonClick)
    async def end(event: HangupButtonClick, card: CallCard) -> None:
        await card.close()

    with Portal(app) as portal:
        portal.initialized(CALL_ID="A")
        portal.raise_event("hangupButtonClick")
        portal.raise_event("addCommentButtonClick", "of A")
        portal.raise_event("closeButtonClick")
        portal.raise_event("dialpadButtonClick", "1")
        portal.initialized(CALL_ID="B")
        portal.raise_event("dialpadButtonClick", "2")
        assert journal == [
            ("Initialized", "A", "page-1"),
            ("HangupButtonClick", "A", "page-1"),
            ("CardClosed", "A", "closed_by_app"),
            ("AddCommentButtonClick", "A", "page-1"),
            ("CloseButtonClick", "A", "page-1"),
            ("DialpadButtonClick", "A", "page-1"),
            ("Initialized", "B", "page-1"),
            ("DialpadButtonClick", "B", "page-1"),
        ]
        assert portal.page.unacknowledged == {}
        assert portal.reports == []


def test_a_changed_client_after_a_card_was_closed_is_the_next_card_s() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        portal.initialized(CALL_ID="A")
        portal.raise_event("closeButtonClick")
        portal.raise_event("entityChanged", {})
        portal.initialized(CALL_ID="B")
        assert journal[-2:] == [("Initialized", "B", "page-1"), ("EntityChanged", "B", "page-1")]


def test_what_comes_after_the_calls_of_another_user_were_closed_is_not_theirs() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        portal.initialized(CALL_ID="A")
        portal.open_page("of the next user").tell({"t": "user_changed"})
        portal.raise_event("hangupButtonClick")
        portal.initialized(CALL_ID="B")
        assert journal[1:] == [
            ("CardClosed", "A", "user_changed"),
            ("Initialized", "B", "page-1"),
            ("HangupButtonClick", "B", "page-1"),
        ]


# Several pages ---------------------------------------------------------------------------------------------------


def test_initialized_on_another_page_while_the_owner_lives_is_a_broadcast() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        other = portal.open_page("other")
        portal.initialized(CALL_ID="A")
        other.raise_event("entityChanged", {})
        other.initialized(CALL_ID="A")
        other.raise_event("hangupButtonClick")
        portal.raise_event("answerButtonClick")
        assert journal == [("Initialized", "A", "page-1"), ("AnswerButtonClick", "A", "page-1")]
        assert other.unacknowledged == {}
        assert traced(other, "session") == ["shown elsewhere"]
        assert [report["kind"] for report in portal.reports] == ["no_card"]


def test_commands_go_to_the_page_that_owns_the_card() -> None:
    app = App()

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        await card.set_mute(True)

    with Portal(app) as portal:
        other = portal.open_page("other")
        portal.initialized(CALL_ID="A")
        other.initialized(CALL_ID="B")
        other.raise_event("answerButtonClick")
        assert [message["t"] for message in other.messages].count("command") == 1
        assert [message["t"] for message in portal.page.messages].count("command") == 0


def test_a_call_whose_page_went_away_is_resumed_by_the_next_page_with_data_and_state() -> None:
    app = App()
    seen: list[Any] = []

    @app.on(Initialized)
    async def begin(event: Initialized, card: CallCard) -> None:
        seen.append((event.meta.resumed, card.data.get("n"), card.state.muted, card.page_id))
        card.data["n"] = 1
        await card.set_mute(True)

    with Portal(app) as portal:
        portal.initialized()
        portal.page.detach("navigated")
        portal.advance(59)
        after = portal.open_page("after")
        after.initialized()
        assert seen == [(False, None, False, "page-1"), (True, 1, True, "after")]
        assert [message["t"] for message in after.messages].count("command") == 1
        portal.advance(100)
        assert traced(after, "session") == ["moved here"]


def test_a_page_that_ignored_a_broadcast_takes_the_call_over_once_its_owner_has_gone() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        other = portal.open_page("other")
        portal.initialized(CALL_ID="A")
        other.initialized(CALL_ID="A")
        portal.page.detach()
        other.raise_event("hangupButtonClick")
        assert journal[1:] == [("HangupButtonClick", "A", "other")]


def test_a_click_on_the_next_page_is_the_waiting_calls_although_initialized_does_not_come_again() -> None:
    app = App()
    seen: list[Any] = []

    def watch(event: CardEvent, card: CallCard) -> None:
        seen.append((type(event).__name__, card.call_id, card.page_id, event.meta.resumed))

    for kind in (EntityChanged, HangupButtonClick, AnswerButtonClick):
        app.add_handler(kind, watch)
    with Portal(app) as portal:
        portal.initialized(CALL_ID="A")
        portal.page.detach("navigated")
        after = portal.open_page("after")
        after.raise_event("entityChanged", {})
        assert seen == []
        after.raise_event("hangupButtonClick")
        after.raise_event("answerButtonClick")
        assert seen == [
            ("EntityChanged", "A", "after", True),
            ("HangupButtonClick", "A", "after", True),
            ("AnswerButtonClick", "A", "after", False),
        ]
        assert after.unacknowledged == {}
        portal.advance(1000)
        assert portal.reports == []


def test_a_click_that_may_be_of_either_of_two_waiting_calls_waits_for_initialized() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        other = portal.open_page("other")
        portal.initialized(CALL_ID="A")
        other.initialized(CALL_ID="B")
        portal.page.detach()
        other.detach()
        after = portal.open_page("after")
        after.raise_event("hangupButtonClick")
        assert len(journal) == 2
        after.initialized(CALL_ID="B")
        assert journal[2:] == [("Initialized", "B", "after"), ("HangupButtonClick", "B", "after")]


def test_a_redelivered_click_that_takes_a_call_over_is_marked_redelivered_only() -> None:
    app = App()
    seen: list[Any] = []

    @app.on(HangupButtonClick)
    def hang_up(event: HangupButtonClick, card: CallCard) -> None:
        seen.append((event.meta.redelivered, event.meta.resumed))

    with Portal(app) as portal:
        portal.initialized(CALL_ID="A")
        portal.page.detach("navigated")
        after = portal.open_page("after")
        after.tell({"t": "event", "seq": 1, "name": PREFIX + "hangupButtonClick", "redelivered": True})
    assert seen == [(True, False)]


def test_events_of_a_broadcast_whose_call_has_ended_are_ignored() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        other = portal.open_page("other")
        portal.initialized(CALL_ID="A")
        other.initialized(CALL_ID="A")
        portal.raise_event("closeButtonClick")
        other.raise_event("hangupButtonClick")
        assert "HangupButtonClick" not in {row[0] for row in journal}
        assert other.unacknowledged == {}
        other.initialized(CALL_ID="B")
        other.raise_event("hangupButtonClick")
        assert journal[-1] == ("HangupButtonClick", "B", "other")


@pytest.mark.parametrize(("limits", "grace"), [({}, 60), ({"page_grace_s": 5}, 5)])
def test_a_call_whose_page_stays_away_is_closed_after_the_grace(limits: Any, grace: float) -> None:
    app = App(**limits)
    journal = watching(app)
    gone: list[Any] = []

    @app.on(CardClosed)
    async def closed(event: CardClosed, card: CallCard) -> None:
        with pytest.raises(PageGone):
            await card.set_mute(True)
        gone.append((card.page_id, card.state.closed))

    with Portal(app) as portal:
        portal.open_page("other")
        portal.initialized()
        portal.page.detach()
        portal.advance(grace - 0.1)
        assert [row[0] for row in journal] == ["Initialized"]
        portal.advance(0.1)
        assert journal[1:] == [("CardClosed", CALL_ID, "page_gone")]
        assert gone == [("page-1", True)]


def test_without_a_grace_limit_a_call_waits_for_ever() -> None:
    app = App(page_grace_s=None)
    journal = watching(app)
    with Portal(app) as portal:
        portal.initialized()
        portal.page.detach()
        portal.advance(1_000_000)
        assert [row[0] for row in journal] == ["Initialized"]


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


def test_the_failure_of_a_handler_whose_page_has_gone_is_reported_to_the_pages_that_live() -> None:
    app = App()
    failures: list[HandlerFailure] = []
    app.on_error(failures.append)

    @app.on(AnswerButtonClick)
    async def mute(event: AnswerButtonClick, card: CallCard) -> None:
        await card.set_mute(True)

    with Portal(app) as portal:
        portal.answers["CallCardSetMute"] = Answer(times=0)
        other = portal.open_page("other")
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.page.detach()
        assert [type(failure.exception) for failure in failures] == [PageGone]
        assert [message["error"] for message in other.messages if message["t"] == "report"] == ["PageGone"]


# What outlives the interpreter -----------------------------------------------------------------------------------


def kept(page: MemoryPage) -> list[dict[str, Any]]:
    return [json.loads(message["kept"]) for message in page.messages if message["t"] == "keep"]


def digits_app() -> tuple[App, list[Any]]:
    app = App()
    seen: list[Any] = []

    @app.on(Initialized)
    def begin(event: Initialized, card: CallCard) -> None:
        seen.append(("initialized", event.meta.redelivered, event.meta.resumed))
        card.data["started"] = True

    @app.on(DialpadButtonClick)
    async def tone(event: DialpadButtonClick, card: CallCard) -> None:
        seen.append((event.key, event.meta.redelivered, card.state.digits, dict(card.data)))
        await card.set_status_text(card.state.digits)
        await asyncio.sleep(100)

    return app, seen


def test_state_and_data_are_kept_by_the_page_and_given_to_the_next_interpreter() -> None:
    app, _ = digits_app()
    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("dialpadButtonClick", "5")
        last = kept(portal.page)[-1]
        assert (last["data"], last["state"]["digits"], last["state"]["status_text"]) == ({"started": True}, "5", "5")
    again, seen = digits_app()
    with Portal(again) as portal:
        page = portal.open_page("again", {"call_id": CALL_ID, "kept": {**last, "applied": ["again", 2]}})
        assert traced(page, "session") == ["restored"]
        page.tell({"t": "event", "seq": 3, "name": PREFIX + "dialpadButtonClick", "payload": "6", "redelivered": True})
    assert seen == [("6", True, "56", {"started": True})]


def test_an_event_that_the_kept_state_knows_is_handled_again_but_does_not_happen_twice() -> None:
    app, seen = digits_app()
    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("dialpadButtonClick", "5")
        last = kept(portal.page)[-1]
        unacknowledged = dict(portal.page.unacknowledged)
        assert (list(unacknowledged), last["applied"]) == ([2], ["page-1", 2])
    again, seen = digits_app()
    with Portal(again) as portal:
        portal.page.tell({"t": "attach", "mode": "memory", "card": {"call_id": CALL_ID, "kept": last}})
        portal.page.tell({**unacknowledged[2], "redelivered": True})
        portal.page.tell({**unacknowledged[2], "seq": 3, "payload": "6"})
    assert seen == [("5", True, "5", {"started": True}), ("6", False, "56", {"started": True})]


@pytest.mark.parametrize(
    "card",
    [
        5, [], {}, {"call_id": 5}, {"call_id": "A", "kept": 5}, {"call_id": "A", "kept": {"state": 1, "data": 2}},
        {"call_id": "A", "kept": {"state": {"digits": 5, "ui_state": {}}, "data": {}, "applied": ["x"]}},
    ],
)  # fmt: skip
def test_whatever_a_page_kept_the_next_event_is_handled(card: Any) -> None:
    app = App()
    seen: list[CardState] = []

    @app.on(DialpadButtonClick)
    def tone(event: DialpadButtonClick, card: CallCard) -> None:
        seen.append(card.state)

    with Portal(app) as portal:
        page = portal.open_page("again", card)
        page.initialized(CALL_ID="A", PHONE_NUMBER="hidden", CRM_ENTITY_TYPE="", CRM_ENTITY_ID=0)
        page.raise_event("dialpadButtonClick", "1")
    assert seen == [CardState(digits="1")]


def test_only_news_are_kept() -> None:
    with Portal(App()) as portal:
        portal.initialized()
        portal.raise_event("hangupButtonClick")
        portal.raise_event("muteButtonClick", False)
        assert len(kept(portal.page)) == 1
        portal.raise_event("muteButtonClick", True)
        assert len(kept(portal.page)) == 2


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
