"""The library of memory snapshots: it works like the original, and says what is left out."""

from __future__ import annotations

import ast
import io
import types
import zipfile
from pathlib import Path

import pytest

from worker_py_tool.bundle import lean, library
from worker_py_tool.paths import NODE_MODULES

SOURCE = '''
"""Of the module."""

__doc__ += ""
unchanged = "Of the module."


class Example:
    """Of the class."""

    def method(self):
        """Of the method."""
        return self.__doc__

    def plain(self):
        return "Of the method."


class Bare:
    __doc__ = unchanged


def function(name="Of the function."):
    """Of the function."""
    return name


async def numbers():
    """Of a coroutine."""
    return [each for each in (1, 2)]
'''


def _packed(day: int, **files: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, source in files.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.py", (2026, 1, day, 0, 0, 0)), source)
    return made.getvalue()


def _lean(**files: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(lean.run(_packed(1, **files), "/lib/python.zip")))


def test_code_without_docstrings_does_what_it_did_and_says_where_they_are() -> None:
    module = types.ModuleType("example")
    exec(compile(lean.without_docstrings(ast.parse(SOURCE)), "example.py", "exec"), vars(module))

    documented = [module.Example, module.Example.method, module.function, module.numbers, module]
    assert [each.__doc__ for each in documented] == [lean.DOCSTRING] * 5
    assert "docs.python.org" in lean.DOCSTRING
    assert (module.Example().method(), module.Example().plain()) == (lean.DOCSTRING, "Of the method.")
    assert (module.Bare.__doc__, module.function()) == ("Of the module.", "Of the function.")
    assert module.Example.plain.__doc__ is None


def test_an_archive_holds_compiled_code_and_what_is_no_python_as_it_is() -> None:
    archive = _lean(sound="x = 1\n", unsound="x = = 1\n")
    assert archive.namelist() == ["sound.pyc", "unsound.py"]
    assert archive.read("unsound.py") == b"x = = 1\n"
    assert archive.read("sound.pyc")[4:16] == bytes([1]) + bytes(11), "its source is not looked for"


def test_the_same_sources_give_the_same_archive() -> None:
    """Whenever its files were written."""
    files = {"sound": SOURCE, "other": "NAMES = {'a', 'b', 'c'}\nif 'd' in {'e', 'f', 'd'}:\n    pass\n"}
    once, again = (_packed(day, **files) for day in (1, 2))
    assert lean.run(once, "/lib/python.zip") == lean.run(again, "/lib/python.zip")


@pytest.mark.campaign  # Pyodide compiles all of it; that the same comes of the same is held above
def test_the_library_is_the_same_when_it_is_made_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = library.lean()
    monkeypatch.setattr(library, "key", lambda: "again")
    monkeypatch.setattr(library, "CACHE", tmp_path)
    assert library.lean().read_bytes() == made.read_bytes()


@pytest.mark.slow  # Pyodide compiles all of it, where it has not yet
def test_the_library_is_made_once_and_loses_nothing_but_docstrings() -> None:
    made = library.lean()
    before = made.stat().st_mtime_ns
    assert library.lean().stat().st_mtime_ns == before
    with zipfile.ZipFile(NODE_MODULES / "pyodide" / library.NAME) as original, zipfile.ZipFile(made) as archive:
        names = [name.removesuffix("c") if name.endswith(".pyc") else name for name in archive.namelist()]
        assert names == original.namelist()
        code = archive.read("json/decoder.pyc")
    assert b"Simple JSON" not in code
    assert code.count(lean.DOCSTRING.encode()) == 1
