"""Proof by order: a command that stays silent is settled by the probe behind it, in turns and not in seconds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.acting import Act, Acting
from worker_py import App, CallCard, CommandFailed, CommandTimeout, UiState
from worker_py.events import AnswerButtonClick
from worker_py.page import INTERFACE_S, PROBE_AFTER_MS
from worker_py.testing import Answer, Portal

SILENT = Answer(times=0)
PROBE_AFTER_S = PROBE_AFTER_MS / 1000


def code(of: Acting) -> str:
    """The error of the last act."""
    error = of.results[-1]
    assert isinstance(error, CommandFailed)
    return error.error_code


SUCCEED: list[tuple[Act, str]] = [
    (lambda card: card.set_ui_state(UiState.CONNECTED), "CallCardSetUiState"),
    (lambda card: card.start_timer(), "CallCardStartTimer"),
    (lambda card: card.stop_timer(), "CallCardStopTimer"),
]
FAIL: list[tuple[Act, str]] = [
    (lambda card: card.set_mute(True), "CallCardSetMute"),
    (lambda card: card.set_hold(True), "CallCardSetHold"),
    (lambda card: card.set_ui_state(UiState.INCOMING), "CallCardSetUiState"),
    (lambda card: card.get_list_ui_states(), "CallCardGetListUiStates"),
    (lambda card: card.set_card_title("Ada"), "CallCardSetCardTitle"),
    (lambda card: card.set_status_text("rings"), "CallCardSetStatusText"),
    (lambda card: card.close(), "CallCardClose"),
]


@pytest.mark.parametrize(("act", "name"), SUCCEED)
def test_silence_that_is_known_to_be_success_is_proven_at_once(act: Act, name: str) -> None:
    acting = Acting(act)
    with acting as portal:
        portal.answers[name] = SILENT
        portal.raise_event("answerButtonClick")
        assert (acting.results, acting.times) == ([None], [0])
        assert portal.outcomes == [(name, "proven")]


@pytest.mark.parametrize(("act", "name"), FAIL)
def test_any_other_silent_command_has_failed_at_once(act: Act, name: str) -> None:
    acting = Acting(act)
    with acting as portal:
        portal.answers[name] = SILENT
        before = portal.page.probes
        portal.raise_event("answerButtonClick")
        portal.advance(PROBE_AFTER_S)
        assert (code(acting), acting.times) == ("UNANSWERED", [PROBE_AFTER_S])
        assert portal.outcomes == [(name, "UNANSWERED")]
        assert portal.page.probes - before == 2


@pytest.mark.parametrize(("act", "name"), FAIL)
def test_a_silent_command_that_the_portal_does_not_list_is_unknown(act: Act, name: str) -> None:
    acting = Acting(act)
    with acting as portal:
        portal.answers[name] = SILENT
        portal.interface = ["CallCardSomethingElse"]
        portal.raise_event("answerButtonClick")
        portal.advance(PROBE_AFTER_S)
        assert code(acting) == "UNKNOWN_COMMAND"


@pytest.mark.parametrize("listed", [None, []])
def test_a_portal_that_lists_nothing_changes_nothing(listed: list[str] | None) -> None:
    acting = Acting(FAIL[0][0])
    with acting as portal:
        portal.answers["CallCardSetMute"] = SILENT
        portal.interface = listed
        portal.raise_event("answerButtonClick")
        portal.advance(PROBE_AFTER_S)
        assert code(acting) == "UNANSWERED"


def test_a_portal_that_does_not_answer_the_question_changes_nothing_but_the_time() -> None:
    acting = Acting(FAIL[0][0])
    with acting as portal:
        portal.answers["CallCardSetMute"] = SILENT
        portal.answers_interface = False
        portal.raise_event("answerButtonClick")
        portal.advance(1)
        assert (code(acting), acting.times) == ("UNANSWERED", [PROBE_AFTER_S + INTERFACE_S])
        assert acting.times[0] < 0.5


def test_a_command_that_is_answered_at_once_costs_no_probe() -> None:
    acting = Acting(FAIL[0][0])
    with acting as portal:
        before = portal.page.probes
        portal.raise_event("answerButtonClick")
        portal.advance(1)
        assert (acting.results, portal.page.probes) == ([None], before)


@pytest.mark.parametrize(("act", "name"), [*SUCCEED, *FAIL])
def test_an_answer_that_comes_a_few_turns_late_goes_before_the_proof(act: Act, name: str) -> None:
    """Behind one probe and in front of the next, as from a promise."""
    acting = Acting(act)
    with acting as portal:
        portal.answers[name] = SILENT
        portal.page.probe = Answer([{"result": "error", "errorCode": "Invalid ui state"}], after_ms=5)
        portal.raise_event("answerButtonClick")
        asked = [message["id"] for message in portal.page.messages if message["t"] == "command"][-1]
        portal.advance(0.007 if (act, name) in SUCCEED else PROBE_AFTER_S + 0.007)
        assert acting.results == []
        error = {"result": "error", "errorCode": "late"}
        portal.page.tell({"t": "answer", "id": asked, "answer": error})
        assert code(acting) == "late"


def test_a_slow_portal_is_slow_for_the_probe_too_and_its_answer_counts() -> None:
    acting = Acting(FAIL[0][0])
    with acting as portal:
        portal.answers["CallCardSetMute"] = Answer(after_ms=1500)
        portal.raise_event("answerButtonClick")
        portal.advance(2)
        assert (acting.results, acting.times) == ([None], [1.5])


@pytest.mark.parametrize(("act", "name"), FAIL)
def test_a_portal_that_answers_nothing_at_all_is_a_timeout(act: Act, name: str) -> None:
    acting = Acting(act)
    with acting as portal:
        portal.silent = True
        portal.raise_event("answerButtonClick")
        portal.advance(5)
        assert [type(each) for each in acting.results] == [CommandTimeout]
        assert acting.times == [5]


@pytest.mark.parametrize("answer", [Answer([]), Answer("?"), Answer(times=0)], ids=["desktop", "odd", "silent"])
def test_a_probe_that_proves_nothing_leaves_it_to_the_time_limits(answer: Answer) -> None:
    acting = Acting(FAIL[0][0])
    with acting as portal:
        portal.answers["CallCardSetMute"] = SILENT
        portal.page.probe = answer
        portal.raise_event("answerButtonClick")
        portal.advance(5)
        assert [type(each) for each in acting.results] == [CommandTimeout]


def test_the_timers_fall_back_to_their_silence() -> None:
    acting = Acting(lambda card: card.start_timer())
    with acting as portal:
        portal.page.probe = Answer([])
        portal.raise_event("answerButtonClick")
        portal.advance(1)
        assert (acting.times, acting.card.state.timer_running) == ([0.3], True)


def test_what_was_proven_by_order_only_leaves_the_timer_unknown() -> None:
    """Without its CRM part a card changes to connected, but has no timer to start."""

    async def act(card: CallCard) -> Any:
        states: list[Any] = []
        await card.set_ui_state(UiState.CONNECTED)
        states.append((card.state.ui_state, card.state.timer_running))
        await card.start_timer()
        states.append(card.state.timer_running)
        await card.stop_timer()
        states.append(card.state.timer_running)
        return states

    acting = Acting(act)
    with acting as portal:
        portal.answers["CallCardSetUiState"] = SILENT
        portal.raise_event("answerButtonClick")
        assert acting.results[-1] == [(UiState.CONNECTED, None), None, False]
        del portal.answers["CallCardSetUiState"]
        portal.raise_event("answerButtonClick")
        assert acting.results[-1] == [(UiState.CONNECTED, True), True, False]


def test_a_silent_command_on_a_card_that_is_taken_away_meanwhile_has_an_outcome_too() -> None:
    acting = Acting(FAIL[0][0])
    with acting as portal:
        portal.answers["CallCardSetMute"] = SILENT
        portal.raise_event("answerButtonClick")
        portal.finish()
        portal.advance(1)
        assert code(acting) == "UNANSWERED"


def test_several_silent_commands_are_each_settled() -> None:
    results: list[str] = []
    app = App()

    @app.on(AnswerButtonClick)
    async def mute(event: AnswerButtonClick, card: CallCard) -> None:
        with pytest.raises(CommandFailed, match="UNANSWERED"):
            await card.set_mute(True)
        results.append(event.meta.id)

    with Portal(app) as portal:
        portal.answers["CallCardSetMute"] = SILENT
        portal.initialized()
        for _ in range(20):
            portal.raise_event("answerButtonClick")
            portal.advance(0.01)
        portal.advance(0.1)
        assert len(results) == 20
        assert portal.reports == []


def test_a_command_that_has_been_answered_is_watched_no_more() -> None:
    acting = Acting(FAIL[0][0])
    with acting as portal:
        portal.answers["CallCardSetMute"] = Answer(after_ms=80)
        portal.page.probe = SILENT
        portal.raise_event("answerButtonClick")
        portal.advance(0.06)
        page = acting.card.page
        assert page.probes.watched == 1
        portal.advance(0.03)
        assert (acting.results, page.probes.watched) == ([None], 0)


def test_a_limit_that_is_shorter_than_the_wait_for_a_proof_is_kept() -> None:
    acting = Acting(FAIL[0][0], command_timeout_ms=20)
    with acting as portal:
        portal.silent = True
        portal.raise_event("answerButtonClick")
        portal.advance(1)
        assert acting.times == [0.02]
