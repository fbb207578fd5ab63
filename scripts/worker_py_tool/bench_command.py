"""scripts/bench: the command line of the benchmark."""

import argparse
from collections.abc import Set

from worker_py_tool.bootstrap import Need
from worker_py_tool.paths import command


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    options = argparse.ArgumentParser(
        prog=command("bench"),
        description="Measure the placement page, beside the same handlers written in JavaScript in a worker.",
    )
    options.add_argument("--quick", action="store_true", help="few and short rounds: enough to see that it works")
    return options.parse_args(arguments)


def needs(options: argparse.Namespace) -> Set[Need]:
    """What a browser needs."""
    return {Need.BROWSER}


def run(options: argparse.Namespace) -> int:
    """Measure, and print what came out."""
    from worker_py_tool import bench

    print(bench.run(quick=options.quick), flush=True)
    return 0
