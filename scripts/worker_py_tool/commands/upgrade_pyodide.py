"""scripts/upgrade-pyodide: moves everything that is pinned to another version of Pyodide."""

import argparse
import difflib
import sys
from collections.abc import Set

from worker_py_tool.paths import ROOT
from worker_py_tool.process import say
from worker_py_tool.setup import pyodide_upgrade
from worker_py_tool.setup.bootstrap import Need

DESCRIPTION = "Move everything that is pinned to another version of Pyodide."


def add_options(options: argparse.ArgumentParser) -> None:
    """What its command line takes."""
    options.add_argument("version", metavar="VERSION", help="as npm has it, such as 314.0.7")
    options.add_argument("--dry-run", action="store_true", help="print what would change, and change nothing")


def needs(options: argparse.Namespace) -> Set[Need]:
    """Refuses what is no version before anything is installed."""
    pyodide_upgrade.check(options.version)
    return {Need.BUILD}


def run(options: argparse.Namespace) -> int:
    """Write the files that change, or with `--dry-run` print how."""
    changes = pyodide_upgrade.changes(options.version)
    if not changes:
        say(f"everything is at Pyodide {options.version}")
    for path, text in changes.items():
        name = path.relative_to(ROOT).as_posix()
        if options.dry_run:
            before = path.read_text(encoding="utf-8").splitlines(keepends=True)
            sys.stdout.writelines(difflib.unified_diff(before, text.splitlines(keepends=True), name, name, n=0))
        else:
            path.write_text(text, encoding="utf-8")
            print(name)
    if changes and not options.dry_run:
        say("now: scripts/test --all; what is measured or drawn (docs/benchmark.md) stays as it was: scripts/bench")
    return 0
