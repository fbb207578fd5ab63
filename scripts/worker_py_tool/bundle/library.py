"""Python's library for memory snapshots: compiled beforehand, without docstrings and columns.

Memory that sources were compiled in has gaps, and what nobody looks at in a browser is a third of it. The bundle's
archive of the library, which a start puts in place afterwards, is the original.
"""

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
        config = {
            "pyodide": str(fence.PYODIDE),
            "script": str(IN_PYODIDE),
            "library": str(fence.PYODIDE / NAME),
            "path": f"/lib/python{version}.zip",
            "made": str(aside / fence.MADE / NAME),
        }
        with progress.step("compiling Python's library"):
            fence.run(SCRIPT, config, "compile Python's library", aside=aside, reads=[IN_PYODIDE])
        os.replace(aside / fence.MADE / NAME, made)


def key() -> str:
    """What the archive depends on."""
    return digest_of_files((SCRIPT, IN_PYODIDE, fence.INSIDE, fence.PYODIDE / "package.json"))
