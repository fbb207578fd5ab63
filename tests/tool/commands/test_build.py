"""The command line of `build`, and the project's file below it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from worker_py_tool import cli
from worker_py_tool.bundle.build import OFFICIAL_BX24, BuildOptions
from worker_py_tool.commands import build
from worker_py_tool.errors import ToolError

Write = Callable[[str, str], Path]
APP = "from worker_py import App\n\napp = App()\n"
PROJECT = """
[project]
dependencies = ["worker-py", "phonenumbers"]

[tool.worker-py]
app = "card.py"
portal = ["https://a.bitrix24.com"]
connect = ["wss://a.example"]
require = ["tzdata"]
page-script = ["phone.js"]
client = "b24jssdk"
phone = "loopback"
bx24-url = "bx24.js"
out = "dist"

[tool.worker-py.settings]
handler_timeout_s = 10
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def wanted(*arguments: str) -> BuildOptions:
    return build.wanted(cli.parse("build", list(arguments)))


def test_without_options_all_is_as_the_project_says(write: Write, tmp_path: Path) -> None:
    write("pyproject.toml", PROJECT)
    for name, text in (("card.py", APP), ("phone.js", ""), ("bx24.js", "")):
        write(name, text)
    assert build.needs(cli.parse("build", []))
    assert wanted() == BuildOptions(
        app="card.py",
        out=Path("dist"),
        client="b24jssdk",
        bx24_url=str(tmp_path / "bx24.js"),
        portals=["https://a.bitrix24.com"],
        connect=["wss://a.example"],
        page_scripts=[Path("phone.js")],
        phone="loopback",
        requirements=["phonenumbers", "tzdata"],
        settings={"handler_timeout_s": 10},
        include=[],
        lock=Path("pylock.worker-py.toml"),
    )


def test_options_stand_above_the_project(write: Write) -> None:
    write("pyproject.toml", PROJECT)
    write("card.py", APP)
    write("other.py", APP)
    write("needs.txt", "bells\n")
    options = wanted(
        "--frozen", "--pyodide-packages=https://m.example",
        "--app=other.py", "--out=o", "--client=bx24", "--bx24-url=https://b.example/", "--portal=https://b.example",
        "--connect=wss://b.example", "--page-script=b.js", "--phone=jssip", "--requirements=needs.txt",
        "--require=tzdata==1",
    )  # fmt: skip
    assert options == BuildOptions(
        app="other.py",
        out=Path("o"),
        bx24_url="https://b.example/",
        portals=["https://b.example"],
        connect=["wss://b.example"],
        page_scripts=[Path("b.js")],
        phone="jssip",
        requirements=["bells", "tzdata==1"],
        settings={"handler_timeout_s": 10},
        include=[],
        lock=Path("pylock.worker-py.toml"),
        frozen=True,
        pyodide_packages="https://m.example",
    )


def test_without_a_project_the_defaults_stand(write: Write) -> None:
    write("card.py", APP)
    assert wanted("--app=card.py", "--out=o") == BuildOptions(
        app="card.py",
        out=Path("o"),
        bx24_url=OFFICIAL_BX24,
        include=[],
        requirements=[],
        lock=Path("pylock.worker-py.toml"),
    )


@pytest.mark.parametrize(
    ("project", "message"),
    [
        ("", "--app is missing"),
        ("app = 'card.py'", "--out is missing"),
        ("app = 'nowhere.py'\nout = 'o'", "--app nowhere.py: there is no nowhere.py"),
        ("app = 'card.py'\nout = 'o'\nportal = ['x']", "x: not an origin"),
        ("app = 'card.py'\nout = 'o'\nconnect = ['x']", "x: not an origin"),
        ("app = 'card.py'\nout = 'o'\npage-script = ['x.js']", "x.js: there is no such file"),
        ("app = 'card.py'\nout = 'o'\nreport-to = 'x'", "--report-to x: neither a DSN nor"),
        ("app = 'card.py'\nout = '.'", "--out "),
    ],
)
def test_what_the_project_says_is_refused_before_anything_is_installed(
    write: Write, project: str, message: str
) -> None:
    write("card.py", APP)
    write("pyproject.toml", f"[tool.worker-py]\n{project}\n")
    with pytest.raises(ToolError) as refused:
        build.needs(cli.parse("build", []))
    assert message in str(refused.value)
