"""The Python wheels of a bundle: our own, built by the project's build backend, and those that pip fetches."""

import hashlib
import importlib.metadata
import json
import os
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from worker_py_tool import progress
from worker_py_tool.errors import ToolError
from worker_py_tool.locking import exclusive
from worker_py_tool.paths import CACHE, NODE_MODULES, REQUIREMENTS, WORKER_PY, version
from worker_py_tool.process import run_quietly, say
from worker_py_tool.scratch import scratch
from worker_py_tool.setup import python_packages

PURE = (
    "--only-binary=:all:",
    "--python-version",
    "3.14",
    "--implementation",
    "py",
    "--abi",
    "none",
    "--platform",
    "any",
)
"""pip's options for wheels that any Pyodide of this Python version can use."""


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
    digest = hashlib.sha256(project.encode() + importlib.metadata.version("hatchling").encode())
    for path in sorted(WORKER_PY.rglob("*")):
        if path.is_file() and path.suffix != ".pyc" and path.name not in left_out:
            content = path.read_bytes()
            digest.update(f"{path.relative_to(WORKER_PY)} {len(content)}\n".encode() + content)

    def build(directory: Path) -> None:
        with scratch("source-", directory.parent.parent) as aside:
            (aside / "pyproject.toml").write_text(project, encoding="utf-8")
            shutil.copytree(WORKER_PY, aside / "worker_py", ignore=shutil.ignore_patterns("__pycache__", *left_out))
            run_quietly(
                python_packages.pip(
                    "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "-w", directory, aside
                ),
                "build the wheel of worker_py",
                env={**python_packages.PIP_ENV, "SOURCE_DATE_EPOCH": "315532800"},
            )

    return _cached(f"worker_py-{digest.hexdigest()[:16]}", build)[0]


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


def locked(name: str) -> list[Path]:
    """The wheels of requirements/NAME.txt for Pyodide; pip verifies their hashes, and they are downloaded once."""
    lock_file = REQUIREMENTS / f"{name}.txt"

    def download(directory: Path) -> None:
        say(f"downloading wheels for Pyodide: requirements/{name}.txt")
        run_quietly(
            python_packages.pip(
                "download", "--quiet", "--no-deps", *PURE, "--require-hashes", "-r", lock_file, "--dest", directory
            ),
            f"download the wheels of requirements/{name}.txt",
            env=python_packages.PIP_ENV,
            remedy=python_packages.OFFLINE_REMEDY,
        )

    return _cached(f"{name}-{hashlib.sha256(lock_file.read_bytes()).hexdigest()[:16]}", download)


def required(requirements: Sequence[str]) -> list[Path]:
    """Pure wheels of the app's requirements and of all that they depend on, resolved by pip.

    They are resolved once: the same requirements give the same wheels until `.cache` is deleted.

    Raises:
        ToolError: A requirement has no pure wheel, or does not exist.
    """
    if not requirements:
        return []
    for requirement in requirements:
        if requirement.startswith("-"):
            raise ToolError(
                f"--require {requirement}: not a requirement",
                'Give a name with its version, such as "phonenumbers==9.*".',
            )

    def resolve(directory: Path) -> None:
        with progress.step(f"resolving for Pyodide: {', '.join(requirements)}"):
            try:
                run_quietly(
                    python_packages.pip("download", "--quiet", *PURE, "--dest", directory, "--", *requirements),
                    f"resolve --require {', '.join(requirements)}",
                    env=python_packages.PIP_ENV,
                    remedy=python_packages.OFFLINE_REMEDY,
                )
            except ToolError as problem:
                raise _explained(requirements, str(problem)) or problem from problem

    sources = [os.environ.get(name, "") for name in ("PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")]
    key = hashlib.sha256(json.dumps([sorted(requirements), sources]).encode()).hexdigest()[:16]
    return _cached(f"require-{key}", resolve)


def address(wheel: Path) -> str:
    """Where a wheel lies in a bundle: under its own name, which micropip reads, in a directory named by its hash."""
    return f"wheels/{hashlib.sha256(wheel.read_bytes()).hexdigest()[:12]}/{wheel.name}"


def _explained(requirements: Sequence[str], said: str) -> ToolError | None:
    """What pip says of a package that it does not find, in our words; None for other failures."""
    if "ResolutionImpossible" in said or "conflicting dependencies" in said:
        culprits = re.search(r"Cannot install (.+) because", said)
        return ToolError(
            f"--require {culprits[1] if culprits else requirements}: they need versions that contradict each other",
            "Name versions that go together.",
        )
    found = re.search(r"No matching distribution found for ([^\s;(]+)", said)
    if found is None:
        return None
    name = re.split(r"[\[<>=!~]", found[1])[0]
    asked = next((each for each in requirements if each.lower().startswith(name.lower())), None)
    needed_by = "" if asked else f", which {', '.join(requirements)} needs"
    return ToolError(
        f"--require {asked or found[1]}{needed_by}: there is no such package, or no pure wheel of it for Python 3.14",
        "Compiled code does not run in the browser's interpreter: check name and version, or take another package.",
    )


def _cached(key: str, fill: Callable[[Path], None]) -> list[Path]:
    """The wheels of a directory of the cache, which is filled aside and appears as a whole."""
    directory = CACHE / "wheels" / key
    if not directory.exists():
        with exclusive(f"preparing wheels: {key}"):
            if not directory.exists():
                with scratch("making-", directory.parent) as aside:
                    (aside / "wheels").mkdir()
                    fill(aside / "wheels")
                    os.rename(aside / "wheels", directory)
    return sorted(directory.glob("*.whl"))
