"""`worker-py.json` in a bundle: made once, and left alone from then on."""

import json
from pathlib import Path

import pytest

from worker_py_tool.bundle import config_file, manifest, publish
from worker_py_tool.bundle.app_source import AppSource


def app(source: str) -> AppSource:
    return AppSource(Path("app.py"), "app", "app", (("app.py", source.encode()), ("data.txt", b"config")))


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        ("app.config.greeting", True),
        ("App(config_type=Settings)", True),
        ("app.config_of_line(line)", True),
        ("configure(app)", False),
        ("app = App()", False),
    ],
)
def test_only_apps_that_may_read_it_have_it(source: str, reads: bool) -> None:
    assert config_file.is_read(app(source)) == reads


def test_a_first_bundle_gets_what_the_project_says(tmp_path: Path) -> None:
    config_file.write(tmp_path, tmp_path / "dist", {"greeting": "Grüezi"})
    assert json.loads((tmp_path / config_file.NAME).read_text(encoding="utf-8")) == {"greeting": "Grüezi"}
    config_file.write(tmp_path, tmp_path / "dist", None)
    assert (tmp_path / config_file.NAME).read_text(encoding="utf-8") == "{}\n"


def test_a_file_that_is_there_stays_as_it_is_and_a_project_that_says_otherwise_is_noted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / config_file.NAME).write_text('{"greeting":  "mine"}', encoding="utf-8")
    config_file.write(tmp_path, tmp_path / "dist", {"greeting": "theirs"})
    assert (tmp_path / config_file.NAME).read_text(encoding="utf-8") == '{"greeting":  "mine"}'
    assert "stays as it is" in capsys.readouterr().err
    config_file.write(tmp_path, tmp_path / "dist", {"greeting": "mine"})
    assert capsys.readouterr().err == ""


def test_it_is_no_part_of_the_build(tmp_path: Path) -> None:
    (tmp_path / config_file.NAME).write_text("{}", encoding="utf-8")
    (tmp_path / "index.html").write_text("page", encoding="utf-8")
    assert list(manifest.list_files(tmp_path)) == ["index.html"]
    (tmp_path / manifest.NAME).write_text(
        json.dumps(
            {
                "format": manifest.FORMAT,
                **{name: "" for name in ("build", "version", "pyodide", "client", "csp")},
                "portals": [],
                "packages": [],
                "files": {"index.html": {"sha256": "", "bytes": 4}},
            }
        ),
        encoding="utf-8",
    )
    publish.check_target(tmp_path)
