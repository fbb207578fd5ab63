"""Which call an event belongs to: before its card, on its card, and after it."""

import asyncio
from typing import Any

from tests.support.told import acked, watching
from worker_py import App, CallCard, inbox
from worker_py.commands import PROBE_SHOWN
from worker_py.events import CloseButtonClick, EntityChanged, HangupButtonClick
from worker_py.routing import EARLY_EVENT_S, ENTITY_CHANGED_S, PROVEN_S
from worker_py.testing import Answer, Portal, refusal
from worker_py.wire import PREFIX


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


def test_a_changed_client_is_the_next_card_s_also_where_a_busy_machine_brings_its_initialized_late() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        portal.initialized(CALL_ID="A")
        portal.page.probe = Answer(refusal(PROBE_SHOWN).payload, after_ms=300)  # the portal's answer comes behind both
        portal.raise_event("entityChanged", {})
        portal.advance(0.3)
        assert journal == [("Initialized", "A", "page-1")]
        portal.initialized(CALL_ID="B")
        portal.advance(1)
        assert [row for row in journal if row[0] != "CardClosed"][1:] == [
            ("Initialized", "B", "page-1"),
            ("EntityChanged", "B", "page-1"),
        ]


def test_a_changed_client_of_the_card_that_goes_on_has_its_handlers_once_the_portal_has_answered_or_does_not() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        portal.initialized(CALL_ID="A")
        portal.raise_event("entityChanged", {})
        portal.advance(ENTITY_CHANGED_S)
        assert journal[1:] == [("EntityChanged", "A", "page-1")]
        portal.silent = True
        portal.raise_event("entityChanged", {"CRM_ENTITY_ID": 5})
        portal.advance(ENTITY_CHANGED_S + PROVEN_S - 0.01)
        assert len(journal) == 2
        portal.advance(0.02)
        assert journal[2:] == [("EntityChanged", "A", "page-1")]


def test_a_changed_client_of_a_card_that_is_taken_away_meanwhile_is_its_own() -> None:
    """The portal's answer that there is no card proves as well that no other one was on its way."""
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        portal.initialized(CALL_ID="A")
        portal.advance(5)  # a probe has shown the card
        portal.raise_event("entityChanged", {})
        portal.page.card = None
        portal.advance(1)
        assert journal[1:] == [("EntityChanged", "A", "page-1"), ("CardClosed", "A", "closed_by_portal")]
        portal.initialized(CALL_ID="B")
        assert journal[3:] == [("Initialized", "B", "page-1")]


def test_an_answer_that_has_nothing_left_to_prove_ends_no_wait_of_the_next_card_s_events() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        portal.initialized(CALL_ID="A")
        portal.advance(5)
        portal.page.probe = Answer(refusal().payload, after_ms=300)
        portal.raise_event("entityChanged", {})
        portal.advance(ENTITY_CHANGED_S)
        portal.raise_event("muteButtonClick", True)  # of a card that goes on: what waits is its own
        portal.advance(0.4)  # the card was taken away after that
        assert [row[0] for row in journal[1:]] == ["EntityChanged", "MuteButtonClick", "CardClosed"]
        portal.advance(EARLY_EVENT_S - 0.2)
        portal.raise_event("entityChanged", {})
        portal.advance(1)
        portal.initialized(CALL_ID="B")
        assert journal[4:] == [("Initialized", "B", "page-1"), ("EntityChanged", "B", "page-1")]


def test_a_changed_client_waits_for_what_came_while_a_handler_held_the_interpreter() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        portal.initialized(CALL_ID="A")
        portal.silent = True
        portal.raise_event("entityChanged", {})
        portal.loop.pass_time(5)  # both timers are due, and `initialized` stands behind them
        portal.loop.settle()
        portal.loop.pass_time(5)
        portal.loop.settle()
        portal.initialized(CALL_ID="B")
        assert ("EntityChanged", "B", "page-1") in journal and ("EntityChanged", "A", "page-1") not in journal


def test_what_comes_after_a_restored_call_of_another_user_was_closed_is_not_its() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        portal.dispatcher.calls.remember({"A": '{"data": {"n": 4}}'})
        portal.initialized(CALL_ID="A")
        portal.page.tell(inbox.user_changed())
        portal.raise_event("hangupButtonClick")
        portal.initialized(CALL_ID="B")
        assert journal[1:] == [
            ("CardClosed", "A", "user_changed"),
            ("Initialized", "B", "page-1"),
            ("HangupButtonClick", "B", "page-1"),
        ]
