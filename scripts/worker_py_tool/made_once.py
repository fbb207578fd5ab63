"""What is made once, and kept in the cache."""

import os
from collections.abc import Callable
from pathlib import Path

from worker_py_tool.locking import exclusive
from worker_py_tool.scratch import scratch


def made_once(made: Path, what: str, make: Callable[[Path], Path], *, anew: bool = False) -> Path:
    """A file or a directory: the first command that wants it makes it, and others wait.

    Args:
        made: Where it is then; it appears as a whole.
        what: What is being done, for who waits.
        make: Makes it in a directory of its own, and tells where.
        anew: It is made again, should it be there.
    """
    if anew or not made.exists():
        with exclusive(f"{what}: {made.stem}"):
            if anew or not made.exists():
                with scratch("making-", made.parent) as aside:
                    os.replace(make(aside), made)
    return made
