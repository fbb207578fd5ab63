"""Compiled Python in the archives of a bundle."""

import csv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.wheels import make_wheel
from worker_py_tool.bundle import compiled, snapshot, target, wheels
from worker_py_tool.bundle.app_source import read_app

CACHED = f"cpython-{target.read().short.replace('.', '')}.pyc"
HASH_THAT_IS_NOT_CHECKED = 0b01


def names(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as opened:
        return opened.namelist()


@dataclass(frozen=True, slots=True)
class Archives:
    """Those of these tests, and what came of each: one interpreter compiles them all."""

    bells: Path
    set_aside: Path
    plain: Path
    made: dict[Path, Path]


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Archives:
    folder = tmp_path_factory.mktemp("archives")
    files = {
        "bells/__init__.py": "from .loud import LOUD\n",
        "bells/loud.py": "LOUD = 3\n",
        "bells/old.py": "print 'Python 2'\n",
        "bells/tones.txt": "la\n",
    }
    bells = make_wheel(folder, "bells", files)
    files = {"horns-1.0.data/purelib/horns/__init__.py": "", "horns-1.0.data/platlib/horns/_loud.so": ""}
    horns = make_wheel(folder, "horns", files)
    with zipfile.ZipFile(folder / "plain.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("tones.txt"), "la")
    given = [bells, horns, folder / "plain.zip"]
    return Archives(bells, horns, given[-1], dict(zip(given, compiled.archives(given), strict=True)))


def test_code_lies_beside_its_source_where_python_looks_for_it(archives: Archives) -> None:
    bells, made = archives.bells, archives.made[archives.bells]
    assert made.name == bells.name
    assert [name for name in names(made) if name.endswith(".pyc")] == [
        f"bells/__pycache__/__init__.{CACHED}",
        f"bells/__pycache__/loud.{CACHED}",
    ], "what is no Python of this version stays as it is"
    with zipfile.ZipFile(bells) as before, zipfile.ZipFile(made) as after:
        kept = [name for name in before.namelist() if not name.endswith("RECORD")]
        assert [after.read(name) for name in kept] == [before.read(name) for name in kept]
        code = after.read(f"bells/__pycache__/loud.{CACHED}")
        listed = {row[0] for row in csv.reader(after.read("bells-1.0.dist-info/RECORD").decode().splitlines())}
        assert listed == set(after.namelist())
    assert int.from_bytes(code[4:8], "little") == HASH_THAT_IS_NOT_CHECKED


def test_the_same_archive_gives_the_same_bytes_whatever_is_compiled_beside_it(
    archives: Archives, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = make_wheel(tmp_path, "more", {"more.py": "from bells.loud import LOUD\nNAMES = ('LOUD', 'bells', 3)\n"})
    monkeypatch.setattr(compiled, "CACHE", tmp_path / "cache")
    beside = compiled.archives([more, archives.bells])[1]
    assert beside != archives.made[archives.bells]
    assert beside.read_bytes() == archives.made[archives.bells].read_bytes()


def test_files_that_a_wheel_sets_aside_lie_where_they_are_installed(archives: Archives) -> None:
    made = archives.made[archives.set_aside]
    found = [name for name in names(made) if ".dist-info" not in name]
    assert found == ["horns/__init__.py", f"horns/__pycache__/__init__.{CACHED}", "horns/_loud.so"]
    with zipfile.ZipFile(made) as archive:
        listed = {row[0] for row in csv.reader(archive.read("horns-1.0.dist-info/RECORD").decode().splitlines())}
        assert listed == set(archive.namelist())


def test_an_archive_without_python_is_as_it_was(archives: Archives) -> None:
    assert names(archives.made[archives.plain]) == ["tones.txt"]


def test_an_app_that_changes_its_interpreter_is_compiled_by_another_one(tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text(
        "import zipfile\nfrom worker_py import App\nzipfile.ZipFile = None\napp = App()\n", encoding="utf-8"
    )
    app = read_app(str(tmp_path / "odd.py"))
    made = snapshot.make(app, compiled.archives([wheels.worker_py()]))
    (tmp_path / "made.zip").write_bytes(made.archive)
    assert names(tmp_path / "made.zip") == ["odd.py", f"__pycache__/odd.{CACHED}"]
    assert made.content is not None
