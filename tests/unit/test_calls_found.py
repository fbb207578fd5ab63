"""An event from elsewhere finds its card, in a new interpreter too: by its id, or by what the app knows of it."""

from typing import Any

import pytest

from worker_py import App, CallCard, Page, PageGone, inbox
from worker_py.events import CardClosed, Initialized
from worker_py.testing import CALL_ID, Portal


def exchange_app() -> tuple[App, list[Any]]:
    """An app whose exchange tells of its calls by an id of its own."""
    app = App()
    seen: list[Any] = []

    @app.on(Initialized)
    def begin(event: Initialized, card: CallCard) -> None:
        card.data["leg"] = f"leg of {event.call_id}"

    @app.on(CardClosed)
    def closed(event: CardClosed, card: CallCard) -> None:
        seen.append((event.call_id, event.reason))

    @app.on_page_event("pbx.ended")
    async def ended(payload: Any, page: Page) -> None:
        card = app.find(lambda card: card.data.get("leg") == payload)
        seen.append((card and card.call_id, [each.call_id for each in app.cards]))
        if card is not None:
            card.data["ended"] = True
            await card.set_status_text("ended")

    return app, seen


def test_a_card_is_found_while_its_call_goes_on() -> None:
    app, _ = exchange_app()
    assert app.cards == ()
    assert app.card(CALL_ID) is None
    with Portal(app) as portal:
        portal.initialized()
        portal.open_page().initialized(CALL_ID="second")
        found: list[Any] = []
        portal.loop.call_soon(
            lambda: found.extend([app.card(CALL_ID), app.cards, app.find(lambda card: card.data == {})])
        )
        portal.loop.settle()
        card, cards, none = found
        assert card.call_id == CALL_ID
        assert [each.call_id for each in cards] == [CALL_ID, "second"]
        assert none is None
        portal.raise_event("closeButtonClick")
        portal.loop.call_soon(lambda: found.append([each.call_id for each in app.cards]))
        portal.loop.settle()
        assert found[-1] == ["second"]


def test_an_event_of_the_exchange_finds_its_card_in_a_new_interpreter() -> None:
    app, seen = exchange_app()
    with Portal(app) as portal:
        portal.initialized()
        portal.kill_interpreter()
        portal.emit("pbx.ended", f"leg of {CALL_ID}")
        assert seen == [(CALL_ID, [CALL_ID])]
        assert portal.sent == [("CallCardSetStatusText", {"statusText": "ended"})]
        assert portal.reports == []


def restarted(app: App, *, mode: str = "memory") -> Portal:
    """A portal whose interpreter has taken the place of one; the page that shows the call has not come yet."""
    with Portal(app) as before:
        before.initialized()
        kept = before._stored
    portal = Portal(app, mode=mode)
    portal.loop.call_soon(lambda: portal.dispatcher.remember(kept, began_here=True))
    portal.loop.settle()
    return portal


def test_it_is_found_before_the_page_is_back_that_shows_it_and_goes_on_there() -> None:
    app, seen = exchange_app()
    with restarted(app) as portal:
        portal.emit("pbx.ended", f"leg of {CALL_ID}")
        assert seen == [(CALL_ID, [CALL_ID])]
        [report] = portal.reports
        assert report["error"] == PageGone.__name__  # its handler could not show it
        page = portal.open_page("back", {"call_id": CALL_ID, "kept": {}})
        portal.emit("pbx.ended", f"leg of {CALL_ID}")
        assert page.card is not None
        assert page.card.status_text == "ended"
        assert '"ended":true' in page.kept[CALL_ID]


def test_a_call_that_no_page_shows_again_is_let_go_and_not_closed() -> None:
    app, seen = exchange_app()
    with restarted(app) as portal:
        portal.emit("pbx.ended", f"leg of {CALL_ID}")
        portal.advance(61)
        portal.emit("pbx.ended", f"leg of {CALL_ID}")
        assert seen == [(CALL_ID, [CALL_ID]), (None, [])]
        page = portal.open_page("late", {"call_id": CALL_ID, "kept": {}})
        portal.emit("pbx.ended", f"leg of {CALL_ID}")
        assert seen[2:] == [(CALL_ID, [CALL_ID])]
        assert page.card is not None
        assert page.card.status_text == "ended"


def test_what_nobody_asked_for_within_the_grace_is_not_taken_for_a_call_that_goes_on() -> None:
    app, seen = exchange_app()
    with restarted(app) as portal:
        portal.advance(61)
        portal.emit("pbx.ended", f"leg of {CALL_ID}")
        assert seen == [(None, [])]


def test_a_click_on_a_page_without_a_card_is_not_given_to_a_call_that_was_only_found() -> None:
    app, _ = exchange_app()
    with restarted(app) as portal:
        portal.emit("pbx.ended", "unknown")
        portal.raise_event("muteButtonClick", True)
        assert portal.page.unacknowledged != {}


@pytest.mark.parametrize("asked_before", [True, False])
def test_where_each_page_has_an_interpreter_calls_of_the_others_are_not_found(asked_before: bool) -> None:
    app, seen = exchange_app()
    with restarted(app) as portal:
        if asked_before:
            portal.emit("pbx.ended", "unknown")
        portal.open_page("own").join("dedicated", None)
        portal.emit("pbx.ended", f"leg of {CALL_ID}")
        assert seen[-1] == (None, [])


@pytest.mark.parametrize("kept", ["{", "[]", "null"])
def test_what_cannot_be_read_is_no_call(kept: str) -> None:
    app, seen = exchange_app()
    with Portal(app) as portal:
        portal.loop.call_soon(lambda: portal.dispatcher.remember({"A": kept}, began_here=True))
        portal.emit("pbx.ended", "unknown")
        assert seen == [(None, [])]


def test_calls_of_another_user_are_let_go() -> None:
    app, seen = exchange_app()
    with restarted(app) as portal:
        portal.emit("pbx.ended", "unknown")
        portal.page.tell(inbox.user_changed())
        portal.emit("pbx.ended", f"leg of {CALL_ID}")
        assert seen == [(None, [CALL_ID]), (None, [])]
