"""Projects that `worker-py new` has made, and their tests, which find the plugin as they do where it is installed."""

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

from worker_py_tool.paths import ROOT, TOOL

PLUGIN = "worker_py_tool.kit.plugin"
IN_BROWSERS = ("-p", "tests.support.baseline", "-p", "no:xdist", "--worker-py-browser")
"""For tests in a browser, whose name comes next."""
NOT_CI = {"CI": "", "BUILD_NUMBER": ""}  # with either, pytest's summary tells each failure's message a second time


PR_SET_PDEATHSIG = 1
"""Of prctl(2)."""


def _end_with_the_test() -> None:
    """A test that is over its time ends its process: what that had started would go on for ever, beside all others."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def run_pytest(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a project's tests; what pytest says of them."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", PLUGIN, "-p", "no:cacheprovider", *arguments],
        cwd=project,
        env={**os.environ, **NOT_CI, "PYTHONPATH": os.pathsep.join([str(ROOT), str(TOOL.parent)])},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_end_with_the_test,
    )


def own_tests_of(project: Path) -> str:
    """What pytest says of the project's own tests, all of which pass; without those in a browser."""
    done = run_pytest(project, "-q", "-k", "not browser")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
