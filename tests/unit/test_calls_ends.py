"""The end of a call that the portal does not announce: the probe tells, and nothing that the probe does not say."""

from __future__ import annotations

import json

import pytest

from tests.support.told import Journal, watching
from worker_py import App, CallCard, CommandFailed, UiState
from worker_py.calls import PROBE_EVERY_S
from worker_py.events import AnswerButtonClick, CardClosed, CardEvent, Initialized
from worker_py.testing import CALL_ID, Answer, MemoryPage, Portal, refusal

CLOSED = ("CardClosed", CALL_ID, "closed_by_portal")


def quiet_app() -> tuple[App, Journal]:
    app = App()
    return app, watching(app)


def ended(portal: Portal, journal: Journal) -> float:
    """After how many seconds the call is known to have ended."""
    since = portal.loop.time()
    while CLOSED not in journal:
        portal.advance(0.1)
        assert portal.loop.time() - since < 10, "nobody noticed"
    return portal.loop.time() - since


def mutes_in_vain(app: App, at: type[CardEvent]) -> None:
    """Let the app send a command that the portal refuses."""

    @app.on(at)
    async def mute(event: CardEvent, card: CallCard) -> None:
        with pytest.raises(CommandFailed):
            await card.set_mute(True)


@pytest.mark.parametrize("after_s", [0, 0.7, 1.99, 60])
@pytest.mark.parametrize("taken", ["finish", "hide"])
def test_a_card_that_is_taken_away_without_a_word_is_closed_within_three_seconds(after_s: float, taken: str) -> None:
    app, journal = quiet_app()
    with Portal(app) as portal:
        portal.initialized()
        portal.advance(after_s)
        getattr(portal, taken)()
        assert ended(portal, journal) <= 3
        portal.advance(100)
        assert journal == [("Initialized", CALL_ID, "page-1"), CLOSED]


def test_the_state_of_the_card_is_closed_when_its_handlers_hear_of_it() -> None:
    app, seen = App(), []

    @app.on(CardClosed)
    async def closed(event: CardClosed, card: CallCard) -> None:
        seen.append((card.state.closed, card.page_ids, card.page_id))
        with pytest.raises(CommandFailed, match="Call card is undefined"):
            await card.set_mute(True)

    with Portal(app) as portal:
        portal.initialized()
        portal.finish()
        portal.advance(3)
        assert portal.reports == []
    assert seen == [(True, (), "page-1")]


def test_a_command_that_meets_no_card_any_more_ends_the_call_at_once() -> None:
    app, journal = quiet_app()
    seen: list[str] = []

    @app.on(AnswerButtonClick)
    async def mute(event: AnswerButtonClick, card: CallCard) -> None:
        try:
            await card.set_mute(True)
        except CommandFailed as error:
            seen.append(error.error_code)

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("muteButtonClick", False)
        portal.finish()
        portal.raise_event("answerButtonClick")
        assert seen == ["Call card is undefined"], "the portal closed the card between the click and the command"
        assert journal[-1] == CLOSED
        assert portal.page.unacknowledged == {}


def test_a_refusal_of_a_card_that_is_still_shown_ends_nothing() -> None:
    app, journal = quiet_app()
    mutes_in_vain(app, AnswerButtonClick)

    with Portal(app) as portal:
        portal.answers["CallCardSetMute"] = refusal()
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(10)
        assert CLOSED not in journal


def test_without_an_open_call_nothing_is_probed_and_with_one_every_two_seconds() -> None:
    with Portal(App()) as portal:
        other = portal.open_page("shows nothing")
        portal.advance(60)
        assert portal.page.probes == 0
        portal.initialized()
        begun = portal.page.probes
        assert begun == 1
        portal.advance(60)
        assert portal.page.probes - begun == 60 / PROBE_EVERY_S
        portal.raise_event("closeButtonClick")
        known = portal.page.probes
        portal.advance(60)
        assert (portal.page.probes - known, other.probes) == (0, 0)


