"""Which of the browsers on a machine runs tests."""

import shutil
from pathlib import Path

import pytest

from tests.support.browsers import without_windows
from worker_py_tool.kit.browsers import launch_options
from worker_py_tool.setup import apt, chromium

INSTALLED = {"chromium": "/there/chromium", chromium.SHELL: "/there/shell"}


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The programs of a machine, which a test takes away from."""
    programs = dict(INSTALLED)
    monkeypatch.delenv("WORKER_PY_CHROMIUM", raising=False)
    monkeypatch.setattr(shutil, "which", programs.get)
    monkeypatch.setattr(chromium, "_first_that_starts", lambda found: Path(found[0]) if found[0] else None)
    monkeypatch.setattr(chromium, "DEBIANS", Path(INSTALLED["chromium"]))
    monkeypatch.setattr(
        chromium, "find_installed", lambda: Path(found) if (found := programs.get("chromium")) else None
    )
    return programs


def launched(home: Path, *, whole: bool) -> tuple[object, object]:
    options = launch_options("chromium", home)
    options = options if whole else without_windows(options)
    return options["executable_path"], options["channel"]


def test_the_shell_is_taken_where_it_will_do(installed: dict[str, str], tmp_path: Path) -> None:
    assert launched(tmp_path, whole=False) == (Path("/there/shell"), None)
    assert launched(tmp_path, whole=True) == (Path("/there/chromium"), None)
    del installed[chromium.SHELL]
    assert launched(tmp_path, whole=False) == (Path("/there/chromium"), None)


def test_beside_another_browser_no_shell_is_taken(installed: dict[str, str], tmp_path: Path) -> None:
    installed["chromium"] = "/opt/chrome"
    assert launched(tmp_path, whole=False) == (Path("/opt/chrome"), None)


def test_a_browser_that_is_named_is_taken_for_everything(
    installed: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert installed
    monkeypatch.setenv("WORKER_PY_CHROMIUM", "/my/chrome")
    monkeypatch.setattr(chromium, "find_installed", lambda: Path("/my/chrome"))
    assert launched(tmp_path, whole=False) == launched(tmp_path, whole=True) == (Path("/my/chrome"), None)


def test_playwright_has_both_and_is_told_which(installed: dict[str, str], tmp_path: Path) -> None:
    installed.clear()
    assert launched(tmp_path, whole=False) == (None, None)
    assert launched(tmp_path, whole=True) == (None, "chromium")


@pytest.mark.parametrize("program", [INSTALLED["chromium"], "/opt/chrome"])
def test_debians_shell_comes_beside_debians_chromium_alone(
    installed: dict[str, str], monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(apt, "install", asked.append)
    installed["chromium"] = program
    chromium.ensure()
    assert asked == []
    del installed[chromium.SHELL]
    chromium.ensure()
    assert asked == ([chromium.SHELL] if program == INSTALLED["chromium"] else [])
