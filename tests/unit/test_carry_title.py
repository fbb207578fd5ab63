"""The title stays: what the portal may have written over in a card's first moments is set again."""

from __future__ import annotations

from typing import Any

import pytest

from worker_py import App, CallCard
from worker_py.carry import TITLE_AGAIN_S
from worker_py.events import AnswerButtonClick, HangupButtonClick, Initialized
from worker_py.testing import Answer, Portal

TITLE = "CallCardSetCardTitle"


def titled(portal: Portal) -> list[str]:
    """The titles that were set again, on all pages."""
    return [params["title"] for purpose, name, params in portal.service if (purpose, name) == ("title", TITLE)]


def titling_app() -> App:
    app = App()

    @app.on(Initialized)
    async def first(event: Initialized, card: CallCard) -> None:
        await card.set_card_title("first")

    @app.on(AnswerButtonClick)
    async def later(event: AnswerButtonClick, card: CallCard) -> None:
        await card.set_card_title("later")

    @app.on(HangupButtonClick)
    async def end(event: HangupButtonClick, card: CallCard) -> None:
        await card.close()

    return app


@pytest.mark.parametrize("portal_writes_after_s", [0, 0.3, 1, 3])
def test_the_portals_own_title_does_not_stay_over_the_apps(portal_writes_after_s: float) -> None:
    with Portal(titling_app()) as portal:
        portal.initialized()
        portal.advance(portal_writes_after_s)
        assert portal.page.card is not None
        portal.page.card.title = "the portal's"
        portal.advance(4)
        assert portal.page.card.title == "first"


def test_it_is_set_again_a_bounded_number_of_times_apart_from_the_apps_own_commands_and_traced() -> None:
    with Portal(titling_app()) as portal:
        portal.initialized()
        portal.advance(3600)
        assert titled(portal) == ["first"] * len(TITLE_AGAIN_S)
        assert portal.sent == [(TITLE, {"title": "first"})]
        assert portal.outcomes == [(TITLE, "ok")]
        ends = [message for message in portal.page.service if message["t"] == "outcome"]
        assert [(each["purpose"], each["outcome"]) for each in ends] == [("title", "ok")] * 3


def test_a_later_title_stops_the_one_before_it_and_stays_itself() -> None:
    with Portal(titling_app()) as portal:
        portal.initialized()
        portal.advance(1)
        portal.raise_event("answerButtonClick")
        portal.advance(10)
        assert titled(portal) == ["first", "later", "later"]


def test_a_title_after_the_first_moments_is_not_set_again() -> None:
    with Portal(titling_app()) as portal:
        portal.initialized()
        portal.advance(5)
        again = titled(portal)
        portal.raise_event("answerButtonClick")
        portal.advance(10)
        assert titled(portal) == again == ["first"] * 3


def test_a_title_that_is_under_way_is_not_followed_by_the_one_before_it() -> None:
    with Portal(titling_app()) as portal:
        portal.initialized()
        portal.advance(0.49)
        portal.answers[TITLE] = Answer(after_ms=100)
        portal.raise_event("answerButtonClick")
        portal.advance(0.09)
        assert titled(portal) == []


def test_no_title_is_set_again_that_the_app_did_not_set_or_could_not() -> None:
    app: Any = App()
    with Portal(app) as portal:
        portal.initialized()
        portal.advance(10)
        assert titled(portal) == []
    with Portal(titling_app()) as portal:
        portal.answers[TITLE] = Answer([{"result": "error", "errorCode": "no"}])
        portal.initialized()
        portal.advance(10)
        assert titled(portal) == []


@pytest.mark.parametrize("end", ["hangupButtonClick", "closeButtonClick"])
def test_the_end_of_the_call_stops_it(end: str) -> None:
    with Portal(titling_app()) as portal:
        portal.initialized()
        portal.raise_event(end)
        portal.advance(10)
        assert titled(portal) == []


def test_each_window_has_first_moments_of_its_own() -> None:
    with Portal(titling_app()) as portal:
        second = portal.open_page("second")
        portal.initialized()
        portal.advance(3)
        second.initialized()
        portal.advance(0.3)
        assert second.card is not None
        second.card.title = "the portal's"
        portal.advance(4)
        assert second.card.title == "first"
        assert len(titled(portal)) == 6


def test_a_window_that_has_lost_the_card_gets_no_title() -> None:
    with Portal(titling_app()) as portal:
        second = portal.open_page("second")
        portal.initialized()
        portal.advance(1.9)
        second.initialized()
        second.card = None
        portal.advance(0.2)
        known = len(second.service)
        portal.advance(10)
        assert len(second.service) == known
