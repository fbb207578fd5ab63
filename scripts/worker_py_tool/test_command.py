"""scripts/test: the command line of the test tiers."""

import argparse
import os
from collections.abc import Set

from worker_py_tool import chromium
from worker_py_tool.bootstrap import Need
from worker_py_tool.errors import ToolError

TIER_NAMES = ("lint", "unit", "pyodide", "static", "browser")


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line; what is behind `--` is pytest's."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options = argparse.ArgumentParser(
        prog="scripts/test",
        usage="scripts/test [TIER]... [--all] [-- PYTEST_ARGUMENT...]",
        description=f"Run what CI runs, or the tiers named: {', '.join(TIER_NAMES)}.",
    )
    options.add_argument("tiers", metavar="TIER", nargs="*", help="tiers to run (default: all of them)")
    options.add_argument("--all", action="store_true", help="run the long campaigns too")
    parsed = options.parse_args(arguments[:end])
    parsed.pytest_arguments = arguments[end + 1 :]
    return parsed


def needs(options: argparse.Namespace) -> Set[Need]:
    """What the tiers need; a browser only for those that use one."""
    unknown = [name for name in options.tiers if name not in TIER_NAMES]
    if unknown:
        raise ToolError(
            f"there is no tier {unknown[0]}", f"Tiers: {', '.join(TIER_NAMES)}. pytest's arguments come after `--`."
        )
    return {Need.BROWSER} if not options.tiers or "browser" in options.tiers else {Need.TEST}


def run(options: argparse.Namespace) -> int:
    """Run the tiers one after the other, and say what each came to; fails when one did, or ran no test."""
    from worker_py_tool import tiers

    os.environ.update(chromium.browsers_env())
    tier_options = tiers.TierOptions(options.all, options.pytest_arguments)
    results = []
    for name in options.tiers or TIER_NAMES:
        print(f"\n=== {name}", flush=True)
        results.append(tiers.run(name, tier_options))
    print()
    for result in results:
        print(result)
    passed, failed, skipped = (sum(getattr(result, count) for result in results) for count in tiers.COUNTS)
    print(f"total: {passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 0 if all(result.ok for result in results) else 1
