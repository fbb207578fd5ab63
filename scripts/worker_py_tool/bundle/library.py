"""Python's library for memory snapshots: compiled beforehand, without docstrings and columns.

Memory that sources were compiled in has gaps, and what nobody looks at in a browser is a third of it. The bundle's
archive of the library, which a start puts in place afterwards, is the original.
"""

from pathlib import Path

from worker_py_tool import progress
from worker_py_tool.bundle import fence, target
from worker_py_tool.bundle.digests import digest_of_files
from worker_py_tool.made_once import made_once
from worker_py_tool.paths import CACHE

SCRIPT = Path(__file__).with_name("library.mjs")
IN_PYODIDE = Path(__file__).with_name("lean.py")
NAME = "python_stdlib.zip"


def lean() -> Path:
    """The archive; it is made once for each Pyodide.

    Raises:
        ToolError: It cannot be made.
    """
    return made_once(CACHE / "library" / f"{key()}.zip", "compiling the library", _make)


def _make(aside: Path) -> Path:
    version = target.read().short.replace(".", "")
    made = aside / fence.MADE / NAME
    config = {
        "pyodide": str(fence.PYODIDE),
        "script": str(IN_PYODIDE),
        "library": str(fence.PYODIDE / NAME),
        "path": f"/lib/python{version}.zip",
        "made": str(made),
    }
    with progress.step("compiling Python's library"):
        fence.run(SCRIPT, config, "compile Python's library", aside=aside, reads=[IN_PYODIDE])
    return made


def key() -> str:
    """What the archive depends on."""
    return digest_of_files((SCRIPT, IN_PYODIDE, fence.INSIDE, fence.PYODIDE / "package.json"))
