"""Requirements of an app: resolved, proved in Pyodide, locked. The wheels are made here, offline."""

import hashlib
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.wheels import compiled_tag, lock_with, make_wheel
from worker_py_tool import cli
from worker_py_tool.bundle import manifest, target
from worker_py_tool.bundle.build import BuildOptions, build
from worker_py_tool.bundle.frozen import freeze
from worker_py_tool.commands import build as build_command
from worker_py_tool.errors import ToolError

pytestmark = pytest.mark.slow  # Pyodide runs for each

Wheel = Callable[..., Path]
APP = "import {module}\nfrom worker_py import App\n\napp = App()\n"


def test_requirements_are_locked_with_what_they_need(wheel: Wheel) -> None:
    wheel("bells", {"bells.py": "import chimes\n"}, needs=("chimes>=2",))
    chimes = wheel("chimes", {"chimes/__init__.py": ""}, version="2.1")
    frozen = freeze(["bells==1.*"])
    assert frozen.versions == ["bells==1.0", "chimes==2.1"]
    packages = json.loads(frozen.lock)["packages"]
    assert sorted(packages) == ["bells", "chimes", "worker-py"]
    assert packages["bells"]["depends"] == ["chimes"] and packages["bells"]["imports"] == ["bells"]
    assert packages["chimes"]["imports"] == ["chimes"]
    made = next(path for path in frozen.app if path.name == chimes.name)
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    assert packages["chimes"]["sha256"] == digest
    assert packages["chimes"]["file_name"] == f"wheels/{digest[:12]}/chimes-2.1-py3-none-any.whl"


def test_an_extra_brings_its_packages(wheel: Wheel) -> None:
    wheel("carts", {"carts.py": ""}, needs=('wheels2; extra == "round"',))
    wheel("wheels2", {"wheels2.py": ""})
    assert freeze(["carts[round]"]).versions == ["carts==1.0", "wheels2==1.0"]
    assert freeze(["carts"]).versions == ["carts==1.0"]


@pytest.mark.parametrize(
    ("requirement", "words"),
    [
        ("compiled_one", ["--require compiled_one", "its wheels are for Linux", "pyodide build"]),
        ("nowhere_to_be_found==3", ["--require nowhere_to_be_found==3", "has no package nowhere-to-be-found"]),
        ("breaks", ["--require breaks", "`import breaks` fails", "NoSocket: not in a browser", "another package"]),
        ("lonely", ["gone", "which lonely 1.0 needs"]),
    ],
)
def test_a_requirement_that_cannot_be_used_is_named_with_reason_and_remedy(
    wheel: Wheel, tmp_path: Path, requirement: str, words: list[str]
) -> None:
    wheel("compiled_one", {"compiled_one.py": ""}, tag="cp314-cp314-manylinux_2_17_x86_64")
    wheel("breaks", {"breaks.py": "class NoSocket(Exception): ...\nraise NoSocket('not in a browser')\n"})
    wheel("lonely", {"lonely.py": ""}, needs=("gone",))
    app = tmp_path / "app.py"
    app.write_text(APP.format(module="json"), encoding="utf-8")
    with pytest.raises(ToolError) as refused:
        build(BuildOptions(app=str(app), out=tmp_path / "out", requirements=[requirement], compress="none"))
    assert [text for text in words if text not in str(refused.value)] == []
    assert not (tmp_path / "out").exists()


def test_a_wheel_of_pyodides_distribution_is_in_the_bundle_with_its_hash(
    wheel: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel("pages", {"pages.py": "import marks\n"}, needs=("marks",))
    (tmp_path / "mirror").mkdir()
    marks = make_wheel(tmp_path / "mirror", "marks", {"marks.py": ""}, tag=compiled_tag())
    monkeypatch.setattr(target, "LOCK", lock_with(tmp_path / "lock.json", marks))
    app, out = tmp_path / "app.py", tmp_path / "out"
    app.write_text(APP.format(module="pages"), encoding="utf-8")
    options = BuildOptions(app=str(app), out=out, requirements=["pages"], snapshot=False, compress="none")
    made = build(replace(options, pyodide_packages=str(tmp_path / "mirror")))
    assert made.packages == ["marks==1.0", "pages==1.0"]
    entry = json.loads((out / f"assets/{made.build}/pyodide-lock.json").read_bytes())["packages"]["marks"]
    bundled = out / entry["file_name"]
    assert (bundled.name, entry["sha256"]) == (marks.name, hashlib.sha256(bundled.read_bytes()).hexdigest())
    assert zipfile.ZipFile(bundled).read("marks.py") == zipfile.ZipFile(marks).read("marks.py")


def test_a_mirror_that_is_none_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP.format(module="json"), encoding="utf-8")
    asked = ["--app", str(tmp_path / "app.py"), "--out", str(tmp_path / "out"), "--pyodide-packages", "ftp://here"]
    with pytest.raises(ToolError, match="--pyodide-packages ftp://here: neither an http"):
        build_command.needs(cli.parse("build", asked))


@pytest.mark.parametrize("package", [False, True], ids=["file", "package"])
def test_an_app_with_requirements_is_frozen_and_built_the_same_twice(
    wheel: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: bool
) -> None:
    wheel("bells", {"bells.py": "LOUD = 3\n"})
    made = []
    for name, zone in (("first", "UTC"), ("second", "Asia/Tokyo")):
        monkeypatch.setenv("TZ", zone)
        app = tmp_path / name / ("cards" if package else "cards.py")
        main = app / "__init__.py" if package else app
        main.parent.mkdir(parents=True)
        main.write_text(APP.format(module="bells"), encoding="utf-8")
        out = tmp_path / f"{name}-out"
        result = build(BuildOptions(app=str(app), out=out, requirements=["bells"], compress="none"))
        assert result.packages == ["bells==1.0"]
        assert any(path.endswith("/snapshot.bin") for path in result.files)
        made.append(manifest.list_files(out))
    assert made[0] == made[1]


def test_a_bundle_is_checked_against_its_manifest(
    wheel: Wheel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app, out = tmp_path / "app.py", tmp_path / "out"
    app.write_text(APP.format(module="json"), encoding="utf-8")
    build(BuildOptions(app=str(app), out=out))
    check = cli.parse("build", ["--check", str(out)])
    assert build_command.run(check) == 0
    assert "in order" in capsys.readouterr().out

    assets = next((out / "assets").iterdir())
    shim = assets / "page" / "shim.js"
    shim.write_bytes(shim.read_bytes()[:-10])
    shim.with_name("support.js").unlink()
    (assets / "worker" / "worker.js.br").write_bytes(b"not what it says")
    (out / "foreign.txt").write_text("mine")
    assert build_command.run(check) == 1
    printed = capsys.readouterr().out
    for words in ("shim.js: has ", "support.js: is missing", "worker.js.br: ", "foreign.txt: does not belong"):
        assert words in printed


def test_a_compressed_file_of_another_content_is_found_although_the_manifest_names_it(tmp_path: Path) -> None:
    app, out = tmp_path / "app.py", tmp_path / "out"
    app.write_text(APP.format(module="json"), encoding="utf-8")
    made = build(BuildOptions(app=str(app), out=out))
    folder = f"assets/{made.build}/page"
    (out / folder / "support.js.gz").write_bytes((out / folder / "shim.js.gz").read_bytes())
    replace(made, files=manifest.list_files(out)).write(out)
    assert manifest.check(out) == [f"{folder}/support.js.gz: holds something else than support.js"]
