"""Which call an event belongs to when there are several pages: windows of one call, and calls that wait for a page."""

from typing import Any

from tests.support.told import traced, watching
from worker_py import App, CallCard
from worker_py.events import AnswerButtonClick, CardEvent, EntityChanged, HangupButtonClick, Initialized
from worker_py.testing import Portal
from worker_py.wire import PREFIX


def test_commands_go_to_the_page_that_shows_the_card() -> None:
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
        assert traced(after, "card") == ["moved"]


def test_a_call_goes_on_in_another_window_when_the_first_has_gone() -> None:
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


def test_what_comes_from_another_window_after_the_call_ended_is_its_own_until_the_next_card_is_shown_there() -> None:
    app = App()
    journal = watching(app)
    with Portal(app) as portal:
        other = portal.open_page("other")
        portal.initialized(CALL_ID="A")
        other.initialized(CALL_ID="A")
        portal.raise_event("closeButtonClick")
        other.raise_event("hangupButtonClick")
        assert journal[-1] == ("HangupButtonClick", "A", "other")
        other.raise_event("entityChanged", {})
        other.initialized(CALL_ID="B")
        other.raise_event("hangupButtonClick")
        assert journal[-3:] == [
            ("Initialized", "B", "other"), ("EntityChanged", "B", "other"), ("HangupButtonClick", "B", "other"),
        ]  # fmt: skip
        assert other.unacknowledged == {}
        assert portal.reports == []
