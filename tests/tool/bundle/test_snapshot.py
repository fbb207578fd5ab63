"""What a snapshot must not hold: places in the table of functions, which is another one in each browser's engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from worker_py_tool.bundle import snapshot, wheels
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
