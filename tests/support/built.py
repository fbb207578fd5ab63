"""Bundles of a whole run: whichever of its processes wants one first builds it, those of the next tiers find it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from worker_py_tool.checks.tiers import BUNDLES
from worker_py_tool.locking import exclusive

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
    with exclusive(f"building {made}"):
        if not made.exists():
            part = directory / f"{name}.part"
            shutil.rmtree(part, ignore_errors=True)  # of a process that ended in the midst of it
            build(part)
            part.rename(made)
    return made
