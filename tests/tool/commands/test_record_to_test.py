"""`worker-py record-to-test`: the test that it makes passes, and nothing is overwritten."""

from pathlib import Path

import pytest

from tests.support.projects import own_tests_of
from worker_py_tool.commands import record_to_test
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import ROOT

GOLDEN = ROOT / "tests" / "golden"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The app that was recorded."""
    app = (GOLDEN / "golden_app.py").read_text(encoding="utf-8")
    (tmp_path / "app.py").write_text(app, encoding="utf-8")
    (tmp_path / "tests").mkdir()
    return tmp_path


def test_the_test_passes_with_the_app_that_was_recorded_and_fails_with_another(project: Path) -> None:
    test = record_to_test.make(GOLDEN / "call.json", project / "tests")
    assert sorted(path.name for path in (project / "tests").iterdir()) == ["call.json", "test_call.py"]
    assert test == project / "tests" / "test_call.py"
    assert "1 passed" in own_tests_of(project)
    (project / "app.py").write_text("from worker_py import App\n\napp = App()\n", encoding="utf-8")
    with pytest.raises(AssertionError, match=r"result\.commands == result\.recorded"):
        own_tests_of(project)


def test_a_recording_that_lies_there_already_stays(project: Path) -> None:
    recording = project / "tests" / "call_2.json"
    recording.write_bytes((GOLDEN / "call.json").read_bytes())
    assert record_to_test.make(recording, project / "tests").name == "test_call_2.py"
    assert recording.read_bytes() == (GOLDEN / "call.json").read_bytes()


def test_any_name_becomes_one_of_a_module(project: Path) -> None:
    recording = project / "Call of 3-May.json"
    recording.write_bytes((GOLDEN / "call.json").read_bytes())
    assert record_to_test.make(recording, project / "tests").name == "test_call_of_3_may.py"


def test_nothing_is_overwritten(project: Path) -> None:
    (project / "tests" / "test_call.py").write_text("mine", encoding="utf-8")
    with pytest.raises(ToolError, match=r"test_call.py: is there already"):
        record_to_test.make(GOLDEN / "call.json", project / "tests")
    assert [path.name for path in (project / "tests").iterdir()] == ["test_call.py"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2, "entries": []}', '{"version": 1}'])
def test_what_is_no_recording_is_refused(project: Path, text: str) -> None:
    (project / "call.json").write_text(text, encoding="utf-8")
    with pytest.raises(ToolError, match="is no recording of a call"):
        record_to_test.make(project / "call.json", project / "tests")


def test_a_file_that_is_not_there_is_refused_in_words(project: Path) -> None:
    with pytest.raises(ToolError, match=r"call.json: cannot be read: No such file"):
        record_to_test.make(project / "call.json", project / "tests")
