"""The Pyodide without the exports that nobody names: who gets it, what is in it, and when there is none."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from worker_py_tool.bundle import fence, trim
from worker_py_tool.bundle.app_source import read_app

APP = "from worker_py import App\n\napp = App()\n"
GLUE, MODULE = "pyodide.asm.mjs", "pyodide.asm.wasm"
Write = Callable[[str, str], Path]


@pytest.mark.parametrize(
    ("line", "whole"),
    [
        ("import ctypes", False),
        ("fail = ctypes.pythonapi.PyErr_SetString", True),
        ("libc = ctypes.CDLL(None)", True),
        ("not_pythonapi_at_all = 1", False),
    ],
)
@pytest.mark.parametrize("where", ["app", "wheel"])
def test_who_asks_for_functions_by_name_gets_the_whole_interpreter(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, whole: bool, where: str
) -> None:
    monkeypatch.setattr(trim, "_trimmed", lambda: tmp_path)
    app = read_app(str(write("handlers.py", f"{APP}{line if where == 'app' else ''}\n")))
    wheel = _wheel(tmp_path, "package/__init__.py", line if where == "wheel" else "")
    assert trim.pyodide_for(app, [wheel]) == (fence.PYODIDE if whole else tmp_path)


def test_machine_code_gets_the_whole_interpreter(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trim, "_trimmed", lambda: tmp_path)
    app = read_app(str(write("handlers.py", APP)))
    assert trim.pyodide_for(app, [_wheel(tmp_path, "package/core.so", "")]) == fence.PYODIDE


def _wheel(directory: Path, name: str, content: str) -> Path:
    path = directory / "package-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, content)
    return path


@pytest.mark.slow  # Pyodide starts
def test_it_is_made_once_the_same_each_time_and_lacks_what_nobody_names(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = read_app(str(write("handlers.py", APP)))
    made = trim.pyodide_for(app, [])
    before = (made / MODULE).stat().st_mtime_ns
    assert trim.pyodide_for(app, []) == made
    assert (made / MODULE).stat().st_mtime_ns == before

    monkeypatch.setattr(trim, "CACHE", tmp_path)
    again = trim.pyodide_for(app, [])
    assert again != made
    assert [(again / name).read_bytes() for name in (GLUE, MODULE)] == [
        (made / name).read_bytes() for name in (GLUE, MODULE)
    ]
    sizes = [sum((path / name).stat().st_size for name in (GLUE, MODULE)) for path in (made, fence.PYODIDE)]
    assert sizes[0] < 0.9 * sizes[1]
    glue = (made / GLUE).read_text(encoding="utf-8")
    assert 'wasmExports["PySys_GetObject"]' not in glue and "_PySys_GetObject," not in glue
    for name in ("_PyRuntime", "_PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET"):
        assert f'wasmExports["{name}"]' in glue and f"_{name}," in glue
        assert name.encode() in (made / MODULE).read_bytes()


def _without(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


UNFIT: dict[str, Callable[[str], str]] = {
    "reaches exports by names that it makes": lambda glue: glue + "\n// wasmExports[name]",
    "0 assignments of exports": lambda glue: glue.replace("function assignWasmExports", "function assign"),
    "assigns an export in an unknown way": lambda glue: _without(glue, '=wasmExports["malloc"]', "=malloc()"),
    "Python does not run in what was made": lambda glue: _without(glue, "var moduleRtn;", "throw Error();"),
}


@pytest.mark.slow  # the module is looked through each time
@pytest.mark.parametrize("reason", UNFIT)
def test_a_pyodide_that_the_rules_do_not_fit_stays_whole_with_a_warning(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], reason: str
) -> None:
    other = tmp_path / "pyodide"
    other.mkdir()
    for path in fence.PYODIDE.iterdir():
        os.link(path, other / path.name) if path.name != GLUE else None
    (other / GLUE).write_text(UNFIT[reason]((fence.PYODIDE / GLUE).read_text(encoding="utf-8")), encoding="utf-8")
    monkeypatch.setattr(fence, "PYODIDE", other)
    monkeypatch.setattr(trim, "CACHE", tmp_path / "cache")

    app = read_app(str(write("handlers.py", APP)))
    for _ in range(2):
        assert trim.pyodide_for(app, []) == other
    said = capfd.readouterr()
    assert (said.out + said.err).count(reason) == 2
