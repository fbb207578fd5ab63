"""scripts/lint: the command line of `lint`."""

import argparse
from collections.abc import Set

from worker_py_tool.setup.bootstrap import Need

DESCRIPTION = "Check formatting, lint rules and types."


def add_options(options: argparse.ArgumentParser) -> None:
    """What its command line takes."""
    options.add_argument("checks", metavar="CHECK", nargs="*", help="checks to run, by how they begin (default: all)")
    options.add_argument("--fix", action="store_true", help="format, and mend what can be mended")


def needs(options: argparse.Namespace) -> Set[Need]:
    """What linters need."""
    return {Need.TEST}


def run(options: argparse.Namespace) -> int:
    """Run all checks, or those named; fails when one does."""
    from worker_py_tool.checks import lint

    results = lint.check(options.checks, fix=options.fix)
    print()
    for name, passed in results.items():
        print(f"{'ok    ' if passed else 'FAILED'}  {name}")
    return 0 if all(results.values()) else 1
