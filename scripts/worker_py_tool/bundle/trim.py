"""Which Pyodide a bundle gets: one without the exports that nobody names, or, for machine code, the whole one.

A tenth of the module and a third of its JavaScript serve code that is linked to it later. Most apps bring none.
"""

import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from worker_py_tool import progress
from worker_py_tool.bundle import fence
from worker_py_tool.bundle.app_source import AppSource
from worker_py_tool.bundle.digests import digest_of_files
from worker_py_tool.made_once import made_once
from worker_py_tool.paths import CACHE, STATIC
from worker_py_tool.process import say

SCRIPT = Path(__file__).with_name("trim.mjs")
MODULE = Path(__file__).with_name("wasm_module.mjs")
READERS = (STATIC / "worker" / "snapshot.js",)
"""Our modules that name exports."""
BY_NAME = re.compile(rb"\b(?:pythonapi|CDLL|PyDLL|cdll|pydll)\b")
"""What `ctypes` is asked by for functions of the interpreter itself."""


def pyodide_for(app: AppSource, wheels: Sequence[Path]) -> Path:
    """The directory of the Pyodide that they need."""
    return fence.PYODIDE if _needs_whole(app, wheels) else _trimmed() or fence.PYODIDE


def _needs_whole(app: AppSource, wheels: Sequence[Path]) -> bool:
    files = (file for part in (app.files, *map(_files, wheels)) for file in part)
    return any(name.endswith(".so") or (name.endswith(".py") and BY_NAME.search(content)) for name, content in files)


def _files(wheel: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            yield name, archive.read(name) if name.endswith(".py") else b""


def _trimmed() -> Path | None:
    """The one without; it is made once for each Pyodide. None where the rules do not fit."""
    made = made_once(CACHE / "pyodide" / _key(), "trimming Pyodide", _make)
    known = json.loads((made / "result.json").read_text(encoding="utf-8"))
    if "refused" not in known:
        return made
    say(f"warning: the bundle holds all of Pyodide, a tenth more than it needs: {known['refused']}")
    return None


def _make(aside: Path) -> Path:
    made = aside / fence.MADE
    config = {"pyodide": str(fence.PYODIDE), "readers": list(map(str, READERS)), "made": str(made)}
    with progress.step("trimming Pyodide"):
        answer = fence.run(SCRIPT, config, "trim Pyodide", aside=aside, reads=[MODULE, *READERS])
    (made / "result.json").write_text(json.dumps(answer), encoding="utf-8")
    return made


def _key() -> str:
    return digest_of_files((SCRIPT, MODULE, fence.INSIDE, *READERS, fence.PYODIDE / "package.json"))
