"""The memory snapshot of a bundle: the interpreter with the app imported, made in Node's Pyodide."""

import json
import os
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker_py_tool import progress
from worker_py_tool.bundle import compiled, fence, library
from worker_py_tool.bundle.app_source import AppSource
from worker_py_tool.bundle.digests import digest_of_parts
from worker_py_tool.bundle.import_failure import Failure
from worker_py_tool.errors import ToolError
from worker_py_tool.made_once import made_once
from worker_py_tool.paths import CACHE
from worker_py_tool.process import say

SCRIPT = Path(__file__).with_name("snapshot.mjs")
DESCRIBE = Path(__file__).with_name("describe.py")
LIBRARIES = Path(__file__).with_name("libraries.mjs")
TIDY = Path(__file__).with_name("tidy.py")
TRACE = Path(__file__).with_name("trace_imports.py")
MODULE, GLUE = "pyodide.asm.wasm", "pyodide.asm.mjs"
HARMLESS = ("_pydantic_core",)
"""Compiled modules whose random numbers are seeds of hash tables. What another one draws while the app is imported may
be the state of a generator, which would go on alike in each browser."""
INTERPRETERS = CACHE / "interpreters"
"""Interpreters as they are before an app is installed: most of the time of making a snapshot is their start."""
OURS = "worker_py-"
"""What the file of the wheel of `worker_py` begins with; it is imported there already."""
SLOW_S = 5
"""An import that takes longer is told of: in seconds of the processor."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What came of making one.

    Attributes:
        archive: The app's files, compiled.
        content: The file; None when the app works and cannot be frozen: the bundle boots without, then.
        reason: Why there is none.
        bare: Why the app is not in it, and is imported at each start: it loads compiled code that no snapshot can hold.
        libraries: The compiled code in it, as files of the interpreter, in the order in which it is loaded.
        filled: Behind this many bytes the memory of a new module is empty.
    """

    archive: bytes
    content: bytes | None
    reason: str = ""
    bare: str = ""
    libraries: Sequence[str] = ()
    filled: int = 0


def make(app: AppSource, wheels: Sequence[Path], pyodide: Path = fence.PYODIDE) -> Snapshot:
    """The snapshot for this app on these wheels; the same input gives the same bytes, and is made once.

    Args:
        app: The app.
        wheels: What it imports.
        pyodide: The directory of the Pyodide that the bundle holds.

    Raises:
        ToolError: The app cannot be imported, or its name is no `worker_py.App`.
    """
    key = _key(app, wheels, pyodide)
    cached = CACHE / "snapshots" / f"{key}.json"
    made_once(cached, "making a snapshot", lambda aside: _make(aside, cached, app, wheels, pyodide))
    result = json.loads(cached.read_text(encoding="utf-8"))
    if result["slow"]:
        say(f"warning: {result['slow']}")
    archive = cached.with_suffix(".zip").read_bytes()
    if "refused" not in result:
        if result["bare"]:
            say(f"note: the app is not in the snapshot, and is imported at each start: {result['bare']}")
        content = cached.with_suffix(".bin").read_bytes()
        filled = interpreter(pyodide, _ours(wheels))["filled"]
        return Snapshot(archive, content, bare=result["bare"], libraries=result["libraries"], filled=filled)
    say(f"warning: no snapshot, so the interpreter boots slower: {result['refused']}")
    return Snapshot(archive, None, result["refused"])


def _make(aside: Path, cached: Path, app: AppSource, wheels: Sequence[Path], pyodide: Path) -> Path:
    (aside / "app.zip").write_bytes(app.archive())
    config: dict[str, Any] = {
        "pyodide": str(pyodide),
        "library": str(library.lean()),
        "tidy": str(TIDY),
        "wheels": [str(path) for path in wheels],
        "archive": str(aside / "app.zip"),
        "describe": str(DESCRIBE),
        "trace": None,
        "native": any(map(_is_native, wheels)),
        "harmless": HARMLESS,
        "bare": None,
        "compiler": compiled.compiler(),
        "compiled": str(aside / fence.MADE / "app.zip"),
        "module": app.module,
        "attribute": app.attribute,
        "seed": cached.stem,
        "limitS": fence.IMPORT_LIMIT_S,
    }
    with progress.step("making the memory snapshot"):
        config["base"] = interpreter(pyodide, _ours(wheels))
        result = _run(aside, config, wheels)
        known = {**_outcome(app, result), "bare": "", "libraries": result.get("loaded", [])}
        if "refused" in known and known["libraries"]:
            known |= {"bare": known.pop("refused"), "libraries": []}
            known |= _bare(aside, {**config, "native": False, "compiler": None}, wheels)
    if "refused" not in known:
        os.replace(aside / fence.MADE / "snapshot.bin", cached.with_suffix(".bin"))
    if not (aside / fence.MADE / "app.zip").exists():  # the app has changed its interpreter: another compiles it
        shutil.copyfile(compiled.archives([aside / "app.zip"])[0], aside / fence.MADE / "app.zip")
    os.replace(aside / fence.MADE / "app.zip", cached.with_suffix(".zip"))
    (aside / "result.json").write_text(json.dumps(known), encoding="utf-8")
    return aside / "result.json"


