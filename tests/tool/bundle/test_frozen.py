"""Requirements of an app: resolved to pure wheels, proved in Pyodide, locked. The wheels are made here, offline."""

import base64
import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from worker_py_tool.bundle import manifest, wheels
from worker_py_tool.bundle.build import BuildOptions, build
from worker_py_tool.bundle.frozen import freeze
from worker_py_tool.commands import build as build_command
from worker_py_tool.errors import ToolError

pytestmark = pytest.mark.slow  # pip and Pyodide run for each

Wheel = Callable[..., Path]
APP = "import {module}\nfrom worker_py import App\n\napp = App()\n"


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wheel:
    """Makes a wheel that pip finds, and nothing else is found."""
    # From the real index, on a machine that has none of them yet: what comes after sees the one made here.
    wheels.loader()
    wheels.locked("freeze")
    index = tmp_path / "index"
    index.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))

    def make(
        name: str,
        files: Mapping[str, str],
        *,
        version: str = "1.0",
        needs: tuple[str, ...] = (),
        tag: str = "py3-none-any",
    ) -> Path:
        info = f"{name}-{version}.dist-info"
        metadata = [
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}",
            *(f"Requires-Dist: {one}" for one in needs),
        ]
        contents = {
            **files,
            f"{info}/METADATA": "\n".join(metadata) + "\n",
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
        }
        record = []
        path = index / f"{name}-{version}-{tag}.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for file, text in contents.items():
                archive.writestr(file, text)
                digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
                record.append(f"{file},sha256={digest},{len(text)}")
            archive.writestr(f"{info}/RECORD", "\n".join([*record, f"{info}/RECORD,,"]) + "\n")
        return path

    return make


def test_requirements_are_locked_with_what_they_need(wheel: Wheel) -> None:
    wheel("bells", {"bells.py": "import chimes\n"}, needs=("chimes>=2",))
    chimes = wheel("chimes", {"chimes/__init__.py": ""}, version="2.1")
    frozen = freeze(["bells==1.*"])
    assert frozen.versions == ["bells==1.0", "chimes==2.1"]
    packages = json.loads(frozen.lock)["packages"]
    assert sorted(packages) == ["bells", "chimes", "micropip", "packaging", "worker-py"]
    assert packages["bells"]["depends"] == ["chimes"]
    digest = hashlib.sha256(chimes.read_bytes()).hexdigest()
    assert packages["chimes"]["sha256"] == digest
    assert packages["chimes"]["file_name"] == f"wheels/{digest[:12]}/chimes-2.1-py3-none-any.whl"


def test_what_a_package_needs_in_the_browser_alone_is_found_and_added(wheel: Wheel) -> None:
    wheel("lamps", {"lamps.py": "import wicks\n"}, needs=('wicks; sys_platform == "emscripten"',))
    wheel("wicks", {"wicks.py": ""})
    assert freeze(["lamps"]).versions == ["lamps==1.0", "wicks==1.0"]


def test_an_extra_brings_its_packages(wheel: Wheel) -> None:
    wheel("carts", {"carts.py": ""}, needs=('wheels2; extra == "round"',))
    wheel("wheels2", {"wheels2.py": ""})
    assert freeze(["carts[round]"]).versions == ["carts==1.0", "wheels2==1.0"]
    assert freeze(["carts"]).versions == ["carts==1.0"]


def test_a_package_that_the_lock_is_written_with_does_not_count_as_there(wheel: Wheel) -> None:
    wheel("needy", {"needy.py": ""}, needs=('attrs; sys_platform == "emscripten"',))
    with pytest.raises(ToolError, match="attrs"):
        freeze(["needy"])


@pytest.mark.parametrize(
    ("requirement", "words"),
    [
        ("compiled_one", ["--require compiled_one", "no pure wheel", "Compiled code"]),
        ("nowhere_to_be_found==3", ["--require nowhere_to_be_found==3", "no such package"]),
        ("breaks", ["--require breaks", "`import breaks` fails", "NoSocket: not in a browser", "another package"]),
        ("lonely", ["gone", "which lonely needs"]),
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


def test_requirements_that_contradict_each_other_are_told(wheel: Wheel) -> None:
    wheel("one", {"one.py": ""}, needs=("shared==1",))
    wheel("two", {"two.py": ""}, needs=("shared==2",))
    wheel("shared", {"shared.py": ""}, version="1")
    wheel("shared", {"shared.py": ""}, version="2")
    with pytest.raises(ToolError, match=r"one==1\.0 and two==1\.0: they need versions that contradict"):
        freeze(["one", "two"])


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
    check = build_command.parse(["--check", str(out)])
    assert build_command.run(check) == 0
    assert "in order" in capsys.readouterr().out

    assets = next((out / "assets").iterdir())
    shim = assets / "page" / "shim.js"
    shim.write_bytes(shim.read_bytes()[:-10])
    shim.with_name("link.js").unlink()
    (assets / "worker" / "worker.js.br").write_bytes(b"not what it says")
    (out / "foreign.txt").write_text("mine")
    assert build_command.run(check) == 1
    printed = capsys.readouterr().out
    for words in ("shim.js: has ", "link.js: is missing", "worker.js.br: ", "foreign.txt: does not belong"):
        assert words in printed


def test_a_compressed_file_of_another_content_is_found_although_the_manifest_names_it(tmp_path: Path) -> None:
    app, out = tmp_path / "app.py", tmp_path / "out"
    app.write_text(APP.format(module="json"), encoding="utf-8")
    made = build(BuildOptions(app=str(app), out=out))
    folder = f"assets/{made.build}/page"
    (out / folder / "link.js.gz").write_bytes((out / folder / "shim.js.gz").read_bytes())
    replace(made, files=manifest.list_files(out)).write(out)
    assert manifest.check(out) == [f"{folder}/link.js.gz: holds something else than link.js"]
