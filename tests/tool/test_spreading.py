"""Tests that are spread over processes are all run, also when one of them takes its process with it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.projects import NOT_CI
from tests.support.spreading import Spreading
from worker_py_tool.paths import ROOT


@pytest.mark.timeout(180)  # pytest starts four times, and once more for the process that ends
def test_a_test_that_ends_its_process_is_named_once_and_all_others_run_once(tmp_path: Path) -> None:
    files = 9
    for at in range(files):
        ends = "    os._exit(7)\n" if at == 3 else ""
        tests = [
            f"def test_{name}():\n{code}    pass\n" for name, code in (("first", ""), ("second", ends), ("third", ""))
        ]
        source = "\n\n".join(["import os\n", *tests])
        (tmp_path / f"test_{at}.py").write_text(source, encoding="utf-8")
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_configure as pytest_configure\n")
    spread = ["--numprocesses=3", "--dist=loadfile", "--no-loadscope-reorder", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *spread, "-v", "--rootdir", tmp_path, tmp_path],
        cwd=ROOT,
        env={**os.environ, **NOT_CI},
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )
    passed = sorted(re.findall(r"PASSED.*?(test_\d\.py::test_\w+)", done.stdout))
    every = [f"test_{at}.py::test_{name}" for at in range(files) for name in ("first", "second", "third")]
    assert passed == [name for name in every if name != "test_3.py::test_second"]
    assert re.findall(r"crashed while running '.*?(test_\d\.py::\w+)'", done.stdout) == ["test_3.py::test_second"]
    assert "1 failed, 26 passed" in done.stdout


class Process:
    """A process of pytest-xdist, as its scheduler sees it."""

    def __init__(self) -> None:
        self.gateway = self
        self.id = "gw"
        self.shutting_down = False
        self.given: list[int] = []
        self.ended = False

    def send_runtest_some(self, indices: list[int]) -> None:
        if self.ended:
            raise OSError("cannot send (already closed?)")
        self.given += indices

    def shutdown(self) -> None:
        self.shutting_down = True


def test_a_process_may_have_ended_before_its_end_is_told(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pytestconfig.option, "tx", ["2*popen"])
    spreading = Spreading(pytestconfig)
    first, second = Process(), Process()
    names = [f"{file}.py::test_{number}" for file in "abcdef" for number in (1, 2)]
    for process in (first, second):
        spreading.add_node(process)
        spreading.add_node_collection(process, names)
    spreading.schedule()
    given = [*first.given, *second.given]
    assert first.given[:2] == [0, 1]
    first.ended = True
    spreading.mark_test_complete(first, 0)
    spreading.mark_test_complete(first, 1)
    assert [*first.given, *second.given] == given
    assert spreading.remove_node(first) == names[first.given[2]]
    for test in second.given:  # grows
        spreading.mark_test_complete(second, test)
    assert sorted([*first.given[:3], *second.given]) == list(range(len(names)))


def test_the_last_test_of_all_is_run_by_the_process_that_replaces_the_one_that_ended(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process keeps its last test until it gets another or is told that there is none."""
    monkeypatch.setattr(pytestconfig.option, "tx", ["2*popen"])
    spreading = Spreading(pytestconfig)
    first, second, third = Process(), Process(), Process()
    tests = ["test_a.py::test_1", "test_a.py::test_2", "test_b.py::test_1"]
    for process in (first, second):
        spreading.add_node(process)
        spreading.add_node_collection(process, tests)
    spreading.schedule()
    assert [first.given, second.given] == [[0, 1], [2]]
    spreading.mark_test_complete(second, 2)
    assert spreading.remove_node(second) is None
    spreading.add_node(third)  # started as another one ended, and has not yet told which tests there are
    assert spreading.remove_node(first) == "test_a.py::test_1"
    assert third.given == []
    spreading.add_node_collection(third, tests)
    spreading.schedule()
    assert third.given == [1]
    assert third.shutting_down
