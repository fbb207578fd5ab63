"""Where an app's dependencies come from."""

from collections.abc import Callable
from pathlib import Path

import pytest

from worker_py_tool.bundle.dependencies import collect
from worker_py_tool.bundle.project import Project
from worker_py_tool.bundle.requirement import name_of
from worker_py_tool.errors import ToolError

Write = Callable[[str, str], Path]
BLOCK = """\
# The card.
# /// script
# requires-python = ">=3.14"
# dependencies = [
#     "from-block",
#
#     "worker-py[build]>=0.1",
# ]
# ///
app = 1
"""


def test_a_file_of_requirements_goes_before_the_block_and_the_block_before_the_project(
    write: Write, tmp_path: Path
) -> None:
    project = Project(tmp_path, dependencies=["from-project"])
    listed = write("needs.txt", "from-file\n")
    plain, block = write("plain.py", "app = 1\n"), write("block.py", BLOCK)
    assert collect(block, project, [], listed) == ["from-file"]
    assert collect(block, project, [], None) == ["from-block"]
    assert collect(plain, project, [], None) == ["from-project"]
    assert collect(plain, Project(tmp_path), [], None) == []


def test_require_adds_to_any_of_them_and_replaces_the_table_s_word_on_the_same_package(
    write: Write, tmp_path: Path
) -> None:
    project = Project(tmp_path, dependencies=["From_Project>=1"], require=["Table.Entry==1", "other"])
    needed = collect(write("app.py", "app = 1\n"), project, ["table-entry==2", "from-project<9", "more"], None)
    assert needed == ["From_Project>=1", "other", "table-entry==2", "from-project<9", "more"]


@pytest.mark.parametrize(
    "own", ["worker-py", "Worker_Py[build]>=0.1; python_version > '3'", "worker.py @ file:///x.whl"]
)
def test_worker_py_itself_is_never_bundled(write: Write, tmp_path: Path, own: str) -> None:
    app = write("app.py", "app = 1\n")
    listed = write("needs.txt", f"{own}\nbells\n")
    assert collect(app, Project(tmp_path, dependencies=[own, "worker-pyx"]), [], None) == ["worker-pyx"]
    assert collect(app, Project(tmp_path, require=[own]), [own], listed) == ["bells"]


def test_the_block_of_a_source_in_another_encoding_is_read_and_what_is_wrong_with_that_python_says(
    tmp_path: Path,
) -> None:
    app = tmp_path / "app.py"
    app.write_bytes(BLOCK.encode() + "# M\u00fcller\n".encode("latin-1"))
    assert collect(app, Project(tmp_path), [], None) == ["from-block"]


def test_a_block_without_dependencies_says_that_there_are_none(write: Write, tmp_path: Path) -> None:
    app = write("app.py", '# /// script\n# requires-python = ">=3.11"\n# ///\napp = 1\n')
    assert collect(app, Project(tmp_path, dependencies=["bells"]), [], None) == []


def test_a_block_may_hold_lines_that_look_like_its_end(write: Write, tmp_path: Path) -> None:
    text = '# /// script\n# dependencies = ["bells"]\n# note = """\n# ///\n# """\n# ///\n'
    assert collect(write("app.py", text), Project(tmp_path), [], None) == ["bells"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# /// script\n# dependencies = []\n", "app.py:1: the block has no end"),
        ("\n# /// script\n# dependencies = [\n# ///\n", "app.py:2: the block is no TOML"),
        ("# /// script\n# dependencies = 'x'\n# ///\n", "app.py:1: dependencies should be a list of texts, not 'x'"),
        ("# /// script\n# ///\n\n# /// script\n# ///\n", "app.py:4: a second `# /// script` block"),
    ],
)
def test_a_block_that_cannot_be_read_is_told_with_its_line(
    write: Write, tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ToolError) as refused:
        collect(write("app.py", text), Project(tmp_path), [], None)
    assert message in str(refused.value)


def test_a_file_of_requirements_may_read_others_and_name_paths(write: Write, tmp_path: Path) -> None:
    write("deep/more.txt", "# nothing but this:\n../lib\nurl @ https://x.example/a#egg\n")
    listed = write("needs.txt", "\ufeffbells==1.*  # loud\n\nlamps; \\\n  python_version > '3'\n-r deep/more.txt\n")
    assert collect(write("app.py", ""), Project(tmp_path), [], listed) == [
        "bells==1.*",
        "lamps; python_version > '3'",
        str(tmp_path / "lib"),
        "url @ https://x.example/a#egg",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bells==1 --hash=sha256:00\n", "--hash=sha256:00: options of pip are not read"),
        ("-e ./lib\n", "-e ./lib: options of pip are not read"),
        ("--index-url https://x.example\n", "options of pip are not read"),
        ("-r needs.txt\n", "reads itself"),
        ("-r nowhere.txt\n", "nowhere.txt: cannot be read: No such file"),
    ],
)
def test_what_a_file_of_requirements_cannot_say_is_refused(
    write: Write, tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ToolError) as refused:
        collect(write("app.py", ""), Project(tmp_path), [], write("needs.txt", text))
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("requirement", "name"),
    [
        ("A.b_c", "a-b-c"),
        ("x[y]>1", "x"),
        ("x @ file:y", "x"),
        ("x (>1)", "x"),
        ("./lib", "./lib"),
        ("/a/x.whl", "/a/x.whl"),
    ],
)
def test_names_are_compared_as_packages_are_named(requirement: str, name: str) -> None:
    assert name_of(requirement) == name
