"""scripts/release: the command line of `release`."""

import argparse
from collections.abc import Set
from pathlib import Path

from worker_py_tool.paths import CACHE
from worker_py_tool.setup.bootstrap import Need

DESCRIPTION = "Make the files of a release from what is committed; nothing is uploaded."


def add_options(options: argparse.ArgumentParser) -> None:
    """What its command line takes."""
    options.add_argument("--out", metavar="DIR", type=Path, default=CACHE / "release", help="where to put them")
    options.add_argument("--revision", default="HEAD", help="what of the repository to release (default: HEAD)")


def needs(options: argparse.Namespace) -> Set[Need]:
    """What builds packages."""
    return {Need.SERVE}


def run(options: argparse.Namespace) -> int:
    """Make them; prints each."""
    from worker_py_tool.checks import release

    for path in release.release(options.out, options.revision):
        print(path)
    return 0
