"""One call from its first ring to the closed card, as `tests/golden/call.json` has it.

`scripts/test browser -- --update-golden` records it anew; look at what changed before you commit it.
"""

from pathlib import Path

import pytest

from tests.browser.conftest import StageFor
from tests.support import golden
from tests.support.harness import Stage

APP = Path(__file__).parents[2] / "golden" / "golden_app.py"
CALL_ID = "E45D40253D1C2D2F.1774588815.822533"

CLICKS: list[tuple[str, object]] = [
    ("Answer", None),
    ("entityChanged", 12),
    ("Mute", None),
    ("Hold", None),
    ("Hold", None),
    ("Dial pad 4", None),
    ("Dial pad #", None),
    ("Transfer", 3),
    ("Return to call", None),
    ("Save comment", "Wants 40 frames: «city»"),
    ("Quality 5", None),
    ("Hang up", None),
]


@pytest.fixture
def stage(stage_for: StageFor) -> Stage:
    return stage_for(APP.read_text(encoding="utf-8"))


@pytest.mark.fast
def test_the_recorded_call_played_again_gives_the_same_commands(stage: Stage, pytestconfig: pytest.Config) -> None:
    with stage.case():
        stage.frame.evaluate("() => void workerPy.record()")
        stage.incoming_call(callId=CALL_ID)
        stage.await_stats("stats.acknowledged === before.acknowledged + 1")
        for number, (button, argument) in enumerate(CLICKS, start=2):
            stage.click(button, argument)
            stage.await_stats(f"stats.acknowledged === before.acknowledged + {number}")
        recording = golden.normalised(stage.frame.evaluate("workerPy.record(false)"))
        assert stage.card()["open"] is False
        assert stage.reports() == []

    if pytestconfig.getoption("--update-golden"):
        golden.write(recording)
    expected = golden.read()
    commands = [entry["message"] for entry in recording["entries"] if entry["message"]["t"] == "command"]
    assert commands == [entry["message"] for entry in expected["entries"] if entry["message"]["t"] == "command"]
    assert stage.sent() == [(command["command"], command["params"]) for command in commands]
    assert recording == expected
