"""Directories of one run: other runs leave them alone while it lasts, and clear them away when it was killed."""

import fcntl
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
        for leftover in parent.glob(f"{prefix}*"):
            if leftover.is_dir() and not _in_use(leftover):
                shutil.rmtree(leftover, ignore_errors=True)
        directory = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        handle = os.open(directory, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield directory
    finally:
        os.close(handle)
        shutil.rmtree(directory, ignore_errors=True)


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
