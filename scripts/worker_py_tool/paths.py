"""Where things are: in a checkout beside this package, in an installation inside it and in the user's cache."""

import importlib.metadata
import os
import sys
import tomllib
from pathlib import Path

TOOL = Path(__file__).resolve().parent
"""This package."""
_CARRIED = TOOL / "resources"
INSTALLED = _CARRIED.is_dir()
"""Whether this is the installed `worker-py` command, which carries its files; not the scripts/ of a checkout."""


def _user_cache() -> Path:
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "worker-py" / importlib.metadata.version("worker-py")


ROOT = _CARRIED if INSTALLED else TOOL.parents[1]
STATIC = ROOT / "static"
PORTAL = STATIC / "portal"
TEMPLATE = ROOT / "index.html.j2"
DOCS = ROOT / "docs"
REQUIREMENTS = ROOT / "requirements"
WORKER_PY = (TOOL.parent if INSTALLED else ROOT) / "worker_py"
"""The sources of the package that runs in the browser."""
_STATE = _user_cache() if INSTALLED else ROOT
NODE_MODULES = _STATE / "node_modules"
VENV = Path(sys.prefix) if INSTALLED else ROOT / ".venv"
CACHE = _STATE / ".cache"
"""Downloads, locks and scratch directories; never committed, safe to delete while no command runs."""


def command(name: str) -> str:
    """How a person types one of our commands here."""
    return f"worker-py {name}" if INSTALLED else f"scripts/{name}"


def version() -> str:
    """The version of worker-py."""
    if INSTALLED:
        return importlib.metadata.version("worker-py")
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
