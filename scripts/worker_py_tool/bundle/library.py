"""Python's library for memory snapshots: compiled beforehand, without docstrings and columns.

Memory that sources were compiled in has gaps, and what nobody looks at in a browser is a third of it. The bundle's
archive of the library, which a start puts in place afterwards, is the original.
"""

import json
import os
from pathlib import Path

from worker_py_tool import progress
from worker_py_tool.bundle import fence, target
from worker_py_tool.bundle.digests import digest_of_files
from worker_py_tool.locking import exclusive
from worker_py_tool.paths import CACHE
from worker_py_tool.scratch import scratch

SCRIPT = Path(__file__).with_name("library.mjs")
IN_PYODIDE = Path(__file__).with_name("lean.py")
NAME = "python_stdlib.zip"


def lean() -> Path:
    """The archive; it is made once for each Pyodide.

    Raises:
        ToolError: It cannot be made.
    """
    made = CACHE / "library" / f"{key()}.zip"
    if not made.exists():
        with exclusive(f"compiling the library: {made.stem}"):
            if not made.exists():
                _make(made)
    return made


def _make(made: Path) -> None:
    made.parent.mkdir(parents=True, exist_ok=True)
    version = target.read().short.replace(".", "")
    with scratch("making-", made.parent) as aside:
        (aside / "made").mkdir()
        config = {
            "pyodide": str(fence.PYODIDE),
            "script": str(IN_PYODIDE),
            "library": str(fence.PYODIDE / NAME),
            "path": f"/lib/python{version}.zip",
            "made": str(aside / "made" / NAME),
        }
        (aside / "config.json").write_text(json.dumps(config), encoding="utf-8")
        with progress.step("compiling Python's library"):
            fence.run(
                SCRIPT, [aside / "config.json"], "compile Python's library", reads=[IN_PYODIDE], writes=[aside / "made"]
            )
        os.replace(aside / "made" / NAME, made)


def key() -> str:
    """What the archive depends on."""
    return digest_of_files((SCRIPT, IN_PYODIDE, fence.INSIDE, fence.PYODIDE / "package.json"))