def test_a_call_without_a_page_is_not_probed_anywhere() -> None:
    with Portal(App()) as portal:
        portal.initialized()
        portal.page.detach()
        other = portal.open_page("other")
        known = portal.page.probes
        portal.advance(50)
        assert (portal.page.probes - known, other.probes) == (0, 0)


def test_probes_are_neither_the_apps_commands_nor_outcomes() -> None:
    with Portal(App()) as portal:
        portal.initialized()
        portal.advance(20)
        assert (portal.sent, portal.service, portal.outcomes) == ([], [], [])
        assert [message["t"] for message in portal.page.messages if message["t"] == "command"] == []


# Several windows -------------------------------------------------------------------------------------


def test_a_call_goes_on_while_one_window_shows_it() -> None:
    app, journal = quiet_app()
    with Portal(app) as portal:
        second = portal.open_page("second")
        portal.initialized()
        second.initialized()
        portal.page.card = None
        portal.advance(10)
        second.raise_event("hangupButtonClick")
        assert journal[1:] == [("HangupButtonClick", CALL_ID, "second")]
        second.card = None
        assert ended(portal, journal) <= 3


def test_a_card_that_all_windows_lose_is_closed_once() -> None:
    app, journal = quiet_app()
    with Portal(app) as portal:
        for number in range(3):
            portal.open_page(f"window-{number}").initialized()
        portal.finish()
        assert ended(portal, journal) <= 3
        portal.advance(10)
        assert journal.count(CLOSED) == 1


def test_a_window_that_is_left_for_good_after_the_card_was_taken_away_elsewhere_ends_the_call() -> None:
    app, journal = quiet_app()
    with Portal(app) as portal:
        second = portal.open_page("second")
        portal.initialized()
        second.initialized()
        portal.page.card = None
        portal.advance(3)
        second.detach("navigated")
        assert journal[-1] == CLOSED


def test_the_next_call_waits_until_it_is_known_that_the_one_before_it_has_ended_everywhere() -> None:
    app, journal = quiet_app()
    with Portal(app) as portal:
        second = portal.open_page("second")
        portal.initialized()
        second.initialized()
        portal.finish()
        second.raise_event("entityChanged", {})
        second.initialized(CALL_ID="B")
        portal.page.initialized(CALL_ID="B")
        portal.advance(1)
        assert [row[0] for row in journal] == ["Initialized", "CardClosed", "Initialized", "EntityChanged"]
        assert journal[1:3] == [CLOSED, ("Initialized", "B", "second")]


def test_a_call_that_goes_on_elsewhere_holds_the_next_one_up_for_a_moment_only() -> None:
    app, journal = quiet_app()
    with Portal(app) as portal:
        second = portal.open_page("second")
        portal.initialized()
        second.initialized()
        portal.page.probe = Answer(times=0)
        second.initialized(CALL_ID="B")
        portal.advance(0.11)
        second.raise_event("hangupButtonClick")
        portal.raise_event("muteButtonClick", True)
        assert journal[1:] == [
            ("Initialized", "B", "second"),
            ("HangupButtonClick", "B", "second"),
            ("MuteButtonClick", CALL_ID, "page-1"),
        ]


def test_a_card_that_another_calls_card_took_the_place_of_was_replaced() -> None:
    app, journal = quiet_app()
    with Portal(app) as portal:
        portal.initialized()
        portal.initialized(CALL_ID="B")
        assert journal[1:] == [("CardClosed", CALL_ID, "replaced"), ("Initialized", "B", "page-1")]


# entityChanged ---------------------------------------------------------------------------------------


def test_entity_changed_of_the_next_call_never_reaches_a_card_that_was_taken_away() -> None:
    app, journal = quiet_app()
    with Portal(app) as portal:
        portal.initialized()
        portal.advance(5)
        portal.finish()
        portal.raise_event("entityChanged", {})
        portal.advance(0.003)
        portal.initialized(CALL_ID="B")
        assert [row[:2] for row in journal[1:]] == [
            ("CardClosed", CALL_ID), ("Initialized", "B"), ("EntityChanged", "B"),
        ]  # fmt: skip


