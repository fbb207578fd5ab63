"""Tests that are spread over processes are all run, also when one of them takes its process with it."""

import re
import subprocess
import sys
from pathlib import Path

from worker_py_tool.paths import ROOT


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
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    passed = sorted(re.findall(r"PASSED.*?(test_\d\.py::test_\w+)", done.stdout))
    every = [f"test_{at}.py::test_{name}" for at in range(files) for name in ("first", "second", "third")]
    assert passed == [name for name in every if name != "test_3.py::test_second"]
    assert re.findall(r"crashed while running '.*?(test_\d\.py::\w+)'", done.stdout) == ["test_3.py::test_second"]
    assert "1 failed, 26 passed" in done.stdout
