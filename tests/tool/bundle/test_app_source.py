"""What `--app` takes and refuses."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from worker_py_tool.bundle.app_source import read_app
from worker_py_tool.errors import ToolError

Write = Callable[[str, str], Path]


def entries(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_a_file_is_packed_under_its_own_name(write: Write) -> None:
    app = read_app(str(write("handlers.py", "app = 1\n")))
    assert (app.module, app.attribute) == ("handlers", "app")
    assert entries(app.archive()) == {"handlers.py": b"app = 1\n"}


def test_a_package_is_packed_without_caches_and_hidden_files(write: Write, tmp_path: Path) -> None:
    write("shop/__init__.py", "from .calls import app as app\n")
    write("shop/calls.py", "app = 1\n")
    write("shop/texts/de.json", "{}")
    write("shop/__pycache__/calls.pyc", "x")
    write("shop/.secret", "x")
    app = read_app(str(tmp_path / "shop"))
    assert app.module == "shop"
    assert list(entries(app.archive())) == ["shop/__init__.py", "shop/calls.py", "shop/texts/de.json"]


def test_the_same_app_gives_the_same_bytes_whatever_its_times(write: Write) -> None:
    path = write("handlers.py", "app = 1\n")
    before = read_app(str(path)).archive()
    path.touch()
    path.chmod(0o755)
    assert read_app(str(path)).archive() == before


@pytest.mark.parametrize(
    "source",
    [
        "app: object = 1",
        "if True:\n    app = 1",
        "try:\n    from json import loads as app\nexcept ImportError:\n    raise",
        "from json import *",
        "def app(): ...",
        "(app := 1)",
    ],
)
def test_an_app_may_be_defined_in_any_way_python_has(write: Write, source: str) -> None:
    assert read_app(str(write("handlers.py", source))).attribute == "app"


def test_another_name_is_given_behind_a_colon(write: Write) -> None:
    path = write("handlers.py", "calls = 1\n")
    assert read_app(f"{path}:calls").attribute == "calls"


@pytest.mark.parametrize(
    ("name", "source", "suffix", "message"),
    [
        ("handlers.py", "x = 1", "", "defines no 'app'"),
        ("handlers.py", "def f():\n    app = 1", "", "defines no 'app'"),
        ("handlers.py", "app = 1", ":not-a-name", "'not-a-name' is not a Python name"),
        ("handlers.py", "app = 1", ":class", "'class' is not a Python name"),
        ("handlers.py", "app = (", "", "handlers.py:1: "),
        ("my-handlers.py", "app = 1", "", "'my-handlers' is not a Python name"),
        ("asyncio.py", "app = 1", "", "would hide"),
        ("worker_py.py", "app = 1", "", "would hide"),
        ("handlers.txt", "app = 1", "", "not a .py file"),
        ("handlers/readme.md", "app = 1", "/..", "no __init__.py"),
    ],
)
def test_what_cannot_work_is_refused_with_its_name(
    write: Write, tmp_path: Path, name: str, source: str, suffix: str, message: str
) -> None:
    path = write(name, source)
    specification = str(path.parent) if suffix == "/.." else f"{path}{suffix}"
    with pytest.raises(ToolError) as refused:
        read_app(specification)
    assert message in refused.value.message
    assert "\n" not in refused.value.message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"there is no .*nowhere\.py"):
        read_app(str(tmp_path / "nowhere.py"))
