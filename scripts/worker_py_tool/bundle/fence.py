"""Runs the app and its packages while a bundle is made: in Node's Pyodide, shut off from this machine.

They are code of others, or of ours with mistakes. So Node has no environment of ours, may read and write the named
places alone, starts no programs, takes a bounded share of memory and time, and ends when the command does that
started it. `fence.mjs` closes what is left inside.
"""

import functools
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from worker_py_tool.errors import ToolError
from worker_py_tool.paths import NODE_MODULES
from worker_py_tool.process import NotDone, run_quietly
from worker_py_tool.setup import node_packages

PYODIDE = (NODE_MODULES / "pyodide").resolve()
"""As Node sees it, which would have to read each link on the way."""
LEASH = Path(__file__).with_name("leash.py")
INSIDE = Path(__file__).with_name("fence.mjs")
MADE = "made"
"""The directory for what a script makes."""
MOST_BYTES = 4_000_000_000
MOST_WASM_BYTES = 2**31
IMPORT_LIMIT_S = 30
"""How long one import may take, in seconds of the processor; it is interrupted then."""
FIRM_LIMIT_S = 60
"""What does not let itself be interrupted is ended after so many more."""
TIMEOUT_S = 600.0
"""The limit of the clock on the wall, for what waits instead of working: far from what a busy machine makes of the
limits above."""
ENDS = "What runs when a module is imported has to end: move it into a handler of Started."
FLAGS = ("--disallow-code-generation-from-strings", f"--wasm-max-mem-pages={MOST_WASM_BYTES // 2**16}")
FLAGS_OF_SOME = ("--liftoff-only", "--experimental-wasm-jspi")
"""Without the first, WebAssembly is optimized in the background, for a process that ends soon. Without the second,
what is frozen believes for ever that stacks cannot be switched; whether the browser can is looked at when it starts. A
version of Node that does not know one does without it."""


def run(
    script: Path,
    config: Mapping[str, Any],
    purpose: str,
    *,
    aside: Path,
    reads: Sequence[Path],
    arguments: Sequence[Path] = (),
    imports: int = 1,
    flags: Sequence[str] = FLAGS_OF_SOME,
) -> dict[str, Any]:
    """Run a script of ours, and return its answer.

    Args:
        script: The script, which uses `fence.mjs`.
        config: What it is told, in a file that is its first argument.
        purpose: What it is for, as in "make the memory snapshot".
        aside: A directory of this run alone; the script may write to `MADE` in it.
        reads: Files and directories that it may read.
        arguments: What follows the first one.
        imports: How many imports there may be, each of which has its time.
        flags: Those of `FLAGS_OF_SOME` that Node gets, if it knows them.

    Raises:
        ToolError: It failed, or took too long: the message names what it imported then.
    """
    node = node_packages.require().executable
    told, made = aside / "config.json", aside / MADE
    told.write_text(json.dumps(config), encoding="utf-8")
    made.mkdir(exist_ok=True)
    readable = _with_real(script, INSIDE, PYODIDE, told, made, *reads)
    permissions = ["--permission", *(f"--allow-fs-read={path}" for path in readable)]
    permissions += [f"--allow-fs-write={path}" for path in _with_real(made)]
    flags_here = [flag for flag in known_flags() if flag in flags]
    most_s = imports * IMPORT_LIMIT_S + FIRM_LIMIT_S
    leash: list[str | Path] = [sys.executable, "-I", LEASH, str(os.getpid()), str(MOST_BYTES), str(most_s)]
    try:
        printed = run_quietly(
            [*leash, node, *FLAGS, *flags_here, *permissions, script, told, *arguments],
            purpose,
            clean_env=_environment(),
            timeout_s=TIMEOUT_S,
            program=node.name,
            endings=(0, -signal.SIGKILL),
        )
    except NotDone as problem:
        begun = [line for line in problem.printed.splitlines() if line.startswith('{"importing":')]
        if begun:
            raise ToolError(
                f"could not {purpose}: `import {json.loads(begun[-1])['importing']}` did not end",
                ENDS,
            ) from problem
        raise
    last = printed.strip().rpartition("\n")[2]
    if not last.startswith('{"answer":'):
        raise ToolError(f"could not {purpose}: {node.name} was ended from outside", "Is there enough memory?")
    answer: dict[str, Any] = json.loads(last)["answer"]
    if "fatal" in answer:
        raise ToolError(f"could not {purpose}: {answer['fatal'].strip()}")
    return answer


def _environment() -> dict[str, str]:
    """What Node gets: fixed, so that the same input gives the same bytes everywhere."""
    libraries = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {"LANG": "C.UTF-8", "TZ": "UTC", **libraries}


def _with_real(*paths: Path) -> list[str]:
    """The paths, and those behind links of them: Node asks for both."""
    return sorted({name for path in paths for name in (str(path), os.path.realpath(path))})


def known_flags() -> tuple[str, ...]:
    """Those of `FLAGS_OF_SOME` that this machine's Node takes; with one that it does not know it would not start."""
    return _known(node_packages.require().executable)


@functools.cache
def _known(node: Path) -> tuple[str, ...]:
    listed = run_quietly([node, "--v8-options"], "ask Node for its options", clean_env=_environment())
    return tuple(flag for flag in FLAGS_OF_SOME if f"{flag} " in listed)
