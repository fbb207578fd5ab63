"""Directories of one run: other runs leave them alone while it lasts, and clear them away when it was killed."""

import fcntl
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from worker_py_tool.locking import exclusive


@contextmanager
def scratch(prefix: str, parent: Path) -> Iterator[Path]:
    """A directory `prefix…` in `parent`, for the time of the block; those of runs that are no more go now."""
    with exclusive(f"clearing {parent}/{prefix}"):
        parent.mkdir(parents=True, exist_ok=True)
        for leftover in leftovers(prefix, parent):
            shutil.rmtree(leftover, ignore_errors=True)
        directory = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        handle = os.open(directory, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield directory
    finally:
        os.close(handle)
        shutil.rmtree(directory, ignore_errors=True)


def leftovers(prefix: str, parent: Path) -> list[Path]:
    """What runs that were killed left behind."""
    found = parent.glob(f"{glob.escape(prefix)}*")
    return [path for path in found if path.is_dir() and not path.is_symlink() and not _in_use(path)]


def _in_use(directory: Path) -> bool:
    """Whether the process that made it still runs: its lock ends with it."""
    with suppress(FileNotFoundError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
    return False
