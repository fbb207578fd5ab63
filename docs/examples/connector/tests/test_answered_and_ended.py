"""The call that answered_and_ended.json holds, played again."""

from pathlib import Path

from worker_py import App
from worker_py.testing import replay

RECORDING = Path(__file__).with_name("answered_and_ended.json")


def test_the_recorded_call_gives_the_same_commands(worker_app: App) -> None:
    result = replay(RECORDING.read_text(encoding="utf-8"), worker_app)
    assert result.commands == result.recorded
    assert result.reports == []
