"""The Python packages of a bundle: resolved, tried in Node's Pyodide, and locked."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker_py_tool import progress
from worker_py_tool.bundle import compiled, fence, library, lock_file, packages, pylock, snapshot, wheel_check, wheels
from worker_py_tool.bundle.digests import digest_of_files
from worker_py_tool.errors import ToolError
from worker_py_tool.locking import exclusive
from worker_py_tool.paths import CACHE
from worker_py_tool.process import say
from worker_py_tool.scratch import scratch

SCRIPT = Path(__file__).with_name("freeze.mjs")
IN_PYODIDE = Path(__file__).with_name("freeze.py")
NOT_FOR_BROWSERS = "It needs what the browser's Python does not have: take another package or another version."


@dataclass(frozen=True, slots=True)
class Frozen:
    """The packages of a bundle.

    Attributes:
        app: The wheel of worker_py, and those of the requirements with their dependencies.
        versions: Each package of the requirements, as `name==version`.
        lock: The bundle's lock file, in Pyodide's format; addresses are relative to the bundle.
    """

    app: Sequence[Path]
    versions: Sequence[str]
    lock: bytes


def freeze(
    requirements: Sequence[str],
    *,
    live: bool = False,
    pyodide_packages: str = "",
    lock: Path | None = None,
    insist: bool = False,
) -> Frozen:
    """Resolve the requirements, prove that they work in Pyodide, and lock them; the same ones are done once.

    Args:
        requirements: As `--require` takes them.
        live: As of `wheels.worker_py`.
        pyodide_packages: Where the packages of Pyodide's own distribution are, if not where it publishes them.
        lock: Where the app's own lock is, or would be.
        insist: On that lock.

    Raises:
        ToolError: A requirement has no wheel for Pyodide, contradicts another, or cannot be imported; or the lock does
            not fit.
    """
    found = pylock.chosen(lock, requirements, insist=insist, pyodide_packages=pyodide_packages)
    for note in found.notes:
        say(f"note: {note}")
    theirs = packages.fetch(found.chosen)
    loader = [path for path in wheels.loader() if _name(path) not in {_name(other) for other in theirs}]
    wheel_check.check(requirements, theirs, loader)
    own, *theirs = compiled.archives([wheels.worker_py(live=live), *theirs])
    for problem in _failures(found.asked, loader, theirs):
        raise ToolError(f"--require {problem['requirement']}: {problem['reason']}", NOT_FOR_BROWSERS)
    depends = {each.name: each.depends for each in found.chosen}
    versions = [f"{each.name}=={each.version}" for each in found.chosen]
    return Frozen([own, *theirs], versions, lock_file.content([own, *theirs], depends))


def _name(wheel: Path) -> str:
    return wheel.name.split("-")[0]


def _failures(asked: Mapping[str, str], loader: Sequence[Path], theirs: Sequence[Path]) -> Sequence[Mapping[str, str]]:
    """Install the wheels in Node's Pyodide, and import what was asked for; done once when all of it works."""
    config = {
        "pyodide": str(fence.PYODIDE),
        "loader": [str(path) for path in loader],
        "script": str(IN_PYODIDE),
        "wheels": [str(path) for path in theirs],
        "requirements": dict(asked),
        "limitS": fence.IMPORT_LIMIT_S,
    }
    tried = CACHE / "frozen" / f"{_key(config, [*loader, *theirs])}.json"
    if not asked or tried.exists():
        return []
    with exclusive(f"trying packages in Pyodide: {tried.stem}"):
        return [] if tried.exists() else _run(tried, config, asked)


def _run(tried: Path, config: Mapping[str, Any], asked: Mapping[str, str]) -> Sequence[Mapping[str, str]]:
    tried.parent.mkdir(parents=True, exist_ok=True)
    memory = snapshot.interpreter()["memory"]
    lean = str(library.lean())  # what that interpreter has read of its library is not the original's
    files = [Path(path) for path in (*config["loader"], *config["wheels"], IN_PYODIDE, memory, lean)]
    with scratch("making-", tried.parent) as aside:
        what = ", ".join(asked.values())
        with progress.step(f"trying in Pyodide: {what}"):
            told = {**config, "memory": memory, "library": lean}
            purpose = f"install {what} in Pyodide"
            found = fence.run(SCRIPT, told, purpose, aside=aside, reads=files, imports=len(asked))
    failed: Sequence[Mapping[str, str]] = found["failed"]
    if not failed:  # a machine that was slow may be quicker next time
        tried.write_text("{}", encoding="utf-8")
    return failed


def _key(config: Mapping[str, Any], contents: Sequence[Path]) -> str:
    names = [path.name for path in contents]
    files = (SCRIPT, IN_PYODIDE, fence.INSIDE, fence.PYODIDE / "package.json", *contents)
    return digest_of_files(files, json.dumps([config["requirements"], names]).encode())
