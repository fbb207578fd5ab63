"""Bundles of a whole run: whichever of its processes wants one first builds it, those of the next tiers find it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from worker_py_tool.checks.tiers import BUNDLES
from worker_py_tool.made_once import made_once

OWN: Final = "of this session"


def built(own: Path, name: str, build: Callable[[Path], object]) -> Path:
    """The bundle of that name, which `build` makes if nobody has.

    Nothing may be written into it: others use it too. Without a run of `scripts/test` it is in the session's `own`
    directory.
    """

    def make(aside: Path) -> Path:
        build(aside / name)
        return aside / name

    return made_once(Path(os.environ.get(BUNDLES) or own / OWN) / name, "building", make)
