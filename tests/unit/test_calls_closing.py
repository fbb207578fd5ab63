"""What ends a call, once: the operator, the app, another card, another user, a page that stays away."""

import asyncio
from typing import Any

import pytest

from tests.support.told import acked, watching
from worker_py import App, CallCard, CommandFailed, PageGone, inbox
from worker_py.events import AnswerButtonClick, CardClosed, CloseButtonClick, HangupButtonClick, Initialized
from worker_py.testing import CALL_ID, Answer, Portal


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
        portal.answers["CallCardClose"] = Answer()
        portal.initialized()
        portal.raise_event("closeButtonClick")
        assert [row for row in journal if row[0] == "CardClosed"] == [("CardClosed", CALL_ID, "closed_by_app")]
        assert portal.page.unacknowledged == {}


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


def test_another_user_gets_none_of_the_calls_and_ends_those_that_no_page_shows() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        other = portal.open_page("other")
        portal.initialized(CALL_ID="A")
        other.initialized(CALL_ID="B")
        other.detach()
        portal.open_page("of the next user").tell(inbox.user_changed())
        assert journal[2:] == [("CardClosed", "B", "user_changed")]
        portal.raise_event("closeButtonClick")
        assert journal[3:] == [("CloseButtonClick", "A", "page-1"), ("CardClosed", "A", "closed_by_operator")]


def test_a_call_that_the_other_users_page_shows_too_goes_on_without_that_page() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        next_page = portal.open_page("of the next user")
        next_page.initialized(CALL_ID="A")
        portal.initialized(CALL_ID="A")
        next_page.tell(inbox.user_changed())
        next_page.raise_event("muteButtonClick")
        portal.raise_event("hangupButtonClick")
        next_page.detach()
        assert journal[1:] == [("HangupButtonClick", "A", "page-1")]


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