def test_entity_changed_in_mid_call_is_the_open_calls_after_fifty_milliseconds() -> None:
    app, journal = quiet_app()
    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("entityChanged", {})
        portal.advance(0.049)
        assert len(journal) == 1
        portal.advance(0.002)
        assert journal[1:] == [("EntityChanged", CALL_ID, "page-1")]


def test_a_click_shows_that_entity_changed_was_of_the_open_call_and_comes_after_it() -> None:
    app, journal = quiet_app()
    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("entityChanged", {})
        portal.raise_event("hangupButtonClick")
        assert [row[0] for row in journal[1:]] == ["EntityChanged", "HangupButtonClick"]


def test_entity_changed_whose_call_ends_while_it_waits_is_not_the_ended_calls() -> None:
    app, journal = quiet_app()
    with Portal(app) as portal:
        portal.initialized()
        portal.advance(PROBE_EVERY_S - 0.02)
        portal.finish()
        portal.raise_event("entityChanged", {})
        portal.advance(1)
        assert journal[1:] == [CLOSED]
        portal.initialized(CALL_ID="B")
        assert [row[:2] for row in journal[2:]] == [("Initialized", "B"), ("EntityChanged", "B")]


# What the probe does not prove -----------------------------------------------------------------------


ODD = {
    "nothing, as the desktop app": Answer([]),
    "something else": Answer([{"result": "error", "errorCode": "Whatever"}]),
    "a word": Answer("Call card is undefined"),
    "too late": Answer(refusal().payload, after_ms=2100),
    "never": Answer(times=0),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_window_that_answers_the_probe_oddly_ends_no_call(odd: Answer) -> None:
    app, journal = quiet_app()
    with Portal(app) as portal:
        portal.initialized()
        portal.page.probe = odd
        portal.finish()
        portal.advance(60)
        assert journal == [("Initialized", CALL_ID, "page-1")]
        portal.page.probe = None
        assert ended(portal, journal) <= 3, "the next answer that says something does"


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_refused_command_is_believed_after_a_second_where_the_probe_says_nothing(odd: Answer) -> None:
    app, journal = quiet_app()
    mutes_in_vain(app, AnswerButtonClick)
    with Portal(app) as portal:
        portal.initialized()
        portal.advance(5)
        portal.page.probe = odd
        portal.finish()
        portal.advance(5)
        portal.raise_event("answerButtonClick")
        portal.advance(0.9)
        assert journal[1:] == [("AnswerButtonClick", CALL_ID, "page-1")]
        portal.advance(0.2)
        portal.advance(60)
        assert journal[2:] == [CLOSED]


def test_a_refused_command_ends_no_call_whose_window_then_obeys_another_though_the_probe_says_nothing() -> None:
    app, journal = quiet_app()

    @app.on(AnswerButtonClick)
    async def mute(event: AnswerButtonClick, card: CallCard) -> None:
        portal.answers["CallCardSetMute"] = refusal()
        with pytest.raises(CommandFailed):
            await card.set_mute(True)
        await card.set_hold(True)

    with Portal(app) as portal:
        portal.initialized()
        portal.page.probe = Answer(times=0)
        portal.advance(5)
        portal.raise_event("answerButtonClick")
        portal.advance(60)
        assert journal[1:] == [("AnswerButtonClick", CALL_ID, "page-1")]


def test_a_window_that_answers_the_probe_twice_is_believed_once_and_counted_nowhere() -> None:
    app, journal = quiet_app()
    with Portal(app) as portal:
        portal.initialized()
        portal.page.probe = Answer(refusal().payload, times=2)
        portal.advance(10)
        assert journal.count(CLOSED) == 1
        assert strays(portal.page) == []


def test_a_card_that_never_could_be_managed_is_not_external_and_does_not_end_by_the_probe() -> None:
    app, journal = quiet_app()

    @app.on(Initialized)
    async def mute(event: Initialized, card: CallCard) -> None:
        with pytest.raises(CommandFailed):
            await card.set_mute(True)
        assert await card.get_list_ui_states()  # which needs no card

    with Portal(app) as portal:
        portal.page.probe = refusal()
        portal.answers["CallCardSetMute"] = refusal()
        portal.initialized()
        portal.advance(30)
        assert journal == [("Initialized", CALL_ID, "page-1")]
        assert portal.problems == [("not_external", CALL_ID)]
        portal.raise_event("closeButtonClick")
        assert portal.problems == []


def test_a_card_shown_again_that_goes_before_anything_was_sent_to_it_is_closed() -> None:
    app, journal = quiet_app()
    mutes_in_vain(app, Initialized)

    with Portal(app) as portal:
        portal.answers["CallCardSetMute"] = refusal()
        portal.initialized()
        portal.page.probe = refusal()  # taken away again, in the same moment
        portal.show()
        assert ended(portal, journal) <= 3
        journal.clear()
        portal.show()  # once more, after its end was noticed
        assert ended(portal, journal) <= 3
        assert portal.problems == []


def test_not_external_is_taken_back_when_the_card_can_be_managed_after_all() -> None:
    app, _ = quiet_app()
    mutes_in_vain(app, Initialized)

    with Portal(app) as portal:
        portal.page.probe = portal.answers["CallCardSetMute"] = refusal()
        portal.initialized()
        assert ("not_external", CALL_ID) in portal.problems
        portal.page.probe = None
        portal.advance(PROBE_EVERY_S)
        assert ("not_external", CALL_ID) not in portal.problems


def test_a_card_that_could_be_managed_before_is_never_called_not_external() -> None:
    app, _ = quiet_app()
    mutes_in_vain(app, AnswerButtonClick)

    with Portal(app) as portal:
        portal.initialized()
        portal.page.probe = Answer(times=0)
        portal.finish()
        portal.raise_event("answerButtonClick")
        portal.advance(10)
        assert ("not_external", CALL_ID) not in portal.problems


def test_a_silence_that_was_proven_where_there_is_no_card_does_not_make_it_one_that_could_be_managed() -> None:
    app, journal = quiet_app()

    @app.on(Initialized)
    async def start(event: Initialized, card: CallCard) -> None:
        await card.start_timer()

    with Portal(app) as portal:
        portal.page.probe = refusal()
        portal.initialized()
        portal.advance(30)
        assert portal.outcomes == [("CallCardStartTimer", "proven")]
        assert journal == [("Initialized", CALL_ID, "page-1")]


# Interpreters and pages that come back ---------------------------------------------------------------


def test_a_call_that_ended_while_no_interpreter_lived_ends_in_the_next_one() -> None:
    app, journal = quiet_app()

    @app.on(Initialized)
    async def show(event: Initialized, card: CallCard) -> None:
        await card.set_ui_state(UiState.INCOMING)

    with Portal(app) as portal:
        portal.initialized()
        kept = [message["kept"] for message in portal.page.messages if message["t"] == "keep"][-1]
    with Portal(app) as portal:
        page = portal.open_page("again", {"call_id": CALL_ID, "kept": json.loads(kept)})
        page.card = None
        portal.advance(3)
        assert journal[-1] == CLOSED


def test_a_page_that_thaws_after_its_card_was_taken_away_ends_the_call() -> None:
    app, journal = quiet_app()
    with Portal(app) as portal:
        portal.initialized()
        portal.page.detach("frozen")
        portal.finish()
        portal.page.tell({"t": "attach", "mode": "memory", "reason": "back", "card": {"call_id": CALL_ID, "kept": {}}})
        assert journal[1:] == [CLOSED]


def strays(page: MemoryPage) -> list[str]:
    entries = [message["entry"] for message in page.messages if message["t"] == "trace"]
    return [entry["name"] for entry in entries if entry["kind"] == "stray"]


def test_a_window_that_says_it_shows_a_card_and_never_did_is_not_closed_by_what_another_one_could_do() -> None:
    app, journal = quiet_app()
    with Portal(app) as portal:
        portal.initialized()
        other = portal.open_page()
        other.probe = refusal()
        portal.page.detach()
        other.initialized()
        portal.advance(30)
        assert CLOSED not in journal
