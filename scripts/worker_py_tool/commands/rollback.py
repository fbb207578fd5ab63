"""worker-py rollback: the command line of `rollback`."""

import argparse
from collections.abc import Set
from pathlib import Path

from worker_py_tool.bundle import rollout
from worker_py_tool.commands.publish import told
from worker_py_tool.setup.bootstrap import Need

DESCRIPTION = "Make live again what was so before the last publish. Calls that go on end where they began."


def add_options(options: argparse.ArgumentParser) -> None:
    """What its command line takes."""
    options.add_argument("site", metavar="SITEDIR", type=Path, help="the directory that is served")


def needs(options: argparse.Namespace) -> Set[Need]:
    """Nothing beyond Python."""
    rollout.read(options.site)
    return frozenset()


def run(options: argparse.Namespace) -> int:
    """Take the last one back, and tell what is live."""
    print(told(rollout.rollback(options.site)))
    return 0
