"""`worker-py new`: the project works as it is, and nothing that is there is overwritten."""

import re
import shlex
from pathlib import Path

import pytest

from tests.support.projects import own_tests_of
from worker_py_tool import cli
from worker_py_tool.bundle import app_source
from worker_py_tool.commands import new as new_command
from worker_py_tool.errors import ToolError


def test_the_project_can_be_built(tmp_path: Path) -> None:
    new_command.make(tmp_path / "cards")
    assert app_source.read_app(str(tmp_path / "cards" / "app.py")).module == "app"


def test_its_tests_pass(tmp_path: Path) -> None:
    new_command.make(tmp_path / "cards")
    assert "4 passed, 2 deselected" in own_tests_of(tmp_path / "cards")  # tests/browser/kit runs those two


def test_its_readme_bears_the_projects_name(tmp_path: Path) -> None:
    new_command.make(tmp_path / "cards")
    assert (tmp_path / "cards" / "README.md").read_text(encoding="utf-8").startswith("# cards\n")


def test_an_empty_directory_will_do(tmp_path: Path) -> None:
    assert tmp_path / "app.py" in new_command.make(tmp_path)


def test_a_directory_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("mine", encoding="utf-8")
    with pytest.raises(ToolError, match="not empty"):
        new_command.make(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["app.py"]
    assert (tmp_path / "app.py").read_text(encoding="utf-8") == "mine"


def test_a_file_of_that_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "cards").write_text("mine", encoding="utf-8")
    with pytest.raises(ToolError, match="not empty"):
        new_command.make(tmp_path / "cards")


def test_the_project_names_the_commands_that_there_are(tmp_path: Path) -> None:
    new_command.make(tmp_path / "cards")
    page = (tmp_path / "cards" / "AGENTS.md").read_text(encoding="utf-8")
    assert page.startswith("# cards\n")
    named = set(re.findall(r"worker-py ([a-z-]+)", page))
    assert named <= set(cli.COMMANDS)
    assert named >= {"docs", "dev", "build", "serve", "doctor", "record-to-test", "lock"}


def test_what_it_says_to_type_next_can_be_typed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    project = tmp_path / "my cards"
    assert new_command.run(cli.parse("new", [str(project)])) == 0
    printed = capfd.readouterr()
    (line,) = [line for line in (printed.out + printed.err).splitlines() if line.startswith("Next: ")]
    assert shlex.split(line)[1:3] == ["cd", str(project)]
