"""The memory snapshot of a bundle: the interpreter with the app imported, made in Node's Pyodide."""

import functools
import hashlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from worker_py_tool import node_packages, progress
from worker_py_tool.app_source import AppSource
from worker_py_tool.errors import ToolError
from worker_py_tool.locking import exclusive
from worker_py_tool.paths import CACHE, NODE_MODULES
from worker_py_tool.process import run_quietly, say

SCRIPT = Path(__file__).with_name("snapshot.mjs")
PYODIDE = NODE_MODULES / "pyodide"
TIMEOUT_S = 300.0
FLAGS = ("--liftoff-only", "--experimental-wasm-jspi")
"""Without the first Node may never end: its exit can hang while WebAssembly is optimized in the background.
Without the second, what is frozen believes for ever that stacks cannot be switched; whether the browser can is looked
at when it starts. A version of Node that does not know one does without it."""
NO_APP = re.compile(r"worker_py\.errors\.(WorkerPyError|RegistrationError): ")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What came of making one.

    Attributes:
        content: The file; None when the app cannot be frozen: the bundle boots without, then.
        reason: Why there is none.
    """

    content: bytes | None
    reason: str = ""


def make(app: AppSource, wheels: Sequence[Path]) -> Snapshot:
    """The snapshot for this app on these wheels; the same input gives the same bytes, and is made once.

    Raises:
        ToolError: The app's name is no `worker_py.App`.
    """
    archive = app.archive()
    key = _key(archive, app, wheels)
    cached = CACHE / "snapshots" / f"{key}.json"
    if not cached.exists():
        with exclusive(f"making a snapshot: {key}"):
            if not cached.exists():
                _make(cached, archive, app, wheels)
    result = json.loads(cached.read_text(encoding="utf-8"))
    if result["ok"]:
        return Snapshot(cached.with_suffix(".bin").read_bytes())
    reason = _last_line(result["reason"])
    if NO_APP.match(reason):
        raise ToolError(NO_APP.sub("", reason))
    say(f"warning: no snapshot, so the interpreter boots slower: {reason}")
    return Snapshot(None, result["reason"])


def _make(cached: Path, archive: bytes, app: AppSource, wheels: Sequence[Path]) -> None:
    cached.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cached.parent) as name:
        aside = Path(name)
        (aside / "app.zip").write_bytes(archive)
        config = {
            "pyodide": str(PYODIDE),
            "wheels": [str(path) for path in wheels],
            "archive": str(aside / "app.zip"),
            "module": app.module,
            "attribute": app.attribute,
        }
        (aside / "config.json").write_text(json.dumps(config), encoding="utf-8")
        with progress.step("making the memory snapshot"):
            node = node_packages.require().executable
            printed = run_quietly(
                [node, *_known(node), SCRIPT, aside / "config.json", aside / "snapshot.bin"],
                "make the memory snapshot",
                timeout_s=TIMEOUT_S,
            )
        result = json.loads(printed.strip().splitlines()[-1])
        if result["ok"]:
            os.replace(aside / "snapshot.bin", cached.with_suffix(".bin"))
        (aside / "result.json").write_text(json.dumps(result), encoding="utf-8")
        os.replace(aside / "result.json", cached)


@functools.cache
def _known(node: Path) -> tuple[str, ...]:
    """Those of `FLAGS` that this Node takes; with one that it does not know it would not start."""
    return tuple(flag for flag in FLAGS if subprocess.run([node, flag, "-e", ""], capture_output=True).returncode == 0)


def _key(archive: bytes, app: AppSource, wheels: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    parts = [SCRIPT.read_bytes(), " ".join(FLAGS).encode(), archive, f"{app.module}:{app.attribute}".encode()]
    parts += [path.read_bytes() for path in (PYODIDE / "package.json", *wheels)]
    for part in parts:
        digest.update(f"{len(part)}\n".encode() + part)
    return digest.hexdigest()[:20]


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1] if text.strip() else "no reason given"
