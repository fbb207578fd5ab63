"""What an app is made of: which parts of its project are others, and where files of it may change."""

from pathlib import Path

import pytest

from worker_py_tool.dev import sources
from worker_py_tool.dev.sources import Refused
from worker_py_tool.errors import ToolError

APP = "from worker_py import App\n\napp = App()\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A package with data, a page script, and a project's file."""
    (tmp_path / "callcard" / "texts").mkdir(parents=True)
    (tmp_path / "callcard" / "__init__.py").write_text(APP, encoding="utf-8")
    (tmp_path / "callcard" / "numbers.json").write_text("[1]", encoding="utf-8")
    (tmp_path / "callcard" / "texts" / "__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "pbx.js").write_text("let a;\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.worker-py]\npage-script = ["scripts/pbx.js"]\n', encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("file", "text", "differs"),
    [
        ("callcard/__init__.py", APP + "# more\n", []),
        ("callcard/numbers.json", "[2]", []),
        ("scripts/pbx.js", "let b;\n", ["page scripts"]),
        ("pylock.worker-py.toml", "locked", ["dependencies"]),
        ("pyproject.toml", '[tool.worker-py]\npage-script = ["scripts/pbx.js"]\nrequire = ["six"]\n', ["dependencies"]),
        (
            "pyproject.toml",
            '[tool.worker-py]\npage-script = ["scripts/pbx.js"]\nconnect = ["wss://pbx.example"]\nphone = "loopback"\n',
            ["connect", "phone"],
        ),
    ],
)
def test_each_part_of_the_project_is_told_apart(project: Path, file: str, text: str, differs: list[str]) -> None:
    app = str(project / "callcard")
    before = sources.read(app)
    (project / file).write_text(text, encoding="utf-8")
    after = sources.read(app)
    assert before.differing(after) == differs
    assert (before.app.version == after.app.version) == (not file.startswith("callcard"))


def test_no_python_is_refused_at_its_line(project: Path) -> None:
    (project / "callcard" / "__init__.py").write_text(APP + "return 1\n", encoding="utf-8")
    with pytest.raises(Refused, match="'return' outside function") as refused:
        sources.read(str(project / "callcard"))
    assert (refused.value.file, refused.value.line) == ("callcard/__init__.py", 4)


def test_an_app_that_is_not_there_is_refused_in_a_few_words(project: Path) -> None:
    with pytest.raises(Refused, match=r"^there is no gone\.py\n"):
        sources.read(str(project / "gone.py"))


def test_a_page_script_that_is_not_there_is_refused(project: Path) -> None:
    (project / "scripts" / "pbx.js").unlink()
    with pytest.raises(ToolError, match=r"pbx\.js"):
        sources.read(str(project / "callcard"))


def test_a_requirement_that_is_a_file_here_counts_by_its_content(project: Path) -> None:
    wheel = project / "own-1-py3-none-any.whl"
    wheel.write_bytes(b"one")
    app = str(project / "callcard")
    before = sources.read(app, require=[str(wheel)])
    wheel.write_bytes(b"two")
    assert before.differing(sources.read(app, require=[str(wheel)])) == ["dependencies"]


def test_directories_of_the_app_and_of_its_page_scripts_are_watched_and_no_others(project: Path) -> None:
    for name in ("__pycache__", ".git", "node_modules"):
        (project / "callcard" / name).mkdir()
    watched = sources.watched(str(project / "callcard"))
    names = {path.relative_to(project).as_posix() for path in watched}
    assert names == {".", "callcard", "callcard/texts", "scripts"}


def test_above_what_is_missing_what_is_there_is_watched(project: Path) -> None:
    (project / "pyproject.toml").write_text("no toml", encoding="utf-8")
    assert sources.watched(str(project / "gone" / "app.py")) == {project}
