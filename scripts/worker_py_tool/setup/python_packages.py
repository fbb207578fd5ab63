"""The virtual environment in `.venv`, filled from the lock files in requirements/.

It grows by layers: `build` for scripts/build, `test` for all the rest, `node` where the system's Node.js is too old.
A state file in it says which lock files are installed, and by which interpreter, so that nothing is done twice.
"""

import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from pathlib import Path

from worker_py_tool import progress
from worker_py_tool.errors import ToolError
from worker_py_tool.json_content import json_object_in
from worker_py_tool.locking import exclusive
from worker_py_tool.paths import INSTALLED, REQUIREMENTS, VENV
from worker_py_tool.process import run_quietly, say
from worker_py_tool.setup import apt

STATE = VENV / "worker-py.json"
PYTHON = Path(sys.executable) if INSTALLED else VENV / "bin" / "python"
OFFLINE_REMEDY = "The package index must be reachable the first time; afterwards everything works offline."


def ensure(layers: list[str]) -> None:
    """Install what is missing of the layers, each named after its lock file.

    Raises:
        ToolError: The environment cannot be made, or a package not installed.
    """
    if _missing(layers) == []:
        return
    with exclusive("setting up Python packages"):
        missing = _missing(layers)
        if missing is None:
            _recreate()
            missing = layers
        for layer in missing:
            _install(layer)


def require(modules: Sequence[str], extra: str) -> None:
    """For the installed command, whose environment is its user's: nothing is installed, only looked for.

    Raises:
        ToolError: A module is missing.
    """
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise ToolError(f"the Python package {module} is missing", f"pip install 'worker-py[{extra}]'")


def pip(*arguments: str | Path) -> list[str | Path]:
    """The command line of the environment's pip; settings that send packages elsewhere must not reach it."""
    return [PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]


PIP_ENV = {"PIP_USER": "0", "PIP_TARGET": "", "PIP_PREFIX": "", "PIP_REQUIRE_VIRTUALENV": "0"}
"""Environment for `pip`: none of these may send packages out of the virtual environment."""


def site_packages() -> Path:
    """Where the environment's packages are."""
    if INSTALLED:
        return Path(sysconfig.get_path("purelib"))
    return Path(sysconfig.get_path("purelib", "venv", {"base": str(VENV), "platbase": str(VENV)}))


def _lock_hash(layer: str) -> str:
    return hashlib.sha256((REQUIREMENTS / f"{layer}.txt").read_bytes()).hexdigest()


def _interpreter() -> str:
    """Another value means that the environment has to be made anew; scripts in it hold its path."""
    return " ".join(
        (sys.version.split()[0], os.path.realpath(sys.base_prefix), platform.machine(), os.path.realpath(VENV))
    )


def _read_state() -> dict[str, str]:
    return json_object_in(STATE) or {}


def _missing(layers: list[str]) -> list[str] | None:
    """The layers to install, or None when the environment has to be made anew."""
    state = _read_state()
    if state.get("interpreter") != _interpreter() or not PYTHON.exists():
        return None
    if any(name != "interpreter" and value != _lock_hash(name) for name, value in state.items()):
        return None
    return [layer for layer in layers if layer not in state]


def _recreate() -> None:
    has_ensurepip = _find_ensurepip()
    if VENV.exists():
        if not STATE.exists() and any(VENV.iterdir()):
            raise ToolError(f"{VENV} was not made by these scripts", "Move it away: they keep their packages there.")
        shutil.rmtree(VENV)
    say(f"making a virtual environment with Python {platform.python_version()} in {VENV}")
    VENV.mkdir(parents=True)
    STATE.write_text("{}")  # marks even a half-made environment as ours
    try:
        venv.create(VENV, with_pip=has_ensurepip, symlinks=True)
    except (OSError, ValueError, subprocess.SubprocessError) as problem:
        raise ToolError(f"could not make a virtual environment in {VENV}: {problem}") from problem
    if not has_ensurepip:
        run_quietly(
            [
                sys.executable,
                "-m",
                "pip",
                "--python",
                PYTHON,
                "install",
                "--require-hashes",
                "-r",
                REQUIREMENTS / "build.txt",
            ],
            "install pip into the virtual environment",
            env=PIP_ENV,
            remedy=OFFLINE_REMEDY,
        )
    STATE.write_text(json.dumps({"interpreter": _interpreter()}))


def _find_ensurepip() -> bool:
    """Whether this Python brings its own pip; Debian's needs a package for that.

    Raises:
        ToolError: There is no pip to be had at all.
    """
    if importlib.util.find_spec("ensurepip"):
        return True
    if importlib.util.find_spec("pip"):
        return False
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if apt.install(package):
        importlib.invalidate_caches()
        return True
    raise ToolError(
        f"{sys.executable} cannot make virtual environments: its module ensurepip is missing, and so is pip",
        f"Install it (Debian, Ubuntu: apt-get install {package}), or name another Python in WORKER_PY_PYTHON.",
    )


def _install(layer: str) -> None:
    requirements = REQUIREMENTS / f"{layer}.txt"
    with progress.step(f"installing Python packages: requirements/{layer}.txt"):
        run_quietly(
            pip("install", "--quiet", "--require-hashes", "--only-binary=:all:", "--no-deps", "-r", requirements),
            f"install the Python packages of {requirements.relative_to(REQUIREMENTS.parent)}",
            env=PIP_ENV,
            remedy=OFFLINE_REMEDY,
        )
    STATE.write_text(json.dumps({**_read_state(), layer: _lock_hash(layer)}))