def _bare(aside: Path, config: Mapping[str, Any], wheels: Sequence[Path]) -> dict[str, str]:
    """Make one of what the app imports and has nothing to do with compiled code; says why there is none."""
    traced = _run(aside, {**config, "trace": str(TRACE)}, wheels)
    made = _run(aside, {**config, "bare": traced["bare"]}, wheels) if "bare" in traced else traced
    if "failed" in made:
        return {"refused": Failure(**made["failed"]).shown}
    return {"refused": made["refused"]} if "refused" in made else {}


def _run(aside: Path, config: Mapping[str, Any], wheels: Sequence[Path]) -> dict[str, Any]:
    return fence.run(
        SCRIPT,
        config,
        "make the memory snapshot",
        aside=aside,
        arguments=[aside / fence.MADE / "snapshot.bin"],
        reads=[
            aside / "app.zip",
            DESCRIBE,
            TIDY,
            TRACE,
            LIBRARIES,
            *compiled.reads(),
            library.lean(),
            Path(config["pyodide"]),
            Path(config["base"]["memory"]),
            *wheels,
        ],
    )


def interpreter(pyodide: Path = fence.PYODIDE, wheels: Sequence[Path] = ()) -> dict[str, Any]:
    """One that was started: `memory`, the file of it, `zone`, for `snapshot.mjs`, and `filled`.

    Args:
        pyodide: The directory of its Pyodide.
        wheels: That of `worker_py`, to have it imported there; nothing is installed without.
    """
    key = digest_of_parts([*_of_any_app(pyodide), *(path.read_bytes() for path in wheels)])
    cached = INTERPRETERS / f"{key}.json"
    made_once(cached, "starting an interpreter", lambda aside: _start(aside, cached, pyodide, wheels))
    return {"memory": str(cached.with_suffix(".bin")), **json.loads(cached.read_text(encoding="utf-8"))}


def _start(aside: Path, cached: Path, pyodide: Path, wheels: Sequence[Path]) -> Path:
    config = {
        "pyodide": str(pyodide),
        "library": str(library.lean()),
        "seed": cached.stem,
        "wheels": [str(path) for path in wheels],
        "base": None,
    }
    made = aside / fence.MADE / "memory.bin"
    answer = fence.run(
        SCRIPT,
        config,
        "start Python",
        aside=aside,
        arguments=[made],
        reads=[LIBRARIES, *compiled.reads(), library.lean(), pyodide, *wheels],
    )
    os.replace(made, cached.with_suffix(".bin"))
    (aside / "answer.json").write_text(json.dumps(answer), encoding="utf-8")
    return aside / "answer.json"


def _ours(wheels: Sequence[Path]) -> list[Path]:
    return [path for path in wheels if path.name.startswith(OURS)]


def _is_native(wheel: Path) -> bool:
    with zipfile.ZipFile(wheel) as archive:
        return any(name.endswith(".so") for name in archive.namelist())


def _outcome(app: AppSource, result: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of it: `refused`, if it cannot be frozen, and `slow`, what to say of an import that takes long.

    Raises:
        ToolError: The app cannot be imported.
    """
    if "failed" not in result:
        took = result["tookS"]
        slow = (
            f"`import {app.module}` takes {took:.0f} s: as long waits a browser that cannot use the snapshot"
            if took > SLOW_S
            else ""
        )
        return {"slow": slow, **({"refused": result["refused"]} if "refused" in result else {})}
    failure = Failure(**result["failed"])
    if result["slow"]:
        raise ToolError(
            f"`import {app.module}` did not end within {fence.IMPORT_LIMIT_S} s\n{failure.shown}", fence.ENDS
        )
    if failure.untried:
        return {"slow": "", "refused": f"the import needs a browser, {failure.type}: {failure.text}"}
    raise failure.as_error(app)


def _key(app: AppSource, wheels: Sequence[Path], pyodide: Path) -> str:
    name = f"{app.module}:{app.attribute} {HARMLESS}".encode()
    ours = [path.read_bytes() for path in (DESCRIBE, TIDY, TRACE, *wheels)]
    return digest_of_parts([*_of_any_app(pyodide), name, compiled.key().encode(), app.archive(), *ours])


def _of_any_app(pyodide: Path) -> list[bytes]:
    flags = " ".join((*fence.FLAGS, *fence.known_flags())).encode()
    ours = (path.read_bytes() for path in (SCRIPT, LIBRARIES, fence.INSIDE, pyodide / MODULE, pyodide / GLUE))
    return [flags, library.key().encode(), *ours]
