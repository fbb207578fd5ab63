"""The Python wheels of a bundle: our own, built by the project's build backend, and those that pip fetches."""

import hashlib
import importlib.metadata
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from worker_py_tool.bundle import target
from worker_py_tool.bundle.digests import digest_of_files, digest_of_named
from worker_py_tool.errors import ToolError
from worker_py_tool.made_once import made_once
from worker_py_tool.paths import CACHE, NODE_MODULES, REQUIREMENTS, WORKER_PY, version
from worker_py_tool.process import run_quietly, say
from worker_py_tool.setup import python_packages

LIVE = "_live.py"
"""The module of `worker_py` that only bundles for live editing have."""

BROWSER_PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "worker-py"
version = "{version}"
description = "Call-card logic of Bitrix24 telephony apps in Python: the part that runs in the browser"
license = "MIT"
requires-python = ">=3.11"

[tool.hatch.build.targets.wheel]
packages = ["worker_py"]
"""


def worker_py(*, live: bool = False) -> Path:
    """The wheel that the browser gets: the package `worker_py` alone, with no dependencies.

    The same sources give the same bytes, and are built once.

    Args:
        live: With the module that takes other source for an app that runs.
    """
    left_out = [] if live else [LIVE]
    project = BROWSER_PROJECT.format(version=version())
    files = [path for path in sorted(WORKER_PY.rglob("*")) if path.is_file() and path.suffix != ".pyc"]
    named = ((str(path.relative_to(WORKER_PY)), path.read_bytes()) for path in files if path.name not in left_out)
    key = digest_of_named(named, project, importlib.metadata.version("hatchling"))

    def build(aside: Path) -> Path:
        source, made = aside / "source", aside / "wheels"
        shutil.copytree(WORKER_PY, source / "worker_py", ignore=shutil.ignore_patterns("__pycache__", *left_out))
        (source / "pyproject.toml").write_text(project, encoding="utf-8")
        run_quietly(
            python_packages.pip(
                "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "-w", made, source
            ),
            "build the wheel of worker_py",
            env={**python_packages.PIP_ENV, "SOURCE_DATE_EPOCH": "315532800"},
        )
        return made

    return _cached(f"worker_py-{key}", build)[0]


def loader() -> list[Path]:
    """Micropip and its dependency, in the versions that Pyodide's lock file names.

    Raises:
        ToolError: requirements/loader.txt names other versions: Pyodide was updated without it.
    """
    known = json.loads((NODE_MODULES / "pyodide" / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]
    for name, pinned in re.findall(
        r"^([\w-]+)==(\S+)", (REQUIREMENTS / "loader.txt").read_text(encoding="utf-8"), re.MULTILINE
    ):
        expected = known.get(name, {}).get("version")
        if pinned != expected:
            raise ToolError(
                f"requirements/loader.txt has {name} {pinned}, Pyodide's lock file {expected}",
                "Update requirements/loader.txt as requirements/README.md tells.",
            )
    return locked("loader")


def _pure() -> list[str]:
    """Options of pip for wheels that any interpreter of this Python version can use."""
    kind = ["--only-binary=:all:", "--implementation", "py", "--abi", "none", "--platform", "any"]
    return [*kind, "--python-version", target.read().short]


def locked(name: str) -> list[Path]:
    """The wheels of requirements/NAME.txt for Pyodide; pip verifies their hashes, and they are downloaded once."""
    lock_file = REQUIREMENTS / f"{name}.txt"

    def download(aside: Path) -> Path:
        made = aside / "wheels"
        say(f"downloading wheels for Pyodide: requirements/{name}.txt")
        run_quietly(
            python_packages.pip(
                "download", "--quiet", "--no-deps", *_pure(), "--require-hashes", "-r", lock_file, "--dest", made
            ),
            f"download the wheels of requirements/{name}.txt",
            env=python_packages.PIP_ENV,
            remedy=python_packages.OFFLINE_REMEDY,
        )
        return made

    return _cached(f"{name}-{digest_of_files([lock_file])}", download)


def address(wheel: Path) -> str:
    """Where a wheel lies in a bundle: under its own name, which micropip reads, in a directory named by its hash."""
    return f"wheels/{hashlib.sha256(wheel.read_bytes()).hexdigest()[:12]}/{wheel.name}"


def _cached(key: str, fill: Callable[[Path], Path]) -> list[Path]:
    """The wheels of a directory of the cache."""
    return sorted(made_once(CACHE / "wheels" / key, "preparing wheels", fill).glob("*.whl"))
