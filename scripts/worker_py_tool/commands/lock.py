"""worker-py lock: the command line of `lock`."""

import argparse
from collections.abc import Set
from pathlib import Path

from worker_py_tool.bundle import dependencies, distribution, project, pylock
from worker_py_tool.bundle.app_source import find
from worker_py_tool.command_line import REPEATABLE
from worker_py_tool.errors import ToolError
from worker_py_tool.process import say
from worker_py_tool.setup.bootstrap import Need

DESCRIPTION = (
    f"Write {pylock.NAME} beside an app: its packages with versions and hashes, those that they need "
    "included. Builds take these then. What it says already stays as far as it fits."
)


def add_options(options: argparse.ArgumentParser) -> None:
    """What its command line takes."""
    add = options.add_argument
    options.prog = "worker-py lock"
    add(
        "--app",
        metavar="PATH[:NAME]",
        help=f"the app (default: that of [tool.worker-py] in the {project.NAME} of this directory)",
    )
    add("--upgrade", metavar="NAME", **REPEATABLE, help="take the newest of this package; repeatable")
    dependencies.add_options(options)
    add("--addresses", action="store_true", help="also write where each wheel came from, for other installers")


def needs(options: argparse.Namespace) -> Set[Need]:
    """Refuses what cannot be read before anything is installed."""
    distribution.check(options.pyodide_packages)
    _requirements(options)
    return {Need.BUILD}


def run(options: argparse.Namespace) -> int:
    """Write the file, tell what changed in it, and print its path."""
    path, requirements = _requirements(options)
    before = pylock.read(path).versions() if path.is_file() else {}
    found = pylock.write(
        path,
        requirements,
        upgrade=options.upgrade,
        pyodide_packages=options.pyodide_packages,
        addresses=options.addresses,
    )
    after = {each.name: each.version for each in found.chosen}
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            say(f"{name}: {before.get(name, 'none')} → {after.get(name, 'none')}")
    for note in found.notes:
        say(f"note: {note}")
    print(path)
    return 0


def _requirements(options: argparse.Namespace) -> tuple[Path, list[str]]:
    """Where the file is, and what it is for."""
    beside = project.read(options.app)
    app = options.app or beside.app
    if app is None:
        raise ToolError("--app is missing", f"Name the app's file: worker-py lock --app app.py; or in {project.NAME}")
    wanted = dependencies.collect(find(app)[2], beside, options.require, options.requirements)
    return project.in_short(beside.directory / pylock.NAME), wanted
