"""The Python packages of a bundle: resolved by pip, tried in Node's Pyodide, and locked."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker_py_tool import progress
from worker_py_tool.bundle import fence, wheel_check, wheels
from worker_py_tool.errors import ToolError
from worker_py_tool.locking import exclusive
from worker_py_tool.paths import CACHE
from worker_py_tool.scratch import scratch

SCRIPT = Path(__file__).with_name("freeze.mjs")
IN_PYODIDE = Path(__file__).with_name("freeze.py")
ROUNDS = 5
NOT_FOR_BROWSERS = "It needs what the browser's Python does not have: take another package or another version."


@dataclass(frozen=True, slots=True)
class Frozen:
    """The packages of a bundle.

    Attributes:
        loader: Wheels of micropip and its dependency.
        app: The wheel of worker_py, and those of the requirements with their dependencies.
        versions: Each package of the requirements, as `name==version`.
        lock: The bundle's lock file, in Pyodide's format; addresses are relative to the bundle.
    """

    loader: Sequence[Path]
    app: Sequence[Path]
    versions: Sequence[str]
    lock: bytes


def freeze(requirements: Sequence[str], *, live: bool = False) -> Frozen:
    """Resolve the requirements, prove that they work in Pyodide, and lock them; the same ones are done once.

    pip resolves for the machine that it runs on. What a package needs in Pyodide besides is found there, and added.

    Raises:
        ToolError: A requirement has no pure wheel, contradicts another, or cannot be imported.
    """
    own = wheels.worker_py(live=live)
    wanted = list(requirements)
    for _ in range(ROUNDS):
        theirs = wheels.required(wanted)
        loader = [path for path in wheels.loader() if _name(path) not in {_name(other) for other in theirs}]
        wheel_check.check(wanted, theirs, loader)
        answer = _answer(requirements, loader, [own, *theirs])
        for problem in answer["failed"]:
            raise ToolError(f"--require {problem['requirement']}: {problem['reason']}", NOT_FOR_BROWSERS)
        if not answer["missing"]:
            lock = json.dumps(answer["lock"], indent=1, sort_keys=True).encode() + b"\n"
            versions = [each for each in answer["frozen"] if not each.startswith("worker-py==")]
            return Frozen(loader, [own, *theirs], versions, lock)
        wanted = sorted({*wanted, *answer["missing"]})
    raise ToolError(
        f"--require {', '.join(requirements)}: no end of dependencies: {', '.join(wanted)}", "Name exact versions."
    )


def _name(wheel: Path) -> str:
    return wheel.name.split("-")[0]


def _answer(requirements: Sequence[str], loader: Sequence[Path], others: Sequence[Path]) -> Mapping[str, Any]:
    paths = [*loader, *others]
    tools = wheels.locked("freeze")
    info = json.loads((fence.PYODIDE / "pyodide-lock.json").read_text(encoding="utf-8"))["info"]
    config = {
        "pyodide": str(fence.PYODIDE),
        "tools": [str(path) for path in tools],
        "loader": [str(path) for path in loader],
        "script": str(IN_PYODIDE),
        "wheels": {wheels.address(path): str(path) for path in paths},
        "requirements": list(requirements),
        "info": info,
        "limitS": fence.IMPORT_LIMIT_S,
    }
    cached = CACHE / "frozen" / f"{_key(config, [*tools, *paths])}.json"
    if not cached.exists():
        with exclusive(f"trying packages in Pyodide: {cached.stem}"):
            if not cached.exists():
                found = _run(cached, config, requirements)
                if found["failed"]:
                    return found
    answer: Mapping[str, Any] = json.loads(cached.read_text(encoding="utf-8"))
    return answer


def _run(cached: Path, config: Mapping[str, Any], requirements: Sequence[str]) -> Mapping[str, Any]:
    cached.parent.mkdir(parents=True, exist_ok=True)
    files = [Path(path) for path in (*config["tools"], *config["loader"], *config["wheels"].values(), IN_PYODIDE)]
    with scratch("making-", cached.parent) as aside:
        (aside / "config.json").write_text(json.dumps(config), encoding="utf-8")
        what = ", ".join(requirements) or "the bundle's own packages"
        with progress.step(f"trying in Pyodide: {what}"):
            arguments = [aside / "config.json"]
            purpose = f"install {what} in Pyodide"
            found = fence.run(SCRIPT, arguments, purpose, reads=files, imports=len(requirements))
        if not found["failed"]:  # a machine that was slow may be quicker next time
            answer = aside / "answer.json"
            answer.write_text(json.dumps(found), encoding="utf-8")
            os.replace(answer, cached)
    return found


def _key(config: Mapping[str, Any], contents: Sequence[Path]) -> str:
    digest = hashlib.sha256(json.dumps([config["requirements"], config["info"], *config["wheels"]]).encode())
    for path in (SCRIPT, IN_PYODIDE, fence.INSIDE, fence.PYODIDE / "package.json", *contents):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:20]
