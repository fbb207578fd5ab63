"""Puts a finished bundle in the place of the old one, and deletes nothing that is not a bundle of ours."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from worker_py_tool import manifest
from worker_py_tool.errors import ToolError
from worker_py_tool.locking import exclusive

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
    foreign = sorted(present - {manifest.NAME} - manifest.read(target).files.keys())
    if foreign:
        raise ToolError(
            f"--out {target}: holds {foreign[0]}, which is not part of the bundle: nothing was deleted", "Move it away."
        )


@contextmanager
def staged(target: Path) -> Iterator[Path]:
    """A directory to build in, beside the target, which it replaces when the block ends well.

    Raises:
        ToolError: The target must not be replaced, or cannot be written.
    """
    target = target.resolve()
    with exclusive(f"writing {target}"):
        check_target(target)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            stage = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        except OSError as problem:
            raise ToolError(f"--out {target}: cannot be written: {problem.strerror}", ANOTHER) from problem
        try:
            fresh = stage / "new"
            fresh.mkdir()  # unlike the temporary directory, readable for others as far as the umask lets them
            yield fresh
            check_target(target)
            if target.exists():
                os.rename(target, stage / "old")
            os.rename(fresh, target)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
