"""The command line of `lock`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from worker_py_tool import cli
from worker_py_tool.bundle import pylock
from worker_py_tool.bundle.packages import Package, Packages
from worker_py_tool.commands import lock
from worker_py_tool.errors import ToolError

Write = Callable[[str, str], Path]
PROJECT = '[project]\ndependencies = ["bells"]\n\n[tool.worker-py]\napp = "app.py"\nrequire = ["lamps"]\n'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would be written: place, requirements, options."""
    calls: list[Any] = []

    def write(path: Path, requirements: list[str], **options: Any) -> Packages:
        calls.append((path, requirements, options))
        return Packages(chosen=(Package("bells", "1.0", "b.whl", "", ""),), notes=("bells is old",))

    monkeypatch.setattr(pylock, "write", write)
    return calls


def run(*arguments: str) -> int:
    options = cli.parse("lock", list(arguments))
    lock.needs(options)
    return lock.run(options)


def test_it_is_for_the_app_of_this_directory_and_tells_what_changed(
    write: Write, written: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    write("pyproject.toml", PROJECT)
    write("app.py", "app = 1\n")
    assert run() == 0
    options = {"upgrade": [], "pyodide_packages": "", "addresses": False}
    assert written == [(Path(pylock.NAME), ["bells", "lamps"], options)]
    told = capsys.readouterr()
    assert told.out == f"{pylock.NAME}\n"
    assert told.err.splitlines() == ["bells: none → 1.0", "note: bells is old"]


def test_options_go_where_they_belong(write: Write, written: list[Any], tmp_path: Path) -> None:
    write("pyproject.toml", PROJECT)
    write("card/app.py", "app = 1\n")
    write("needs.txt", "chimes\n")
    run("--app=card/app.py", "--requirements=needs.txt", "--require=gongs", "--upgrade=bells", "--addresses")
    options = {"upgrade": ["bells"], "pyodide_packages": "", "addresses": True}
    assert written == [(Path("card") / pylock.NAME, ["chimes", "gongs"], options)]


def test_without_an_app_or_with_one_that_is_not_there_it_is_refused(write: Write, written: list[Any]) -> None:
    with pytest.raises(ToolError, match="--app is missing"):
        run()
    with pytest.raises(ToolError, match=r"there is no nowhere\.py"):
        run("--app=nowhere.py")
    assert written == []
