"""Compiled Python in the archives of a bundle."""

import csv
import shutil
import zipfile
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


@pytest.fixture
def bells(tmp_path: Path) -> Path:
    files = {
        "bells/__init__.py": "from .loud import LOUD\n",
        "bells/loud.py": "LOUD = 3\n",
        "bells/old.py": "print 'Python 2'\n",
        "bells/tones.txt": "la\n",
    }
    return make_wheel(tmp_path, "bells", files)


def test_code_lies_beside_its_source_where_python_looks_for_it(bells: Path) -> None:
    [made] = compiled.archives([bells])
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


def test_the_same_archive_gives_the_same_bytes_whatever_is_compiled_beside_it(bells: Path, tmp_path: Path) -> None:
    more = make_wheel(tmp_path, "more", {"more.py": "from bells.loud import LOUD\nNAMES = ('LOUD', 'bells', 3)\n"})
    together = [path.read_bytes() for path in compiled.archives([more, bells])]
    for made in compiled.archives([more, bells]):
        shutil.rmtree(made.parent)
    assert [path.read_bytes() for path in compiled.archives([bells])] == together[1:]


def test_files_that_a_wheel_sets_aside_lie_where_they_are_installed(tmp_path: Path) -> None:
    files = {"bells-1.0.data/purelib/bells/__init__.py": "", "bells-1.0.data/platlib/bells/_loud.so": ""}
    [made] = compiled.archives([make_wheel(tmp_path, "bells", files)])
    found = [name for name in names(made) if ".dist-info" not in name]
    assert found == ["bells/__init__.py", f"bells/__pycache__/__init__.{CACHED}", "bells/_loud.so"]
    with zipfile.ZipFile(made) as archive:
        listed = {row[0] for row in csv.reader(archive.read("bells-1.0.dist-info/RECORD").decode().splitlines())}
        assert listed == set(archive.namelist())


def test_an_archive_without_python_is_as_it_was(tmp_path: Path) -> None:
    plain = tmp_path / "plain.zip"
    with zipfile.ZipFile(plain, "w") as archive:
        archive.writestr("tones.txt", "la")
    assert names(compiled.archives([plain])[0]) == ["tones.txt"]


def test_an_app_that_changes_its_interpreter_is_compiled_by_another_one(tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text(
        "import zipfile\nfrom worker_py import App\nzipfile.ZipFile = None\napp = App()\n", encoding="utf-8"
    )
    app = read_app(str(tmp_path / "odd.py"))
    made = snapshot.make(app, compiled.archives([wheels.worker_py()]))
    (tmp_path / "made.zip").write_bytes(made.archive)
    assert names(tmp_path / "made.zip") == ["odd.py", f"__pycache__/odd.{CACHED}"]
    assert made.content is not None
