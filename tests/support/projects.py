"""Projects that `worker-py new` has made."""

import subprocess
import sys
from pathlib import Path

from worker_py_tool.paths import ROOT


def own_tests_of(project: Path) -> str:
    """What pytest says of the project's own tests, all of which pass."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=project,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
