"""Debian's package manager, for what neither PyPI nor npm has; used by root alone."""

import os
import shutil
from collections.abc import Callable, Sequence

from worker_py_tool.errors import ToolError
from worker_py_tool.locking import exclusive
from worker_py_tool.process import run_quietly, say

ENVIRONMENT = {
    "DEBIAN_FRONTEND": "noninteractive",
    # dpkg refuses to work without the programs in these, which a bare environment leaves out.
    "PATH": os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin")),
}


def install(package: str) -> bool:
    """Install a Debian package where that is possible: as root, on a machine with apt-get.

    Returns:
        Whether it is installed now. False says nothing about why: callers have a message of their own.
    """
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    say(f"installing {package} with apt-get")
    command = ["apt-get", "install", "--yes", "--no-install-recommends", package]
    try:
        with exclusive("apt-get"):  # it does not wait for another one by itself
            run_quietly(["apt-get", "update"], "update the package lists", env=ENVIRONMENT, timeout_s=600)
            run_quietly(command, f"install {package}", env=ENVIRONMENT, timeout_s=1200)
    except ToolError as problem:
        say(str(problem))
        return False
    return True


def ensure(what: str, packages: Sequence[str], missing: Callable[[], object]) -> None:
    """Install the packages of something, as far as that is possible and it is missing."""
    if missing():
        with exclusive(f"setting up {what}"):
            all(install(package) for package in packages if missing())
