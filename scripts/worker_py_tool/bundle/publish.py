"""Puts a finished bundle in the place of the old one, and deletes nothing that is not a bundle of ours."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from worker_py_tool.bundle import manifest
from worker_py_tool.bundle.exchange import exchange
from worker_py_tool.errors import ToolError
from worker_py_tool.locking import exclusive
from worker_py_tool.process import say
from worker_py_tool.scratch import leftovers, scratch

NEW, OLD = "new", "old"
ANOTHER = "Name an empty or new directory, or one that was built before."


def check_target(target: Path) -> None:
    """Refuse a directory whose content we must not delete.

    Raises:
        ToolError: It holds something that is not part of a bundle, or is no directory.
    """
    if not target.exists():
        return
    if not target.is_dir():
        raise ToolError(f"--out {target}: is a file", ANOTHER)
    present = {path.relative_to(target).as_posix() for path in target.rglob("*") if not path.is_dir()}
    if not present and not any(target.iterdir()):
        return
    if manifest.NAME not in present:
        raise ToolError(f"--out {target}: is not empty, and no bundle: nothing was deleted", ANOTHER)
    foreign = sorted(present - {manifest.NAME, manifest.CONFIG} - manifest.read(target).files.keys())
    if foreign:
        raise ToolError(
            f"--out {target}: holds {foreign[0]}, which is not part of the bundle: nothing was deleted", "Move it away."
        )


@contextmanager
def staged(target: Path) -> Iterator[Path]:
    """A directory to build in, beside the target, which it replaces when the block ends well.

    What builds that were killed left there is cleared away, or put back.

    Raises:
        ToolError: The target must not be replaced, or cannot be written.
    """
    target = target.resolve()
    with exclusive(f"writing {target}"):
        put_back(target)
        check_target(target)
        with ExitStack() as stack:
            try:
                stage = stack.enter_context(scratch(_prefix(target), target.parent))
                fresh = stage / NEW
                fresh.mkdir()  # unlike the directory around it, readable for others as far as the umask lets them
            except OSError as problem:
                raise ToolError(f"--out {target}: cannot be written: {problem.strerror}", ANOTHER) from problem
            yield fresh
            check_target(target)
            _replace(target, fresh, stage / OLD)


def put_back(target: Path) -> None:
    """Give a bundle its name again that a build had moved aside when it was killed."""
    target = target.resolve()
    if target.exists():
        return
    for leftover in leftovers(_prefix(target), target.parent):
        if (leftover / OLD).is_dir():
            os.rename(leftover / OLD, target)
            say(f"note: a build was killed while it replaced this, and the bundle of before is there again: {target}")
            return


def _prefix(target: Path) -> str:
    return f".{target.name}-worker-py-"


def _replace(target: Path, fresh: Path, aside: Path) -> None:
    try:
        if not target.exists():
            os.rename(fresh, target)
        elif not exchange(fresh, target):
            say(f"note: this file system cannot exchange directories, so for a moment there is no {target}")
            os.rename(target, aside)
            os.rename(fresh, target)
    except OSError as problem:
        if aside.exists():
            os.rename(aside, target)
        raise ToolError(
            f"--out {target}: cannot be replaced: {problem.strerror}", "The bundle of before is still there."
        ) from problem
