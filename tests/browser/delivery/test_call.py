"""One call from its first ring to the closed card, as `tests/golden/call.json` has it.

`scripts/test browser -- --update-golden` records it anew; look at what changed before you commit it.
"""

from pathlib import Path

import pytest

from tests.browser.conftest import SharedPageFor
from tests.support import golden
from tests.support.witness import SharedPage

pytestmark = pytest.mark.engines

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
def stage(shared_page_for: SharedPageFor) -> SharedPage:
    return shared_page_for(APP.read_text(encoding="utf-8"))


@pytest.mark.fast
def test_the_recorded_call_played_again_gives_the_same_commands(stage: SharedPage, pytestconfig: pytest.Config) -> None:
    with stage.case():
        stage.evaluate("() => void workerPy.record()")
        stage.incoming_call(callId=CALL_ID)
        stage.until("stats.acknowledged === before.acknowledged + 2")
        for number, (button, argument) in enumerate(CLICKS, start=3):
            stage.click(button, argument)
            stage.until(f"stats.acknowledged === before.acknowledged + {number}")
        recording = golden.normalised(stage.evaluate("workerPy.record(false)"))
        assert stage.card()["open"] is False
        assert stage.reports() == []

    if pytestconfig.getoption("--update-golden"):
        golden.write(recording)
    expected = golden.read()
    commands = [entry["message"] for entry in recording["entries"] if entry["message"]["t"] == "command"]
    assert commands == [entry["message"] for entry in expected["entries"] if entry["message"]["t"] == "command"]
    assert stage.commands() == [(command["command"], command["params"]) for command in commands]
    assert recording == expected
