"""The demo as plain files: what is in the tree, and what is refused."""

import dataclasses
import json
from pathlib import Path

import pytest

from worker_py_tool import cli
from worker_py_tool.bundle import build, manifest, plain_names
from worker_py_tool.bundle.build import BuildOptions
from worker_py_tool.demo import static as static_demo
from worker_py_tool.errors import ToolError

APP = "from worker_py import App\napp = App()\n"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No snapshot: it takes seconds, and is another test's matter."""
    make = build.build
    monkeypatch.setattr(build, "build", lambda options: make(replaced(options)))


def replaced(options: BuildOptions) -> BuildOptions:
    return dataclasses.replace(options, snapshot=False)


@pytest.fixture
def app(tmp_path: Path) -> str:
    (tmp_path / "mine.py").write_text(APP)
    return str(tmp_path / "mine.py")


def test_the_page_says_where_everything_is_in_relative_addresses(tmp_path: Path, app: str) -> None:
    made = static_demo.write(tmp_path / "out", app=app)
    page = (tmp_path / "out" / "index.html").read_text()
    assert f'data-query="app=app%2F&amp;rest=page&amp;method=get&amp;build={made.build}"' in page
    assert (tmp_path / "out" / "app" / "index.html").is_file()


def test_the_manifests_of_tree_and_bundle_list_what_is_there(tmp_path: Path, app: str) -> None:
    static_demo.write(tmp_path / "out", app=app)
    assert manifest.check(tmp_path / "out") == []
    assert manifest.check(tmp_path / "out" / "app") == []
    assert "app/index.html" in manifest.read(tmp_path / "out").files


def test_what_the_project_says_of_the_settings_is_beside_the_page(tmp_path: Path, app: str) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.worker-py.config]\ngreeting = "Hello"\n')
    assert cli.main(["demo", "--app", app, "--out", str(tmp_path / "out")]) == 0
    assert json.loads((tmp_path / "out" / "app" / "worker-py.json").read_text()) == {"greeting": "Hello"}
    (tmp_path / "out" / "app" / "worker-py.json").write_text("{}")  # whoever runs the site may change it
    assert manifest.check(tmp_path / "out") == []


def test_it_is_replaced_as_a_whole_and_foreign_files_are_left_alone(tmp_path: Path, app: str) -> None:
    out = tmp_path / "out"
    static_demo.write(out, app=app)
    static_demo.write(out, app=app)
    (out / "mine.txt").write_text("mine")
    with pytest.raises(ToolError, match=r"holds mine\.txt"):
        static_demo.write(out, app=app)
    assert (out / "mine.txt").read_text() == "mine"


def test_no_module_has_a_name_that_a_plain_host_does_not_know(tmp_path: Path, app: str) -> None:
    static_demo.write(tmp_path / "out", app=app)
    names = [path.name for path in (tmp_path / "out").rglob("*.*js")]
    assert "pyodide.js" in names
    assert [name for name in names if name.endswith(".mjs")] == []
    assert "pyodide.mjs" not in next((tmp_path / "out" / "app" / "assets").glob("*/worker/worker.js")).read_text()


def test_a_bundle_that_loads_its_modules_by_other_names_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyodide").mkdir()
    (tmp_path / "assets" / "x").mkdir(parents=True)
    (tmp_path / "assets" / "x" / "boot.js").write_text("import 'pyodide.mjs'")
    with pytest.raises(ToolError, match=r"pyodide\.asm\.mjs"):
        plain_names.use(tmp_path)


def test_a_portal_page_without_the_tag_to_replace_is_refused(
    tmp_path: Path, app: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(static_demo, "PLAIN_HTML", "<html lang='xx'>")
    with pytest.raises(ToolError, match="lacks"):
        static_demo.write(tmp_path / "out", app=app)
    assert not (tmp_path / "out").exists()
