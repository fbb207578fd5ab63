"""The connector of docs/examples: a page script, an exchange by WebSocket, a package, and the tests of its own."""

import re
import shutil
from pathlib import Path

import pytest

from tests.support.browsers import engine
from tests.support.projects import IN_BROWSERS, run_pytest
from worker_py_tool.paths import ROOT

CONNECTOR = ROOT / "docs" / "examples" / "connector"


IN_BROWSER = "tests/test_in_browser.py"
AS_IN_MEMORY = (
    f"--deselect={IN_BROWSER}::test_a_call_from_ringing_to_its_end",
    f"--deselect={IN_BROWSER}::test_a_call_is_finished_by_another_interpreter",
)
"""Its tests in memory have these calls too; the third one in a browser goes as far, and its interpreter ends."""


@pytest.mark.parametrize(
    ("without", "in_browser"),
    [(AS_IN_MEMORY, 1), pytest.param((), 3, marks=pytest.mark.campaign)],
    ids=["usual", "all"],
)
@pytest.mark.timeout(300)
def test_the_connector_passes_its_own_tests_in_memory_in_a_browser_and_replayed(
    tmp_path: Path, without: tuple[str, ...], in_browser: int
) -> None:
    project = shutil.copytree(CONNECTOR, tmp_path / "connector")
    done = run_pytest(project, "-v", *without, *IN_BROWSERS, engine().name)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.findall(r"^tests/(\w+)\.py::\w+.* PASSED", done.stdout, re.MULTILINE)
    assert {name: passed.count(name) for name in sorted(set(passed))} == {
        "test_answered_and_ended": 1,
        "test_connector": 10,
        "test_in_browser": in_browser,
    }
