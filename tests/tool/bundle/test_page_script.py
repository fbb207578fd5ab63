"""How page scripts are told apart."""

from collections.abc import Callable
from pathlib import Path

import pytest

from worker_py_tool.bundle.page_script import read_page_scripts
from worker_py_tool.errors import ToolError

Write = Callable[[str, str], Path]


@pytest.mark.parametrize(
    ("name", "source", "is_module"),
    [
        ("a.js", "var a = 1;", False),
        ("a.mjs", "var a = 1;", True),
        ("a.js", 'import { b } from "./b.js";', True),
        ("a.js", "var a=1;export{a}", True),
        ("a.js", '// import x from "y"\nvar text = `\nimport x from "y"\n`;', False),
        ("a.js", 'import("./b.js");', False),
        ("a.js", "await 1;", True),
        ("a.js", "", False),
    ],
)
def test_a_module_is_what_only_parses_as_one(write: Write, name: str, source: str, is_module: bool) -> None:
    [script] = read_page_scripts([write(name, source)])
    assert (script.name, script.is_module) == (name, is_module)


def test_a_syntax_error_is_named_with_its_line(write: Write) -> None:
    with pytest.raises(ToolError, match=r"a\.js:2: SyntaxError"):
        read_page_scripts([write("a.js", "var a = 1;\nvar = 2;\n")])


def test_two_of_one_name_are_refused(write: Write) -> None:
    with pytest.raises(ToolError, match="has the same name"):
        read_page_scripts([write("x/a.js", ""), write("y/a.js", "")])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"nowhere\.js: there is no such file"):
        read_page_scripts([tmp_path / "nowhere.js"])
