"""What a snapshot must not hold: places in the table of functions, which is another one in each browser's engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from worker_py_tool.bundle import frozen, snapshot, wheels
from worker_py_tool.bundle.app_source import read_app

pytestmark = pytest.mark.slow  # Pyodide starts for each

APP = "import ctypes\n\nfrom worker_py import App\n\napp = App()\n"


@pytest.mark.parametrize(
    ("kept", "refused"),
    [
        ("", ""),
        ("size = ctypes.sizeof(ctypes.c_long)", ""),
        ("call = ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 1)", "makes a function of C"),
        ("fail = ctypes.pythonapi.PyErr_SetString", "looks up a function of C"),
    ],
)
def test_an_app_that_keeps_a_function_of_c_is_not_frozen(
    write: Callable[[str, str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str, refused: str
) -> None:
    monkeypatch.setattr(snapshot, "CACHE", tmp_path / "cache")
    made = snapshot.make(read_app(str(write("handlers.py", f"{APP}{kept}\n"))), [wheels.worker_py()])
    assert refused in made.reason
    assert (made.content is None) is bool(refused)


COMPILED = f"import msgspec, pydantic\n{APP}"


def made_of_compiled(write: Callable[[str, str], Path], cache: Path, more: str = "") -> snapshot.Snapshot:
    packages = frozen.freeze(["msgspec==0.23.0", "pydantic>=2"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshot, "CACHE", cache)
        return snapshot.make(read_app(str(write("handlers.py", f"{COMPILED}{more}\n"))), packages.app)


def test_compiled_code_is_in_the_snapshot_the_same_each_time(write: Callable[[str, str], Path], tmp_path: Path) -> None:
    one, other = (made_of_compiled(write, tmp_path / each) for each in ("one", "other"))
    assert [Path(path).name.split(".")[0] for path in one.libraries] == ["_core", "_pydantic_core"]
    assert (one.bare, one.content) == ("", other.content)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("call = ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 1)", "makes a function of C"),
        # That this is seen holds the first test; what is made of it then, the one above.
        pytest.param("fail = ctypes.pythonapi.PyErr_SetString", "looks up a function of C", marks=pytest.mark.campaign),
    ],
)
def test_an_app_with_compiled_code_that_cannot_be_frozen_is_imported_at_each_start(
    write: Callable[[str, str], Path], tmp_path: Path, more: str, why: str
) -> None:
    made = made_of_compiled(write, tmp_path, more)
    assert why in made.bare
    assert (made.reason, made.libraries, made.content is None) == ("", [], False)


def test_compiled_code_that_draws_random_numbers_at_import_stays_out_unless_it_is_known_why(
    write: Callable[[str, str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(snapshot, "HARMLESS", ())
    made = made_of_compiled(write, tmp_path)
    assert made.bare.endswith(" may have drawn a seed, which would be the same in each browser")
    assert f"note: the app is not in the snapshot, and is imported at each start: {made.bare}" in capfd.readouterr().err
