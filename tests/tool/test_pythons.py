"""What `requires-python` promises: the unit tests pass in each CPython of this machine.

Python 3.14 is Pyodide's, in which the same tests run.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from worker_py_tool import wheels
from worker_py_tool.paths import ROOT

OLDEST = (3, 11)
VERSION = "import sys; print(*sys.version_info[:3])"


def candidates() -> Iterator[Path]:
    """Where interpreters may be: on the path, of the system, of pyenv."""
    for minor in range(OLDEST[1], 20):
        if found := shutil.which(f"python3.{minor}"):
            yield Path(found)
    yield Path("/usr/bin/python3")
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob("versions/*/bin/python"))


def interpreters() -> dict[str, Path]:
    """One of each version but the one that runs this."""
    found: dict[str, Path] = {}
    for path in filter(Path.is_file, candidates()):
        done = subprocess.run([path, "-c", VERSION], capture_output=True, text=True, check=False)
        version = tuple(map(int, done.stdout.split()))
        if version >= OLDEST and version != sys.version_info[:3]:
            found.setdefault(".".join(map(str, version)), path)
    return found


PYTHONS = interpreters()


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pytest and what the unit tests need, as pure Python: those of the suite inside Pyodide."""
    directory = tmp_path_factory.mktemp("packages")
    for wheel in wheels.locked("pyodide"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(directory)
    return directory


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("version", sorted(PYTHONS))
def test_the_unit_tests_pass(version: str, packages: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [PYTHONS[version], "-m", "pytest", "-q", "-c", "tests/pyodide/pytest.ini", "--rootdir=.", "tests/unit"],
        cwd=ROOT,
        env={"PYTHONPATH": f"{packages}:{ROOT}", "PATH": os.environ["PATH"], "PYTHONPYCACHEPREFIX": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
