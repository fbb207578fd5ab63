"""The connector of docs/examples: a page script, an exchange by WebSocket, a package, and the tests of its own."""

import re
import shutil
from pathlib import Path

import pytest

from tests.support.browsers import engine
from tests.support.projects import IN_BROWSERS, run_pytest
from worker_py_tool.paths import ROOT

CONNECTOR = ROOT / "docs" / "examples" / "connector"


@pytest.mark.timeout(300)
def test_the_connector_passes_its_own_tests_in_memory_in_a_browser_and_replayed(tmp_path: Path) -> None:
    project = shutil.copytree(CONNECTOR, tmp_path / "connector")
    done = run_pytest(project, "-v", *IN_BROWSERS, engine().name)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.findall(r"^tests/(\w+)\.py::\w+.* PASSED", done.stdout, re.MULTILINE)
    assert {name: passed.count(name) for name in sorted(set(passed))} == {
        "test_answered_and_ended": 1,
        "test_connector": 10,
        "test_in_browser": 3,
    }
