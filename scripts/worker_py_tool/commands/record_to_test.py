"""worker-py record-to-test: a test that plays a recorded call again."""

import argparse
import re
from pathlib import Path

from worker_py_tool.errors import ToolError
from worker_py_tool.json_content import json_object
from worker_py_tool.process import say

DESCRIPTION = "Make a test of a recorded call: what workerPy.record() gave, as JSON."

TEST = '''"""The call that {recording} holds, played again."""

from pathlib import Path

from worker_py import App
from worker_py.testing import replay

RECORDING = Path(__file__).with_name("{recording}")


def test_the_recorded_call_gives_the_same_commands(worker_app: App) -> None:
    result = replay(RECORDING.read_text(encoding="utf-8"), worker_app)
    assert result.commands == result.recorded
    assert result.reports == []
'''


def add_options(options: argparse.ArgumentParser) -> None:
    """What its command line takes."""
    options.add_argument("file", metavar="FILE", type=Path, help="the recording")


def run(options: argparse.Namespace) -> int:
    """Write the test, and print where it is."""
    print(make(options.file, Path("tests") if Path("tests").is_dir() else Path()), flush=True)
    say("The recording holds numbers, comments and REST results as they were: treat it as personal data.")
    return 0


def make(recording: Path, directory: Path) -> Path:
    """Write a test into a directory, and the recording beside it; nothing that is there is overwritten.

    Returns:
        The test.

    Raises:
        ToolError: It is no recording, or the test is there already.
    """
    try:
        text = recording.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is no text"
        raise ToolError(f"{recording}: cannot be read: {reason}", "Name the JSON of workerPy.record().") from problem
    _check(recording, text)
    test = directory / f"test_{re.sub(r'[^A-Za-z0-9]+', '_', recording.stem).strip('_').lower() or 'call'}.py"
    beside = directory / f"{test.stem.removeprefix('test_')}.json"
    for path in (test, beside):
        if path.exists() and not path.samefile(recording):
            raise ToolError(f"{path}: is there already", "Rename the recording: the test is named after it.")
    if not beside.exists():
        beside.write_text(text, encoding="utf-8")
    test.write_text(TEST.format(recording=beside.name), encoding="utf-8")
    return test


def _check(recording: Path, text: str) -> None:
    """Refuse what `worker_py.testing.replay` would."""
    held = json_object(text) or {}
    if held.get("version") != 1 or not isinstance(held.get("entries"), list):
        raise ToolError(
            f"{recording}: is no recording of a call",
            "In the console of the placement page: copy(JSON.stringify(workerPy.record(false))).",
        )
