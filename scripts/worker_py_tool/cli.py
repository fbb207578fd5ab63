"""The commands of scripts/: reads the arguments, sets up what the command needs, and runs it."""

import argparse
import errno
import importlib
import sys
from collections.abc import Set
from typing import NoReturn, Protocol, cast

from worker_py_tool import paths
from worker_py_tool.errors import ToolError
from worker_py_tool.setup import bootstrap
from worker_py_tool.setup.bootstrap import Need

COMMANDS = {
    "new": "make a small project: handlers, a test of them, and a README",
    "dev": "try an app on a simulated portal while working on it",
    "demo": "try handlers on a simulated portal with a call card",
    "lock": "write down which packages the builds of an app take",
    "build": "make a bundle: the page with all that it loads, for any static host",
    "publish": "put a bundle beside the versions that are served, for all or for some",
    "rollback": "make live again what was so before the last publish",
    "serve": "serve a bundle",
    "reports": "print what pages reported to the server",
    "record-to-test": "make a test of a recorded call",
    "doctor": "examine a deployed handler from outside",
    "docs": "print the documentation",
    "bench": "measure how fast it is, beside plain Pyodide, PyScript and JavaScript",
    "test": "run everything that CI runs",
    "release": "make the files of a release",
    "lint": "check format, rules and types",
    "upgrade-pyodide": "move everything that is pinned to another version of Pyodide",
}
"""What each does: its module is in `commands`."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NOT_INSTALLED = ("test", "lint", "upgrade-pyodide", "release")
OFFERED = tuple(name for name in COMMANDS if not (paths.INSTALLED and name in NOT_INSTALLED))
"""What can be done here: tests and linters are the repository's."""


class Command(Protocol):
    """What each command's module offers. Its imports are the standard library's: they come before the set-up.

    One that has more to say than options has a `parse` of its own, as the one here. One that needs more than Python has
    a function `needs`: what has to be set up for these options; it refuses those that cannot work.
    """

    DESCRIPTION: str

    def add_options(self, options: argparse.ArgumentParser) -> None:
        """What its command line takes."""

    def run(self, options: argparse.Namespace) -> int:
        """Do it, and return the exit status."""


def parse(name: str, arguments: list[str]) -> argparse.Namespace:
    """Read a command line; exits with a usage message when it cannot be understood."""
    command = _command(name)
    options = argparse.ArgumentParser(prog=paths.command(name), description=command.DESCRIPTION)
    command.add_options(options)
    return options.parse_args(arguments)


def _command(name: str) -> Command:
    return cast(Command, importlib.import_module(f"worker_py_tool.commands.{name.replace('-', '_')}"))


def main(arguments: list[str]) -> int:
    """Run one command.

    Args:
        arguments: The command's name and its arguments.

    Returns:
        The exit status: 0, 1 for a failure, 2 for arguments that cannot be understood, 130 when interrupted.
    """
    if arguments[:1] == ["--version"]:
        print(f"worker-py {paths.version()}")
        return 0
    if arguments[:1] in (["--help"], ["-h"]):
        print(usage())
        return 0
    if not arguments or arguments[0] not in OFFERED:
        if arguments:
            print(f"error: {arguments[0]}: there is no such command", file=sys.stderr)
        print(usage(), file=sys.stderr)
        return 2
    command = _command(arguments[0])
    options = command.parse(arguments[1:]) if hasattr(command, "parse") else parse(arguments[0], arguments[1:])
    try:
        needs: Set[Need] = command.needs(options) if hasattr(command, "needs") else frozenset()
        bootstrap.ensure(needs)
        if needs and not paths.INSTALLED and not bootstrap.in_virtual_environment():
            bootstrap.start_again(arguments)
        return command.run(options)
    except ToolError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 141  # whoever read our output has gone
    except OSError as problem:
        print(f"error: {_explained(problem)}", file=sys.stderr)
        return 1


def _explained(problem: OSError) -> ToolError:
    """What the system refused, in a sentence: a full disk, a right that is missing."""
    where = f"{problem.filename}: " if problem.filename else ""
    remedy = "Free some space there, and run the command again." if problem.errno in FULL else ""
    return ToolError(f"{where}{problem.strerror or problem}", remedy)


def usage() -> str:
    """What there is, a line for each command."""
    lines = [f"  {name:<15} {COMMANDS[name]}" for name in OFFERED]
    return "\n".join(
        [f"usage: {paths.command('COMMAND')} [OPTION]...", "", *lines, "", "COMMAND --help tells its options."]
    )


def run_installed() -> NoReturn:
    """Entry point of the installed command `worker-py`."""
    sys.exit(main(sys.argv[1:]))
