"""The memory snapshot of a bundle: the interpreter with the app imported, made in Node's Pyodide."""

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from worker_py_tool import progress
from worker_py_tool.bundle import fence
from worker_py_tool.bundle.app_source import AppSource
from worker_py_tool.errors import ToolError
from worker_py_tool.locking import exclusive
from worker_py_tool.paths import CACHE
from worker_py_tool.process import say
from worker_py_tool.scratch import scratch

SCRIPT = Path(__file__).with_name("snapshot.mjs")
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
    key = _key(app, wheels)
    cached = CACHE / "snapshots" / f"{key}.json"
    if not cached.exists():
        with exclusive(f"making a snapshot: {key}"):
            if not cached.exists():
                _make(cached, key, app, wheels)
    result = json.loads(cached.read_text(encoding="utf-8"))
    if result["ok"]:
        return Snapshot(cached.with_suffix(".bin").read_bytes())
    reason = _last_line(result["reason"])
    if NO_APP.match(reason):
        raise ToolError(NO_APP.sub("", reason))
    say(f"warning: no snapshot, so the interpreter boots slower: {reason}")
    return Snapshot(None, result["reason"])


def _make(cached: Path, key: str, app: AppSource, wheels: Sequence[Path]) -> None:
    cached.parent.mkdir(parents=True, exist_ok=True)
    with scratch("making-", cached.parent) as aside:
        (aside / "app.zip").write_bytes(app.archive())
        config = {
            "pyodide": str(fence.PYODIDE),
            "wheels": [str(path) for path in wheels],
            "archive": str(aside / "app.zip"),
            "module": app.module,
            "attribute": app.attribute,
            "seed": key,
            "limitS": fence.IMPORT_LIMIT_S,
        }
        (aside / "config.json").write_text(json.dumps(config), encoding="utf-8")
        (aside / "made").mkdir()
        with progress.step("making the memory snapshot"):
            result = fence.run(
                SCRIPT,
                [aside / "config.json", aside / "made" / "snapshot.bin"],
                "make the memory snapshot",
                reads=[aside / "app.zip", *wheels],
                writes=[aside / "made"],
            )
        if result.get("slow"):
            raise ToolError(
                f"`import {app.module}` did not end within {fence.IMPORT_LIMIT_S} s\n{_of_the_app(result['reason'])}",
                fence.ENDS,
            )
        if result["ok"]:
            os.replace(aside / "made" / "snapshot.bin", cached.with_suffix(".bin"))
        (aside / "result.json").write_text(json.dumps(result), encoding="utf-8")
        os.replace(aside / "result.json", cached)


def _of_the_app(traceback: str) -> str:
    """The lines of a traceback that show where the app's own code was."""
    lines = traceback.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith('  File "/app/')]
    return "\n".join(lines[starts[0] :] if starts else lines[-1:])


def _key(app: AppSource, wheels: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    names = " ".join((*fence.FLAGS, *fence.FLAGS_OF_SOME, f"{app.module}:{app.attribute}"))
    parts = [SCRIPT.read_bytes(), fence.INSIDE.read_bytes(), names.encode(), app.archive()]
    parts += [path.read_bytes() for path in (fence.PYODIDE / "package.json", *wheels)]
    for part in parts:
        digest.update(f"{len(part)}\n".encode() + part)
    return digest.hexdigest()[:20]


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1] if text.strip() else "no reason given"
