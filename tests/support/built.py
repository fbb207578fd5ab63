"""Bundles of a whole run: whichever of its processes wants one first builds it, those of the next tiers find it."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from worker_py_tool.checks.tiers import BUNDLES

OWN: Final = "of this session"


def directory_of_the_run(own: Path) -> Path:
    """Where they are; without a run of `scripts/test`, in the session's own directory."""
    directory = Path(os.environ.get(BUNDLES) or own / OWN)
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def built(directory: Path, name: str, build: Callable[[Path], object]) -> Path:
    """The bundle of that name, which `build` makes if nobody has.

    Nothing may be written into it: others use it too.
    """
    made = directory / name
    with (directory / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            part = directory / f"{name}.part"
            shutil.rmtree(part, ignore_errors=True)  # of a process that ended in the midst of it
            build(part)
            part.rename(made)
    return made
