"""Keeps two commands that were started at the same time from doing the same set-up."""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from worker_py_tool.errors import ToolError
from worker_py_tool.paths import CACHE
from worker_py_tool.process import say


@contextmanager
def exclusive(what: str) -> Iterator[None]:
    """Hold the lock named `what` for the time of the block; it ends with the process, so none is ever left behind."""
    name = hashlib.sha256(what.encode()).hexdigest()[:16]
    try:
        (CACHE / "locks").mkdir(parents=True, exist_ok=True)
        handle = (CACHE / "locks" / name).open("w")
    except OSError as problem:
        raise ToolError(f"cannot write to {CACHE}: {problem}", "Give this user the right to write there.") from problem
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another command: {what}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
