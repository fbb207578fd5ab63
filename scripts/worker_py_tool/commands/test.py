"""scripts/test: the command line of the test tiers."""

import argparse
import os
from collections.abc import Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING

from worker_py_tool.checks import selection
from worker_py_tool.errors import ToolError
from worker_py_tool.setup import chromium
from worker_py_tool.setup.bootstrap import Need

if TYPE_CHECKING:
    from worker_py_tool.checks.tiers import Outcome

CI_TIERS = ("lint", "unit", "pyodide", "static", "browser", "firefox")
TIER_NAMES = (*CI_TIERS, "webkit")
IN_BROWSERS = {"browser", "firefox", "webkit"}
FAST_TIERS = ("unit", "lint", "static", "browser")
"""In the order in which they start."""


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line; behind `--` are tests, and what is pytest's."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options = argparse.ArgumentParser(
        prog="scripts/test",
        usage="scripts/test [--fast] [TIER]... [--all] [-- [PATH[::NAME]]... [PYTEST_ARGUMENT]...]",
        description=f"Run what CI runs, with --all WebKit too, or the tiers named: {', '.join(TIER_NAMES)}.",
    )
    options.add_argument("tiers", metavar="TIER", nargs="*", help="tiers to run (default: all of them)")
    length = options.add_mutually_exclusive_group()
    length.add_argument("--fast", action="store_true", help="what takes a minute: no long tests, one call in a browser")
    length.add_argument("--all", action="store_true", help="run the long campaigns too")
    options.add_argument(
        "--record-durations", action="store_true", help="write what each file took into tests/durations.json"
    )
    parsed = options.parse_args(arguments[:end])
    parsed.behind = arguments[end + 1 :]
    return parsed


def needs(options: argparse.Namespace) -> Set[Need]:
    """What the tiers need; a browser only for those that use one."""
    unknown = [name for name in options.tiers if name not in TIER_NAMES]
    if unknown:
        raise ToolError(
            f"there is no tier {unknown[0]}",
            f"Tiers: {', '.join(TIER_NAMES)}. Tests and pytest's arguments: after `--`.",
        )
    if options.record_durations and (options.fast or options.all or options.behind):
        raise ToolError("--record-durations wants whole tiers", "Leave out --fast, --all and what is behind `--`.")
    tiers = set(_tiers(options))
    if not IN_BROWSERS & tiers:
        return {Need.TEST}
    return {Need.BROWSER, Need.RECIPES} if options.all and "browser" in tiers else {Need.BROWSER}


def run(options: argparse.Namespace) -> int:
    """Run the tiers, and say what each came to; fails when one did, or ran no test."""
    from worker_py_tool.checks import tiers
    from worker_py_tool.scratch import scratch

    os.environ.update(chromium.browsers_env())
    names = _tiers(options)
    with scratch("run-", tiers.REPORTS) as directory:
        tier_options = tiers.TierOptions(directory, options.all, options.fast, selection.read(options.behind))
        results = tiers.run_all(names, tier_options)
        _keep_reports(directory, tiers.REPORTS)
    _sum_up(results, options)
    return 0 if all(result.ok for result in results) else 1


def _tiers(options: argparse.Namespace) -> Sequence[str]:
    chosen = selection.read(options.behind)
    names = options.tiers or chosen.tiers or (FAST_TIERS if options.fast else TIER_NAMES if options.all else CI_TIERS)
    chosen.check(names)
    return [name for name in names if not chosen.tests or chosen.of(name)]


def _keep_reports(directory: Path, reports: Path) -> None:
    """Leave the reports where they are looked for; those of a run beside this one are replaced as a whole."""
    for report in directory.glob("*.xml"):
        os.replace(report, reports / report.name)


def _sum_up(results: Sequence["Outcome"], options: argparse.Namespace) -> None:
    from worker_py_tool.checks import durations, tiers

    cases = [case for result in results for case in result.cases]
    measured = durations.of(cases)
    if not options.behind:
        _tell("slowest files:", durations.slowest(measured))
        if not options.all:
            _tell("more than twice as long as recorded (no failure):", durations.slower(measured, durations.recorded()))
    option = "--all" if options.all else ""
    _tell("each of what failed, alone:", [case.command(option) for case in cases if case.verdict == "failed"])
    print()
    for result in results:
        print(result)
    passed, failed, skipped = (sum(getattr(result, count) for result in results) for count in tiers.COUNTS)
    print(f"total: {passed} passed, {failed} failed, {skipped} skipped", flush=True)
    if options.record_durations:
        durations.record(measured)


def _tell(title: str, lines: Sequence[str]) -> None:
    if lines:
        print(f"\n{title}")
        for line in lines:
            print(f"  {line}")
