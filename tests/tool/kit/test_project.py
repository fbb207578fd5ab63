"""Where the app under test is, and how it is imported."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from worker_py import App
from worker_py_tool.errors import ToolError
from worker_py_tool.kit import project

Write = Callable[[str, str], Path]
APP = "from worker_py import App\napp = App()\nother = App()\n"
TABLE = '[tool.worker-py]\napp = "cards.py:other"\n'


@pytest.fixture(autouse=True)
def nothing_stays_imported(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_the_first_directory_that_has_a_project_is_taken(write: Write, tmp_path: Path) -> None:
    write("named/pyproject.toml", TABLE)
    write("plain/app.py", APP)
    write("foreign/pyproject.toml", "[project]\nname = 'x'\n")
    named, plain, foreign = (tmp_path / name for name in ("named", "plain", "foreign"))
    assert project.find([foreign, named, plain]) == f"{named / 'cards.py'}:other"
    assert project.find([plain, named]) == f"{plain / 'app.py'}:app"
    assert project.find([foreign]) == f"{foreign / 'app.py'}:app"


def test_an_app_is_imported_under_the_name_by_which_tests_import_it(write: Write, tmp_path: Path) -> None:
    file = write("kit_project_cards.py", APP)
    app = project.load(f"{file}:other")
    assert isinstance(app, App)
    assert app is sys.modules["kit_project_cards"].other
    assert project.source_of(app) == f"{file}:other"


def test_a_package_directory_is_an_app_too(write: Write, tmp_path: Path) -> None:
    write("kit_project_phone/__init__.py", "from .inner import app\n")
    write("kit_project_phone/inner.py", APP)
    app = project.load(f"{tmp_path / 'kit_project_phone'}:app")
    assert project.source_of(app) == f"{tmp_path / 'kit_project_phone'}:app"


def test_a_file_in_a_folder_of_apps_is_meant_by_itself(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write("kit_project_apps/cards.py", APP)
    monkeypatch.syspath_prepend(str(file.parent.parent))
    app = importlib.import_module("kit_project_apps.cards").other
    assert project.source_of(app) == f"{file}:other"


def test_where_tests_have_it_too_the_module_itself_is_meant(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write("kit_project_cards.py", APP)
    write("conftest.py", "")
    app = project.load(f"{file}:app")
    for name in ("conftest", "test_cards", "cards_test"):
        module = type(sys)(name)
        module.__file__ = f"/somewhere/{name}.py"
        vars(module)["app"] = app
        monkeypatch.setitem(sys.modules, name, module)
    assert project.source_of(app) == f"{file}:app"


def test_an_app_of_the_tests_own_cannot_be_built() -> None:
    with pytest.raises(ToolError, match="of no module outside the tests"):
        project.source_of(App())


def test_what_is_not_there_is_told_with_the_remedy(write: Write, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"there is no .*app.py.*\n?.*override the fixture worker_app"):
        project.load(f"{tmp_path / 'app.py'}:app")
    file = write("kit_project_cards.py", APP)
    with pytest.raises(ToolError, match="has no App named 'mine'"):
        project.load(f"{file}:mine")


def test_a_module_that_is_hidden_by_another_one_is_told(write: Write) -> None:
    with pytest.raises(ToolError, match="has its name"):
        project.load(f"{write('json.py', APP)}:app")
