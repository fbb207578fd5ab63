"""A card that the portal shows again for the same call: fresh for the operator, and the app's data is still there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.told import traced
from worker_py import App, CallCard, CardState, UiState, inbox
from worker_py.events import CardClosed, HangupButtonClick, Initialized
from worker_py.testing import CALL_ID, Answer, MemoryPage, Portal

FRESH = CardState(phone_number="+4930123456", crm_entity_type="CONTACT", crm_entity_id=7)
"""A card as the portal has it, before the app has done anything."""


def noting_app() -> tuple[App, list[Any]]:
    app = App()
    seen: list[Any] = []

    @app.on(Initialized)
    async def begin(event: Initialized, card: CallCard) -> None:
        seen.append((event.meta.resumed, card.data.get("n"), card.state == FRESH))
        card.data["n"] = card.data.get("n", 0) + 1
        await card.set_ui_state(UiState.INCOMING)

    @app.on(HangupButtonClick)
    async def hold(event: HangupButtonClick, card: CallCard) -> None:
        await card.set_hold(True)

    @app.on(CardClosed)
    def closed(event: CardClosed, card: CallCard) -> None:
        seen.append(event.reason)

    return app, seen


def in_mid_call(portal: Portal) -> None:
    portal.initialized()
    portal.raise_event("muteButtonClick", True)
    portal.raise_event("addCommentButtonClick", "said")
    portal.raise_event("hangupButtonClick")


def test_a_card_that_was_taken_away_and_is_shown_again_is_fresh_and_has_its_data() -> None:
    app, seen = noting_app()
    with Portal(app) as portal:
        in_mid_call(portal)
        portal.hide()
        portal.advance(3)
        portal.show()
        assert seen == [(False, None, True), "closed_by_portal", (True, 1, True)]
        assert traced(portal.page, "card")[-1] == "shown_again"
        portal.advance(10)
        assert seen[3:] == []


def test_the_same_when_nobody_saw_the_end_in_between() -> None:
    app, seen = noting_app()
    with Portal(app) as portal:
        in_mid_call(portal)
        portal.hide()
        portal.show()
        assert seen == [(False, None, True), (True, 1, True)]
        portal.advance(10)
        assert seen[2:] == []
        portal.finish()
        portal.advance(3)
        assert seen[2:] == ["closed_by_portal"]


def test_all_windows_that_are_shown_again_are_one_fresh_card() -> None:
    app, seen = noting_app()
    with Portal(app) as portal:
        second = portal.open_page("second")
        in_mid_call(portal)
        second.initialized()
        portal.hide()
        portal.show()
        assert seen == [(False, None, True), (True, 1, True)]
        assert portal.page.card == second.card
        assert portal.page.card is not None
        assert (portal.page.card.ui_state, portal.page.card.muted) == ("incoming", False)
        portal.advance(10)
        second.raise_event("hangupButtonClick")
        assert (portal.page.card.held, seen[2:]) == (True, [])


def test_a_command_that_was_under_way_to_the_card_before_changes_nothing_of_the_fresh_one() -> None:
    app, _ = noting_app()
    cards: list[CallCard] = []
    app.on(Initialized)(lambda event, card: cards.append(card))

    with Portal(app) as portal:
        portal.initialized()
        portal.answers["CallCardSetHold"] = Answer(after_ms=100)
        portal.raise_event("hangupButtonClick")
        portal.show()
        portal.advance(0.2)
        assert portal.outcomes[-2:] == [("CallCardSetUiState", "ok"), ("CallCardSetHold", "ok")]
        assert cards[-1].state.held is False


def test_a_window_that_has_not_been_shown_again_is_none_of_the_fresh_card() -> None:
    app, _ = noting_app()
    seen: list[tuple[str, ...]] = []
    app.on(Initialized)(lambda event, card: seen.append(card.page_ids))
    with Portal(app) as portal:
        second = portal.open_page("second")
        portal.initialized()
        second.initialized()
        portal.page.show(CALL_ID)
        assert seen == [("page-1",), ("page-1",)]


def test_a_call_that_begins_again_after_its_end_was_seen_begins_anew() -> None:
    app, seen = noting_app()
    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("closeButtonClick")
        portal.show()
        assert seen == [(False, None, True), "closed_by_operator", (False, None, True)]


def test_initialized_that_is_delivered_again_is_no_fresh_card() -> None:
    app, seen = noting_app()
    with Portal(app) as portal:
        page = portal.open_page("again", {"call_id": CALL_ID, "kept": {"data": {"n": 1}, "state": {"muted": True}}})
        redelivered(page)
        assert seen == [(False, 1, False)]


@pytest.mark.parametrize("goes", [True, False])
def test_what_was_kept_of_a_card_that_was_taken_away_is_not_another_users(goes: bool) -> None:
    app, seen = noting_app()
    with Portal(app) as portal:
        portal.initialized()
        portal.hide()
        portal.advance(3)
        if goes:
            portal.page.tell(inbox.user_changed())
        portal.show()
        assert seen[2] == ((False, None, True) if goes else (True, 1, True))


def redelivered(page: MemoryPage) -> None:
    payload = {"CALL_ID": CALL_ID, "PHONE_NUMBER": "+4930123456", "CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": 7}
    name = "BackgroundCallCard::initialized"
    page.tell({"t": "event", "seq": 1, "name": name, "payload": payload, "at": 0, "redelivered": True})
