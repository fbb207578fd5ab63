"""Directories of one run, beside those of others and of runs that were killed."""

import os
import subprocess
import sys
from pathlib import Path

from worker_py_tool.paths import ROOT
from worker_py_tool.scratch import scratch

HOLD = """
import sys
from pathlib import Path
from worker_py_tool.scratch import scratch
with scratch("run-", Path(sys.argv[1])) as directory:
    (directory / "kept").touch()
    print(directory, flush=True)
    sys.stdin.read()
"""


def test_a_run_leaves_that_of_another_and_clears_away_that_of_a_killed_one(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True) as other:
        assert other.stdout is not None
        theirs = Path(other.stdout.readline().strip())
        with scratch("run-", tmp_path) as ours:
            assert theirs != ours
            assert (theirs / "kept").exists()
        assert not ours.exists()
        other.kill()
    assert theirs.exists()
    with scratch("run-", tmp_path):
        assert not theirs.exists()


def test_what_is_named_otherwise_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "unit.xml").touch()
    (tmp_path / "other").mkdir()
    with scratch("run-", tmp_path):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "unit.xml"]
