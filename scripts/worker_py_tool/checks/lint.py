"""Formatting, lint rules and types of everything in the repository."""

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import IO

from worker_py_tool.errors import ToolError
from worker_py_tool.paths import CACHE, NODE_MODULES, ROOT
from worker_py_tool.setup import node_packages

PYTHON_SOURCES = ("worker_py", "scripts", "tests", "static", "docs/examples")


def check(names: Sequence[str] = (), *, fix: bool = False, output: IO[str] | None = None) -> dict[str, bool]:
    """Run every check, or those named, also when one before it failed.

    Args:
        names: Names of checks, or how they begin.
        fix: Let the tools mend what they can before they complain about the rest.
        output: Where their words go; our own output without it.

    Returns:
        The checks by name, and whether each passed.

    Raises:
        ToolError: There is no check of such a name.
    """
    sources = [name for name in PYTHON_SOURCES if (ROOT / name).exists()]
    ruff = [sys.executable, "-m", "ruff"]
    biome = _node_tool("@biomejs/biome/bin/biome")
    commands: dict[str, list[str]] = {
        "ruff check": [*ruff, "check", *(["--fix"] if fix else []), *sources],
        "ruff format": [*ruff, "format", *([] if fix else ["--check"]), *sources],
        "mypy": [sys.executable, "-m", "mypy"],
        "biome": [*biome, "check", *(["--write"] if fix else []), "--error-on-warnings"],
    }
    for project in sorted(ROOT.glob("tsconfig.*.json")):
        commands[f"tsc {project.name}"] = [*_node_tool("typescript/bin/tsc"), "--project", project.name]
    unknown = [wanted for wanted in names if not any(name.startswith(wanted) for name in commands)]
    if unknown:
        raise ToolError(f"there is no check {unknown[0]}", f"Checks: {', '.join(commands)}")
    chosen = {name: command for name, command in commands.items() if not names or name.startswith(tuple(names))}
    return {name: _passes(name, command, output) for name, command in chosen.items()}


def _node_tool(script: str) -> list[str]:
    return [str(node_packages.require().executable), str(NODE_MODULES / script)]


def _passes(name: str, command: list[str], output: IO[str] | None) -> bool:
    print(f"== {name}", file=output, flush=True)
    env = {**os.environ, "RUFF_CACHE_DIR": str(CACHE / "ruff")}
    complaints = subprocess.STDOUT if output else None
    done = subprocess.run(
        command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=complaints, check=False
    )
    return done.returncode == 0
