"""A call has windows: several pages show its card, and to handlers and operator it is one."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import Any

import pytest

from tests.support.told import Journal, traced, watching
from worker_py import App, CallCard, CommandFailed, Page, PageGone, UiState, inbox
from worker_py.events import (
    AnswerButtonClick,
    CardClosed,
    CloseButtonClick,
    HangupButtonClick,
    Initialized,
    MuteButtonClick,
)
from worker_py.testing import Answer, MemoryCard, MemoryPage, Portal, refusal
from worker_py.wire import PREFIX

CALL = "A"


def two_windows(app: App, joins_after_s: float = 0.0) -> tuple[Portal, MemoryPage, MemoryPage]:
    """A call that two pages show."""
    portal = Portal(app)
    first, second = portal.page, portal.open_page("second")
    first.initialized(CALL_ID=CALL)
    portal.advance(joins_after_s)
    second.initialized(CALL_ID=CALL)
    return portal, first, second


def looks(page: MemoryPage) -> dict[str, Any]:
    """What the operator sees in this window."""
    assert page.card is not None
    return {name: getattr(page.card, name) for name in ("ui_state", "title", "status_text", "muted", "held")}


def dressing_app() -> tuple[App, Journal]:
    """An app that gives the card buttons, a title and a text when it appears, and mutes it on *answer*."""
    app = App()
    journal = watching(app)

    @app.on(Initialized)
    async def show(event: Initialized, card: CallCard) -> None:
        await card.set_ui_state(UiState.INCOMING)
        await card.set_card_title("Ada")
        await card.set_status_text("rings")

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        await card.set_ui_state(UiState.CONNECTED)
        await card.set_hold(True)

    return app, journal


@pytest.mark.parametrize("late_s", [0, 0.03, 0.09, 3])
def test_a_window_that_joins_late_runs_no_handler_and_looks_like_the_first(late_s: float) -> None:
    app, journal = dressing_app()
    portal, first, second = two_windows(app, late_s)
    with portal:
        assert [row[0] for row in journal] == ["Initialized"]
        assert looks(second) == looks(first)
        assert looks(second)["ui_state"] == "incoming"
        assert second.unacknowledged == {}
        assert traced(second, "card") == ["joined"]


def test_a_window_that_joins_while_a_command_is_under_way_gets_it_too() -> None:
    app, _ = dressing_app()
    with Portal(app) as portal:
        portal.answers["CallCardSetUiState"] = Answer(after_ms=40)
        second = portal.open_page("second")
        portal.page.initialized(CALL_ID=CALL)
        portal.advance(0.02)
        second.initialized(CALL_ID=CALL)
        portal.advance(1)
        assert looks(second) == looks(portal.page)


def test_a_window_that_joins_is_muted_and_held_as_the_card_is() -> None:
    app, _ = dressing_app()
    with Portal(app) as portal:
        portal.initialized(CALL_ID=CALL)
        portal.raise_event("answerButtonClick")
        portal.raise_event("muteButtonClick", True)
        second = portal.open_page("second")
        second.initialized(CALL_ID=CALL)
        assert looks(second) == looks(portal.page)
        assert (looks(second)["muted"], looks(second)["held"]) == (True, True)


def test_a_command_goes_to_every_window_and_is_sent_once_for_the_app() -> None:
    app, _ = dressing_app()
    portal, first, second = two_windows(app)
    with portal:
        del portal.sent[:], portal.service[:]
        second.raise_event("answerButtonClick")
        assert looks(first) == looks(second)
        assert portal.sent == [
            ("CallCardSetUiState", {"uiState": "connected"}), ("CallCardSetHold", {"held": True}),
        ]  # fmt: skip
        assert portal.service == [("mirror", name, params) for name, params in portal.sent]
        assert [name for name, outcome in portal.outcomes][-2:] == ["CallCardSetUiState", "CallCardSetHold"]
        served = [(message["purpose"], message["outcome"]) for message in first.service if message["t"] == "outcome"]
        assert served == [("mirror", "ok")] * 2, "the trace tells what became of each"


@pytest.mark.parametrize("clicked", [0, 1])
def test_a_click_in_any_window_runs_its_handlers_once_with_the_page_of_that_window(clicked: int) -> None:
    app, journal = dressing_app()
    portal, *pages = two_windows(app)
    with portal:
        pages[clicked].raise_event("hangupButtonClick")
        assert journal[1:] == [("HangupButtonClick", CALL, pages[clicked].id)]


@pytest.mark.parametrize(("event", "field"), [("muteButtonClick", "muted"), ("holdButtonClick", "held")])
@pytest.mark.parametrize("clicked", [0, 1])
def test_what_a_click_changed_by_itself_is_set_in_the_other_window(event: str, field: str, clicked: int) -> None:
    app, _ = dressing_app()
    portal, *pages = two_windows(app)
    with portal:
        for value in (True, False):
            pages[clicked].raise_event(event, value)
            assert [looks(page)[field] for page in pages] == [value, value]
        assert not {"CallCardSetMute", "CallCardSetHold"} & {name for name, _ in portal.sent}


def test_two_windows_whose_mute_is_clicked_at_once_end_alike() -> None:
    app, _ = dressing_app()
    portal, first, second = two_windows(app)
    with portal:
        for page, muted in ((first, True), (second, False)):
            assert page.card is not None
            page.card.muted = muted
            message = inbox.event(PREFIX + "muteButtonClick", muted, seq=2, at=portal.now_ms)
            portal.loop.call_soon(portal.dispatcher.receive, page.id, json.dumps(message))
        portal.advance(1)
        assert [looks(page)["muted"] for page in (first, second)] == [False, False]


def commanding(page_of_click: int, answers: list[Answer]) -> tuple[Any, Portal]:
    """What becomes of a command whose windows answer differently."""
    app = App()
    seen: list[Any] = []

    @app.on(AnswerButtonClick)
    async def mute(event: AnswerButtonClick, card: CallCard) -> None:
        try:
            await card.set_mute(True)
            seen.append("ok")
        except CommandFailed as error:
            seen.append(error.error_code)
        seen.append(card.state.muted)

    portal, *pages = two_windows(app)
    for page, answer in zip(pages, answers, strict=True):
        page.answers["CallCardSetMute"] = answer
    pages[page_of_click].raise_event("answerButtonClick")
    portal.advance(1)
    return seen, portal


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([refusal("one"), Answer()], ["ok", True]),
        ([Answer(), refusal("two")], ["ok", True]),
        ([refusal("one"), refusal("two")], ["one", False]),
        ([refusal("one"), Answer(after_ms=200)], ["ok", True]),
        ([Answer(times=0), Answer()], ["ok", True]),
        ([Answer(times=0), refusal("two")], ["UNANSWERED", False]),
    ],
)
def test_one_success_is_a_success_else_the_error_is_that_of_the_events_window(
    answers: list[Answer], expected: list[Any]
) -> None:
    seen, portal = commanding(0, answers)
    with portal:
        assert seen == expected


def test_the_error_is_that_of_the_window_of_the_event_and_not_of_the_first() -> None:
    seen, portal = commanding(1, [refusal("one"), refusal("two")])
    with portal:
        assert seen == ["two", False]


def test_rest_and_page_functions_of_a_handler_go_to_the_window_of_its_event() -> None:
    app, seen = App(), []

    @app.on(HangupButtonClick)
    async def ask(event: HangupButtonClick, card: CallCard) -> None:
        await card.rest.call("crm.contact.get")
        seen.append((await card.page.call("who"), card.page_id, card.page_ids))

    portal, first, second = two_windows(app)
    with portal:
        portal.rest["crm.contact.get"] = {}
        for page in (first, second):
            page.provide("who", partial(name_of, page))
        for page in (second, first):
            page.raise_event("hangupButtonClick")
            assert [message["method"] for message in page.messages if message["t"] == "rest"] == ["crm.contact.get"]
    both = ("page-1", "second")
    assert seen == [("second", "second", both), ("page-1", "page-1", both)]


def name_of(page: MemoryPage, _: object) -> str:
    return page.id


def test_what_a_handler_asks_after_its_window_has_gone_goes_to_one_that_lives() -> None:
    app, seen = App(), []

    @app.on(HangupButtonClick)
    async def ask(event: HangupButtonClick, card: CallCard) -> None:
        try:
            await card.page.call("wait", timeout_s=None)
        except PageGone:
            await card.set_status_text("over")
            seen.append((card.page_id, await card.page.call("who")))

    portal, first, second = two_windows(app)
    with portal:
        first.provide("who", lambda _: "first")
        second.provide("wait", lambda _: portal.loop.create_future())
        second.raise_event("hangupButtonClick")
        second.detach()
        assert seen == [("page-1", "first")]
        assert looks(first)["status_text"] == "over"


def test_a_window_that_goes_leaves_the_call_to_the_others_without_a_grace() -> None:
    app, journal = dressing_app()
    portal, first, second = two_windows(app)
    with portal:
        first.detach("navigated")
        portal.advance(200)
        second.raise_event("hangupButtonClick")
        assert journal[1:] == [("HangupButtonClick", CALL, "second")]


def test_all_windows_that_go_at_once_leave_a_call_that_waits_and_is_resumed_as_it_was() -> None:
    app, _ = dressing_app()
    seen: list[Any] = []

    @app.on(Initialized)
    def resumed(event: Initialized, card: CallCard) -> None:
        seen.append((event.meta.resumed, card.page_ids, card.state.muted))

    portal, first, second = two_windows(app)
    with portal:
        second.raise_event("muteButtonClick", True)
        first.detach("navigated")
        second.detach("navigated")
        portal.advance(59)
        after = portal.open_page("after")
        after.initialized(CALL_ID=CALL)
        assert seen == [(False, ("page-1",), False), (True, ("after",), True)]
        assert looks(after)["muted"] is True


def test_a_call_whose_windows_stay_away_ends_once() -> None:
    app, journal = dressing_app()
    portal, first, second = two_windows(app)
    with portal:
        first.detach()
        portal.advance(30)
        second.detach()
        portal.advance(59.9)
        assert len(journal) == 1
        portal.advance(60)
        assert journal[1:] == [("CardClosed", CALL, "page_gone")]


@pytest.mark.parametrize("clicked", [0, 1])
def test_the_close_button_of_any_window_ends_the_call_once(clicked: int) -> None:
    app, journal = dressing_app()
    portal, *pages = two_windows(app)
    with portal:
        pages[clicked].raise_event("closeButtonClick")
        portal.advance(10)
        assert journal[1:] == [
            ("CloseButtonClick", CALL, pages[clicked].id), ("CardClosed", CALL, "closed_by_operator"),
        ]  # fmt: skip
        assert [page.card for page in pages] == [None, None]


def test_an_app_that_closes_the_card_closes_it_in_every_window() -> None:
    app, journal = dressing_app()

    @app.on(HangupButtonClick)
    async def end(event: HangupButtonClick, card: CallCard) -> None:
        await card.close()

    portal, first, second = two_windows(app)
    with portal:
        first.raise_event("hangupButtonClick")
        assert ("mirror", "CallCardClose", {}) in portal.service
        portal.advance(10)
        assert journal[-1] == ("CardClosed", CALL, "closed_by_app")
        assert [row[0] for row in journal].count("CardClosed") == 1
        assert [sum(message["t"] == "forget" for message in page.messages) for page in (first, second)] == [1, 1]


# The same from several windows -----------------------------------------------------------------------


ENTITY = {"PHONE_NUMBER": "+491", "CRM_ENTITY_TYPE": "DEAL", "CRM_ENTITY_ID": 4}


def test_entity_changed_with_the_same_values_within_a_second_runs_once() -> None:
    app, journal = dressing_app()
    with Portal(app) as portal:
        second = portal.open_page("second")
        portal.raise_event("entityChanged", ENTITY)
        portal.initialized(CALL_ID=CALL)
        portal.advance(0.09)
        second.raise_event("entityChanged", ENTITY)
        second.initialized(CALL_ID=CALL)
        assert [row[0] for row in journal] == ["Initialized", "EntityChanged"]
        assert second.unacknowledged == {}
        portal.advance(1)
        second.raise_event("entityChanged", ENTITY)
        portal.advance(0.1)
        assert [row[0] for row in journal] == ["Initialized", "EntityChanged", "EntityChanged"]


def test_entity_changed_with_other_values_runs_each_time() -> None:
    app, journal = dressing_app()
    portal, first, second = two_windows(app)
    with portal:
        first.raise_event("entityChanged", ENTITY)
        second.raise_event("entityChanged", ENTITY | {"CRM_ENTITY_ID": 5})
        portal.advance(0.1)
        assert [row[0] for row in journal[1:]] == ["EntityChanged", "EntityChanged"]


@pytest.mark.parametrize("second_comment", ["of the call", ""])
def test_the_comment_that_each_window_raises_at_the_end_is_handled_once(second_comment: str) -> None:
    app, journal = dressing_app()
    portal, first, second = two_windows(app)
    with portal:
        first.raise_event("addCommentButtonClick", "of the call")
        portal.advance(1)
        second.raise_event("addCommentButtonClick", second_comment)
        assert [row[::2] for row in journal[1:]] == [("AddCommentButtonClick", "page-1")]
        assert second.unacknowledged == {}


def test_no_comment_of_its_own_is_lost() -> None:
    app, journal = dressing_app()
    portal, first, second = two_windows(app)
    with portal:
        first.raise_event("addCommentButtonClick", "one")
        first.raise_event("addCommentButtonClick", "one")
        second.raise_event("addCommentButtonClick", "two")
        assert [row[2] for row in journal[1:]] == ["page-1", "page-1", "second"]


# Bad input -------------------------------------------------------------------------------------------


def test_two_calls_with_one_id_in_two_windows_are_one_call() -> None:
    app, journal = dressing_app()
    portal, first, second = two_windows(app, joins_after_s=600)
    with portal:
        for page in (first, second):
            page.raise_event("hangupButtonClick")
        assert journal == [
            ("Initialized", CALL, "page-1"),
            ("HangupButtonClick", CALL, "page-1"),
            ("HangupButtonClick", CALL, "second"),
        ]


def test_two_calls_in_windows_of_their_own_do_not_touch_each_other() -> None:
    app = App()
    cards: dict[str, tuple[str, ...]] = {}

    @app.on(MuteButtonClick)
    async def look(event: MuteButtonClick, card: CallCard) -> None:
        await card.set_hold(True)
        cards[card.call_id] = card.page_ids

    with Portal(app) as portal:
        other = portal.open_page("other")
        portal.initialized(CALL_ID="A")
        other.initialized(CALL_ID="B")
        portal.raise_event("muteButtonClick", True)
        assert other.card == MemoryCard("B")
        other.raise_event("muteButtonClick", True)
    assert cards == {"A": ("page-1",), "B": ("other",)}


def test_a_page_that_saw_a_call_elsewhere_does_not_lose_the_next_calls_first_events() -> None:
    app, journal = dressing_app()
    portal, first, second = two_windows(app)
    with portal:
        first.raise_event("closeButtonClick")
        second.raise_event("entityChanged", ENTITY)
        second.initialized(CALL_ID="B")
        assert [row[:2] for row in journal[-2:]] == [("Initialized", "B"), ("EntityChanged", "B")]


def test_a_handler_of_a_page_event_has_the_page_that_emitted_it_as_its_window() -> None:
    app = App()
    cards: list[CallCard] = []
    seen: list[str] = []
    app.on(Initialized)(lambda event, card: cards.append(card))

    @app.on_page_event("phone.ended")
    def ended(payload: Any, page: Page) -> None:
        seen.append(cards[0].page_id)

    portal, first, second = two_windows(app)
    with portal:
        second.emit("phone.ended")
        first.emit("phone.ended")
    assert seen == ["second", "page-1"]


def test_a_card_that_the_operator_is_closing_has_no_window_any_more_and_waits_for_none() -> None:
    app = App()
    seen: list[Any] = []

    @app.on(CloseButtonClick)
    async def slow(event: CloseButtonClick, card: CallCard) -> None:
        seen.append(card.page_ids)
        await asyncio.sleep(5)

    @app.on(CardClosed)
    def closed(event: CardClosed, card: CallCard) -> None:
        seen.append(event.reason)

    @app.on(HangupButtonClick)
    def click(event: HangupButtonClick, card: CallCard) -> None:
        seen.append("taken for a click of the card that is being closed")

    portal, first, _ = two_windows(app)
    with portal:
        first.raise_event("closeButtonClick")
        portal.open_page("other").raise_event("hangupButtonClick")
        portal.advance(5)
        assert seen == [(), "closed_by_operator"]


def test_a_click_in_a_window_that_was_thought_to_show_the_card_no_more_shows_that_it_does() -> None:
    app = App()
    seen: list[Any] = []

    @app.on(HangupButtonClick)
    def click(event: HangupButtonClick, card: CallCard) -> None:
        seen.append(card.page_ids)

    portal, first, second = two_windows(app)
    with portal:
        second.probe = refusal()
        portal.advance(3)
        second.probe = None
        first.raise_event("muteButtonClick", True)
        second.raise_event("hangupButtonClick")
        assert seen == [("page-1", "second")]
        assert looks(second)["muted"] is True


def test_windows_with_an_interpreter_each_are_each_right_by_itself() -> None:
    """In ``dedicated`` mode: that they look alike is not promised."""
    journals: list[Journal] = []
    for clicked in ("answerButtonClick", "hangupButtonClick"):
        app, journal = dressing_app()
        journals.append(journal)
        with Portal(app, mode="dedicated") as portal:
            portal.initialized(CALL_ID=CALL)
            portal.raise_event(clicked)
            state = "connected" if clicked == "answerButtonClick" else "incoming"
            assert looks(portal.page)["ui_state"] == state
            portal.finish(CALL)
            portal.advance(3)
    assert [[row[0] for row in journal] for journal in journals] == [
        ["Initialized", "AnswerButtonClick", "CardClosed"], ["Initialized", "HangupButtonClick", "CardClosed"],
    ]  # fmt: skip
