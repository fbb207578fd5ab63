"""An event from elsewhere finds its card, in a new interpreter too: by its id, or by what the app knows of it."""

from typing import Any

import pytest

from worker_py import App, CallCard, Page, PageGone, inbox
from worker_py.events import CardClosed, Initialized, MuteButtonClick
from worker_py.testing import CALL_ID, Portal


def exchange_app(page_grace_s: float | None = 60) -> tuple[App, list[Any]]:
    """An app whose exchange tells of its calls by an id of its own."""
    app = App(page_grace_s=page_grace_s)
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


@pytest.mark.parametrize("mode", ["shared", "dedicated"])
@pytest.mark.parametrize("asked_before", [True, False])
def test_a_click_on_the_next_page_is_the_kept_calls_although_initialized_does_not_come_again(
    mode: str, asked_before: bool
) -> None:
    app, _ = exchange_app()
    clicks: list[Any] = []

    @app.on(MuteButtonClick)
    async def mute(event: MuteButtonClick, card: CallCard) -> None:
        clicks.append((card.call_id, card.data, event.meta.resumed))
        await card.set_status_text("muted")

    with restarted(app, mode=mode) as portal:
        if asked_before:
            portal.emit("pbx.ended", "unknown")
        portal.raise_event("muteButtonClick", True)
        assert clicks == []  # a page that shows the call may be about to say so
        portal.advance(0.1)
        assert clicks == [(CALL_ID, {"leg": f"leg of {CALL_ID}"}, True)]
        assert portal.sent == [("CallCardSetStatusText", {"statusText": "muted"})]
        assert portal.page.unacknowledged == {}
        portal.advance(100)
        assert portal.reports == []


def test_a_kept_call_for_whose_page_the_app_waits_for_ever_is_taken_up_by_a_click_and_not_found() -> None:
    app, seen = exchange_app(page_grace_s=None)
    clicks = click_journal(app)
    with restarted(app) as portal:
        portal.emit("pbx.ended", f"leg of {CALL_ID}")
        assert seen == [(None, [])]
        portal.advance(1000)
        portal.raise_event("muteButtonClick", True)
        portal.advance(0.1)
        assert clicks == [(CALL_ID, portal.page.id)]


def click_journal(app: App) -> list[Any]:
    clicks: list[Any] = []

    @app.on(MuteButtonClick)
    def mute(event: MuteButtonClick, card: CallCard) -> None:
        clicks.append((card.call_id, event.meta.page_id))

    return clicks


def test_a_click_that_came_before_initialized_of_its_own_call_is_not_a_kept_one_s() -> None:
    app, _ = exchange_app()
    clicks = click_journal(app)
    with restarted(app) as portal:
        portal.raise_event("muteButtonClick", True)
        portal.initialized(CALL_ID="new")
        portal.advance(100)
        assert clicks == [("new", portal.page.id)]


def test_a_click_is_not_a_kept_call_s_whose_own_page_comes_in_the_same_moment() -> None:
    app, _ = exchange_app()
    clicks = click_journal(app)
    with restarted(app) as portal:
        portal.raise_event("muteButtonClick", True)
        portal.open_page("own", {"call_id": CALL_ID, "kept": {}})
        portal.advance(100)
        assert clicks == []
        [report] = portal.reports
        assert report["kind"] == "no_card"


def test_a_changed_client_takes_up_no_kept_call_before_a_click_does() -> None:
    app, _ = exchange_app()
    clicks = click_journal(app)
    with restarted(app) as portal:
        portal.raise_event("entityChanged", {})
        portal.advance(5)
        assert portal.page.unacknowledged != {}
        portal.raise_event("muteButtonClick", True)
        portal.advance(0.1)
        assert clicks == [(CALL_ID, portal.page.id)]
        assert portal.page.unacknowledged == {}


def test_a_click_that_may_be_of_either_of_two_kept_calls_waits_for_initialized() -> None:
    app, _ = exchange_app()
    clicks = click_journal(app)
    with Portal(app) as before:
        before.initialized()
        before.open_page("other").initialized(CALL_ID="second")
        kept = before._stored
    with Portal(app) as portal:
        portal.loop.call_soon(lambda: portal.dispatcher.remember(kept, began_here=True))
        portal.raise_event("muteButtonClick", True)
        portal.advance(1)
        assert clicks == []
        portal.initialized(CALL_ID="second")
        assert clicks == [("second", portal.page.id)]


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
