"""Two directories take each other's place at once, where system and file system can do that."""

import ctypes
import errno
import os
import sys
from pathlib import Path

AT_FDCWD = -100
RENAME_EXCHANGE = 2
RENAME_SWAP = 2
CANNOT = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM})


def exchange(one: Path, other: Path) -> bool:
    """Let each have the other's name, with nothing in between.

    Returns:
        Whether they have; when not, nothing has changed: this system or file system cannot do it.

    Raises:
        OSError: It failed for another reason.
    """
    first, second = os.fsencode(one), os.fsencode(other)
    library = ctypes.CDLL(None, use_errno=True)
    try:
        if sys.platform == "linux":
            failed = library.renameat2(AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE)
        elif sys.platform == "darwin":
            failed = library.renamex_np(first, second, RENAME_SWAP)
        else:
            return False
    except AttributeError:
        return False  # an old C library
    if failed:
        code = ctypes.get_errno()
        if code in CANNOT:
            return False
        raise OSError(code, os.strerror(code), str(one))
    return True
