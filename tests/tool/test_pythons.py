"""What `requires-python` promises: the unit tests pass in each CPython of this machine, and older ones are refused.

Python 3.14 is Pyodide's, in which the same tests run.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from worker_py_tool.bundle import wheels
from worker_py_tool.paths import ROOT

CAMPAIGN = pytest.mark.campaign
OLDEST = (3, 11)
VERSION = "import sys; print(*sys.version_info[:3])"
VERSION_WITH_PIP = f"import pip; {VERSION}"


def candidates() -> Iterator[Path]:
    """Where interpreters may be: on the path, of the system, of pyenv."""
    for minor in range(8, 20):
        if found := shutil.which(f"python3.{minor}"):
            yield Path(found)
    yield Path("/usr/bin/python3")
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob("versions/*/bin/python"))


def interpreters(wanted: Callable[[tuple[int, ...]], bool], script: str = VERSION) -> dict[str, Path]:
    """One of each version that is wanted, and that the script runs in."""
    found: dict[str, Path] = {}
    for path in filter(Path.is_file, candidates()):
        done = subprocess.run([path, "-c", script], capture_output=True, text=True, check=False)
        version = tuple(map(int, done.stdout.split()))
        if version and wanted(version):
            found.setdefault(".".join(map(str, version)), path)
    return found


def some(found: dict[str, Path], which: slice = slice(None)) -> list[Path]:
    """Those of them, the oldest first. A test seeks them itself: each process that collects tests would start all."""
    ordered = sorted(found, key=lambda version: [int(part) for part in version.split(".")])
    return [found[version] for version in ordered][which] or pytest.skip("there is no such Python here")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pytest and what the unit tests need, as pure Python: those of the suite inside Pyodide."""
    directory = tmp_path_factory.mktemp("packages")
    for wheel in wheels.locked("pyodide"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(directory)
    return directory


def others() -> dict[str, Path]:
    return interpreters(lambda version: version >= OLDEST and version[:2] != sys.version_info[:2])


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.version_info[:2] == OLDEST, reason="the suite runs in the oldest that is promised")
def test_the_unit_tests_pass_in_the_oldest(packages: Path, tmp_path: Path) -> None:
    for python in some(others(), slice(1)):
        assert_the_unit_tests_pass(python, packages, tmp_path)


@CAMPAIGN  # what passes in the oldest and in Pyodide's passes between them too
@pytest.mark.timeout(3600)
def test_the_unit_tests_pass_in_each_other(packages: Path, tmp_path: Path) -> None:
    for python in some(others()):
        assert_the_unit_tests_pass(python, packages, tmp_path)


def assert_the_unit_tests_pass(python: Path, packages: Path, compiled: Path) -> None:
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-c", "tests/pyodide/pytest.ini", "--rootdir=.", "tests/unit"],
        cwd=ROOT,
        env={"PYTHONPATH": f"{packages}:{ROOT}", "PATH": os.environ["PATH"], "PYTHONPYCACHEPREFIX": str(compiled)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{python}: {done.stdout[-4000:]}{done.stderr[-2000:]}"


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("which", [slice(-1, None), pytest.param(slice(-1), marks=CAMPAIGN)], ids=["newest", "others"])
def test_an_older_python_is_refused_at_once_and_not_after_trying_older_packages(which: slice) -> None:
    for python in some(interpreters(lambda version: (3, 8) <= version < OLDEST, VERSION_WITH_PIP), which):
        assert_it_is_refused(python)


def assert_it_is_refused(python: Path) -> None:
    done = subprocess.run(
        [python, "-m", "pip", "install", "--dry-run", "--no-input", f"{ROOT}[build]"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    # Which of the requirements pip 23 finds wanting first is chance; that the Python is the reason, it tells each time.
    assert "requires a different python" in done.stderr.lower() or "require a different python" in done.stderr
    assert "This is taking longer than usual" not in done.stdout + done.stderr


def test_what_an_extra_names_has_a_highest_version_too() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    loose = [each for names in extras.values() for each in names if not re.search(r"<|==|\[", each)]
    assert loose == []
