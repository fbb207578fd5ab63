"""The call that was recorded in a browser (`tests/browser/delivery/test_call.py`) gives the same commands here."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.golden.golden_app import app
from worker_py import App, CallCard
from worker_py.events import AnswerButtonClick
from worker_py.testing import replay

GOLDEN = Path(__file__).parents[1] / "golden" / "call.json"


@pytest.fixture
def recording() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return read


def test_the_recorded_call_gives_the_recorded_commands(recording: dict[str, Any]) -> None:
    played = replay(recording, app)
    assert played.commands == played.recorded
    assert played.reports == []


def test_the_recorded_call_ends_with_the_closed_card_and_uses_every_command(recording: dict[str, Any]) -> None:
    names = [name for name, _ in replay(recording, app).recorded]
    assert names[-1] == "CallCardClose"
    assert set(names) == {
        "CallCardSetMute",
        "CallCardSetHold",
        "CallCardSetUiState",
        "CallCardGetListUiStates",
        "CallCardSetCardTitle",
        "CallCardSetStatusText",
        "CallCardStartTimer",
        "CallCardStopTimer",
        "CallCardClose",
    }


def test_an_app_that_acts_otherwise_is_noticed(recording: dict[str, Any]) -> None:
    other = App()

    @other.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        await card.set_ui_state("connected")

    played = replay(recording, other)
    assert played.commands == [("CallCardSetUiState", {"uiState": "connected"})]
    assert played.commands != played.recorded


def test_the_recording_is_the_same_as_text(recording: dict[str, Any]) -> None:
    assert replay(json.dumps(recording), app) == replay(recording, app)
