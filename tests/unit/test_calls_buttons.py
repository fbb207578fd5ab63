"""Buttons: a card begins with close and fold only, and a page is told when the app leaves it at that."""

from __future__ import annotations

import asyncio

import pytest

from worker_py import App, CallCard, CommandFailed, UiState
from worker_py.events import AnswerButtonClick, Initialized
from worker_py.testing import CALL_ID, Answer, Portal, refusal

NO_BUTTONS = [("no_buttons", CALL_ID)]


def answering_app(delay_s: float = 0, *, gives: bool = True) -> App:
    app = App()

    @app.on(Initialized)
    async def show(event: Initialized, card: CallCard) -> None:
        await asyncio.sleep(delay_s)
        if gives:
            await card.set_ui_state(UiState.INCOMING)

    @app.on(AnswerButtonClick)
    async def connect(event: AnswerButtonClick, card: CallCard) -> None:
        await card.set_ui_state(UiState.CONNECTED)

    return app


def test_the_card_of_a_new_call_has_buttons_to_close_and_to_fold_and_no_other() -> None:
    with Portal(App()) as portal:
        portal.initialized()
        assert portal.page.card is not None
        assert portal.page.card.ui_state == "externalCard"


def test_an_app_that_sets_no_state_is_a_problem_once_its_handlers_have_ended() -> None:
    with Portal(answering_app(5, gives=False)) as portal:
        portal.initialized()
        portal.advance(4.9)
        assert portal.problems == []
        portal.advance(0.2)
        assert portal.problems == NO_BUTTONS
        told = [message for message in portal.page.messages if message["t"] == "problem"]
        assert told == [{"t": "problem", "kind": "no_buttons", "call_id": CALL_ID, "on": True}]


def test_an_app_without_any_handler_is_one_too() -> None:
    with Portal(App()) as portal:
        portal.initialized()
        assert portal.problems == NO_BUTTONS


@pytest.mark.parametrize("delay_s", [0, 5])
def test_an_app_that_sets_a_state_in_its_handler_is_none(delay_s: float) -> None:
    with Portal(answering_app(delay_s)) as portal:
        portal.initialized()
        portal.advance(delay_s)
        assert [message for message in portal.page.messages if message["t"] == "problem"] == []


def test_the_problem_ends_with_the_first_state_in_every_window() -> None:
    with Portal(answering_app(gives=False)) as portal:
        second = portal.open_page("second")
        portal.initialized()
        second.initialized()
        portal.raise_event("answerButtonClick")
        assert portal.problems == []
        for page in (portal.page, second):
            assert [message["on"] for message in page.messages if message["t"] == "problem"][-1:] != [True]


def test_a_state_that_the_portal_refuses_leaves_the_problem() -> None:
    app = App()

    @app.on(Initialized)
    async def show(event: Initialized, card: CallCard) -> None:
        with pytest.raises(CommandFailed):
            await card.set_ui_state(UiState.INCOMING)

    with Portal(app) as portal:
        portal.answers["CallCardSetUiState"] = refusal("no")
        portal.initialized()
        assert portal.problems == NO_BUTTONS


def test_a_card_that_cannot_be_managed_is_not_without_buttons_but_not_external() -> None:
    with Portal(App()) as portal:
        portal.page.probe = refusal()
        portal.initialized()
        portal.advance(10)
        assert portal.problems == []


def test_the_problem_of_a_call_ends_with_it() -> None:
    with Portal(App()) as portal:
        portal.initialized()
        portal.finish()
        portal.advance(3)
        assert portal.problems == []


def test_a_state_that_a_task_of_the_handler_is_about_to_set_is_waited_for() -> None:
    app = App()
    tasks: list[asyncio.Task[None]] = []

    @app.on(Initialized)
    async def show(event: Initialized, card: CallCard) -> None:
        tasks.append(asyncio.create_task(card.set_ui_state(UiState.INCOMING)))
        await asyncio.sleep(0.01)

    with Portal(app) as portal:
        portal.answers["CallCardSetUiState"] = Answer(after_ms=40)
        portal.initialized()
        portal.advance(1)
        assert [message for message in portal.page.messages if message["t"] == "problem"] == []


def test_a_state_that_such_a_task_could_not_set_is_a_problem_once_that_is_known() -> None:
    app = App()
    tasks: list[asyncio.Task[None]] = []

    async def give(card: CallCard) -> None:
        with pytest.raises(CommandFailed):
            await card.set_ui_state(UiState.INCOMING)

    @app.on(Initialized)
    async def show(event: Initialized, card: CallCard) -> None:
        tasks.append(asyncio.create_task(give(card)))
        await asyncio.sleep(0.01)

    with Portal(app) as portal:
        portal.answers["CallCardSetUiState"] = Answer(refusal("no").payload, after_ms=40)
        portal.initialized()
        portal.advance(0.03)
        assert portal.problems == []
        portal.advance(0.02)
        assert portal.problems == NO_BUTTONS
