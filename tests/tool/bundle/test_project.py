"""What the `pyproject.toml` beside an app says."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from worker_py.settings import Settings
from worker_py_tool.bundle.project import LIMITS, Project, read
from worker_py_tool.errors import ToolError

Write = Callable[[str, str], Path]

EVERYTHING = """
[project]
dependencies = ["phonenumbers>=9", "./lib"]

[tool.worker-py]
app = "card/app.py:card"
portal = ["https://a.bitrix24.com"]
connect = ["wss://pbx.example"]
require = ["tzdata", "./wheels/x-1-py3-none-any.whl"]
page-script = ["phone.js"]
client = "b24jssdk"
phone = "jssip"
bx24-url = "bx24.js"
report-to = "https://reports.example"
out = "dist"

[tool.worker-py.config]
lines = 3

[tool.worker-py.settings]
handler_timeout_s = 10
slice_limit_ms = false
"""


def test_each_key_is_taken_and_paths_are_those_of_the_file(write: Write, tmp_path: Path) -> None:
    write("pyproject.toml", EVERYTHING)
    write("bx24.js", "")
    assert read(str(write("app.py", ""))) == Project(
        tmp_path,
        app=str(tmp_path / "card/app.py:card"),
        portal=["https://a.bitrix24.com"],
        connect=["wss://pbx.example"],
        require=["tzdata", str(tmp_path / "wheels/x-1-py3-none-any.whl")],
        page_script=[tmp_path / "phone.js"],
        client="b24jssdk",
        phone="jssip",
        bx24_url=str(tmp_path / "bx24.js"),
        report_to="https://reports.example",
        out=tmp_path / "dist",
        config={"lines": 3},
        settings={"handler_timeout_s": 10, "slice_limit_ms": None},
        dependencies=["phonenumbers>=9", str(tmp_path / "lib")],
    )


def test_without_an_app_it_is_the_file_of_this_directory_and_paths_stay_short(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("pyproject.toml", EVERYTHING)
    monkeypatch.chdir(tmp_path)
    found = read(None)
    assert (found.app, found.out, found.page_script) == ("card/app.py:card", Path("dist"), [Path("phone.js")])


def test_the_file_is_the_one_beside_the_file_or_the_package(write: Write, tmp_path: Path) -> None:
    write("pyproject.toml", '[tool.worker-py]\nout = "outer"\n')
    write("card/pyproject.toml", '[tool.worker-py]\nout = "inner"\n')
    write("card/__init__.py", "")
    assert read(str(tmp_path / "card")).out == tmp_path / "outer"
    assert read(f"{tmp_path / 'card' / '__init__.py'}:app").out == tmp_path / "card" / "inner"


@pytest.mark.parametrize("text", [None, "", "[tool.other]\nkey = 1\n", "[project]\nname = 'x'\n"])
def test_what_says_nothing_of_us_changes_nothing(write: Write, tmp_path: Path, text: str | None) -> None:
    if text is not None:
        write("pyproject.toml", text)
    assert read(str(write("app.py", ""))) == Project(tmp_path)


def test_the_limits_are_those_of_the_app() -> None:
    assert LIMITS == tuple(each.name for each in dataclasses.fields(Settings))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.worker-py\n", ": cannot be read: "),
        ("[tool]\nworker-py = 1", "tool.worker-py should be a table, not 1"),
        ("[tool.worker-py]\nportals = []", "[tool.worker-py] has no key 'portals'\n  Did you mean portal?"),
        ("[tool.worker-py]\npage_script = []", "has no key 'page_script'\n  Did you mean page-script?"),
        ("[tool.worker-py]\nzzz = 1", "has no key 'zzz'\n  There are: app, portal, "),
        (
            "[tool.worker-py]\nportal = 'https://a'",
            "portal should be a list of texts that are not empty, not 'https://a'",
        ),
        ("[tool.worker-py]\nrequire = ['']", "require should be a list of texts that are not empty, not ['']"),
        ("[tool.worker-py]\napp = 5", "app should be a text that is not empty, not 5"),
        ("[tool.worker-py]\nout = ''", "out should be a text that is not empty, not ''"),
        ("[tool.worker-py]\nclient = 'bx'", 'client should be "bx24" or "b24jssdk", not \'bx\''),
        ("[tool.worker-py]\nphone = ['jssip']", 'phone should be "loopback" or "jssip", not [\'jssip\']'),
        ("[tool.worker-py]\nconfig = 1", "config should be a table, not 1"),
        ("[tool.worker-py]\nsettings = 1", "settings should be a table, not 1"),
        (
            "[tool.worker-py.settings]\nhandler_timeout_ms = 1",
            "[tool.worker-py.settings] has no key 'handler_timeout_ms'\n  Did you mean handler_timeout_s?",
        ),
        (
            "[tool.worker-py.settings]\nslice_limit_ms = 0",
            "slice_limit_ms should be a positive number, or false for no limit, not 0",
        ),
        ("[tool.worker-py.settings]\nslice_limit_ms = true", "or false for no limit, not True"),
        ("[tool.worker-py.settings]\nslice_limit_ms = nan", "or false for no limit, not nan"),
        ("[tool.worker-py.settings]\nslice_limit_ms = '1'", "or false for no limit, not '1'"),
        ("project = 1", "project should be a table, not 1"),
        (
            "[project]\ndependencies = 'x'",
            "[project] dependencies should be a list of texts that are not empty, not 'x'",
        ),
        ("[project]\ndynamic = ['dependencies']", "[project] says that its dependencies are dynamic"),
    ],
)
def test_what_is_wrong_is_named_with_the_file(write: Write, text: str, message: str) -> None:
    path = write("pyproject.toml", text)
    with pytest.raises(ToolError) as refused:
        read(str(write("app.py", "")))
    assert str(refused.value).startswith(f"{path}: ")
    assert message in str(refused.value)


def test_a_file_in_another_encoding_is_a_sentence(tmp_path: Path, write: Write) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"[tool.worker-py]\napp = '\xff'\n")
    with pytest.raises(ToolError, match=r"cannot be read: .*can't decode"):
        read(str(write("app.py", "")))
