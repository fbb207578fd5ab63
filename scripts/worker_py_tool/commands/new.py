"""worker-py new: a small project to start from."""

import argparse
import shlex
import shutil
from pathlib import Path

from worker_py_tool.errors import ToolError
from worker_py_tool.paths import TOOL, command
from worker_py_tool.process import say

DESCRIPTION = "Make a small project: handlers, a test of them, and a README."

TEMPLATE = TOOL / "project"
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc")


def add_options(options: argparse.ArgumentParser) -> None:
    """What its command line takes."""
    options.add_argument("name", metavar="NAME", type=Path, help="directory to make")


def run(options: argparse.Namespace) -> int:
    """Write the project, and print what it holds."""
    for path in make(options.name):
        print(path, flush=True)
    say(f"Next: cd {shlex.quote(str(options.name))} && python -m pytest && {command('dev')} app.py")
    return 0


def make(directory: Path) -> list[Path]:
    """Write the project into a new or empty directory.

    Returns:
        Its files, sorted.

    Raises:
        ToolError: There is something already, or it cannot be written.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ToolError(f"{directory}: is there already, and not empty", "Name a new directory.")
    try:
        shutil.copytree(TEMPLATE, directory, dirs_exist_ok=True, ignore=IGNORED)
        for page in (directory / "README.md", directory / "AGENTS.md"):
            text = page.read_text(encoding="utf-8").replace("PROJECT", directory.resolve().name)
            page.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise ToolError(
            f"{directory}: cannot be written: {problem.strerror}", "Name a directory of yours."
        ) from problem
    return sorted(path for path in directory.rglob("*") if path.is_file())
