"""Compiled Python in the archives of a bundle, made by pyodide-build in Node's Pyodide.

The interpreter that compiles is the one that runs the result: nothing is compiled in browsers, neither at a boot
without a snapshot nor by an import after the start.
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from worker_py_tool import progress
from worker_py_tool.bundle import fence, wheels
from worker_py_tool.bundle.digests import digest_of_files
from worker_py_tool.locking import exclusive
from worker_py_tool.paths import CACHE
from worker_py_tool.scratch import scratch

SCRIPT = Path(__file__).with_name("compile.mjs")
SHARED = Path(__file__).with_name("compiler.mjs")
IN_PYODIDE = Path(__file__).with_name("compile.py")


def compiler() -> dict[str, Any]:
    """What `compiler.mjs` takes."""
    return {"tools": [str(path) for path in _tools()], "script": str(IN_PYODIDE)}


def reads() -> list[Path]:
    """The files that a script needs which uses `compiler.mjs`."""
    return [SHARED, IN_PYODIDE, *_tools()]


def _tools() -> list[Path]:
    """The wheels of pyodide-build and of what its `py-compile` imports."""
    return [*wheels.locked("compile"), *(path for path in wheels.loader() if path.name.startswith("packaging-"))]


def archives(originals: Sequence[Path]) -> list[Path]:
    """Each archive with compiled code beside its sources, under the same name.

    The same archive gives the same bytes on any machine, and is compiled once.

    Raises:
        ToolError: One cannot be compiled.
    """
    places = {path: _place(path) for path in originals}
    if not all(made.exists() for made in places.values()):
        with exclusive("compiling archives"):
            missing = {path: made for path, made in places.items() if not made.exists()}
            if missing:
                _compile(missing)
    return list(places.values())


def key() -> str:
    """What the result depends on beside the archive."""
    return digest_of_files((SCRIPT, *reads(), fence.PYODIDE / "package.json"))


def _place(original: Path) -> Path:
    content = hashlib.sha256(original.read_bytes()).hexdigest()
    return CACHE / "compiled" / f"{key()}-{content[:20]}" / original.name


def _compile(missing: dict[Path, Path]) -> None:
    (CACHE / "compiled").mkdir(parents=True, exist_ok=True)
    with scratch("making-", CACHE / "compiled") as aside:
        made = {original: aside / fence.MADE / str(number) for number, original in enumerate(missing)}
        config = {
            "pyodide": str(fence.PYODIDE),
            "compiler": compiler(),
            "archives": [[str(original), str(path)] for original, path in made.items()],
        }
        with progress.step(f"compiling {', '.join(original.name for original in missing)}"):
            fence.run(
                SCRIPT,
                config,
                "compile the Python files of the bundle",
                aside=aside,
                reads=[*reads(), *missing],
                imports=len(missing),
                flags=(),  # it works long enough for optimized WebAssembly: two thirds of the time
            )
        for original, place in missing.items():
            place.parent.mkdir(exist_ok=True)
            os.replace(made[original], place)
