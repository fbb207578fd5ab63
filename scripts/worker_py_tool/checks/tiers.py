"""The test tiers: how each is run, and what came out."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import IO

from worker_py_tool.bundle import wheels
from worker_py_tool.checks import durations, first_build, junit, lint, selection
from worker_py_tool.checks.junit import Case
from worker_py_tool.checks.selection import Selection
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import CACHE, NODE_MODULES, ROOT
from worker_py_tool.setup import node_packages

COUNTS = ("passed", "failed", "skipped")
REPORTS = CACHE / "reports"
"""Where the reports of the last run are; while it lasts, they are in a directory of its own in there."""
TIME_LIMIT_S = 3600
"""For one tier, some times what two cores take; it ends a run that hangs where a test's own limit does not reach."""
CAMPAIGN_LIMIT_S = 3 * 3600
STOP_LIMIT_S = 60
"""For what ran then to tell what came of it, once it was asked to stop."""
TEST_LIMIT_S = 300
"""For one test in Node; each file has it for all of its own."""
BUNDLES = "WORKER_PY_BUNDLES"
"""Where browser tests of one run keep the bundles that several of its processes use."""
ENGINES_IN_CI = "engines and not engines_all and not campaign"
SIDE_BY_SIDE = 4
"""At most so many processes run tests at once: in the browser tier each has a browser of its own, and a starved one
leaves out sound that a test hears."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tier came to.

    Attributes:
        passed: Tests (or checks) that passed.
        failed: Those that failed, errors in set-up included.
        skipped: Those that did not run.
        problem: Why the tier failed although no test of it did; empty otherwise.
        tier: Its name.
        seconds: How long it took.
        cases: Its tests, where it has a report of them.
    """

    passed: int
    failed: int
    skipped: int = 0
    problem: str = ""
    tier: str = ""
    seconds: float = 0.0
    cases: Sequence[Case] = field(default=(), repr=False)

    def __str__(self) -> str:
        """One line of the summary."""
        counts = f"{self.passed:5} passed, {self.failed} failed, {self.skipped} skipped"
        verdict = "ok    " if self.ok else "FAILED"
        return f"{verdict}  {self.tier:8} {counts}  {self.seconds:6.1f} s  {self.problem}".rstrip()

    @property
    def ok(self) -> bool:
        """Whether the tier passed: a tier that ran nothing did not."""
        return self.passed > 0 and self.failed == 0 and not self.problem


@dataclass(frozen=True, slots=True)
class TierOptions:
    """What all tiers are told.

    Attributes:
        reports: The directory of this run's reports.
        campaigns: Run the long ones too.
        fast: Leave out what takes seconds, and in the browser all but one call.
        chosen: Tests to run instead of the tier's, and arguments for pytest.
        output: Where its output goes; ours without it.
    """

    reports: Path
    campaigns: bool = False
    fast: bool = False
    chosen: Selection = field(default_factory=Selection)
    output: IO[str] | None = None

    @property
    def limit_s(self) -> int:
        """How long a tier may take."""
        return CAMPAIGN_LIMIT_S if self.campaigns else TIME_LIMIT_S

    def report(self, tier: str) -> Path:
        """Where a tier's report goes."""
        return self.reports / f"{tier}.xml"

    def tests(self, tier: str, pattern: str) -> list[str]:
        """The chosen tests of a tier, or its files, the longest first."""
        if self.chosen.tests:
            return self.chosen.of(tier)
        found = (path for place in selection.PLACES[tier] for path in (ROOT / place).rglob(pattern))
        files = [path.relative_to(ROOT).as_posix() for path in found]
        return durations.longest_first(files, durations.recorded().get(tier, {}))

    def marked(self, fast: str = "not campaign and not slow") -> list[str]:
        """Pytest's arguments that choose tests by their marks, and those of the command line; the last one counts."""
        marks = [] if self.campaigns else ["-m", fast if self.fast and not self.chosen.tests else "not campaign"]
        return ["-o", "junit_family=xunit1", *marks, *self.chosen.arguments]


def run_lint(options: TierOptions) -> Outcome:
    """Formatting, lint rules and types, in Python and JavaScript."""
    results = lint.check(output=options.output)
    cases = [Case("lint", "", name, 0.0, "passed" if passed else "failed") for name, passed in results.items()]
    return Outcome(sum(results.values()), len(results) - sum(results.values()), cases=cases)


def run_unit(options: TierOptions) -> Outcome:
    """Tier 1: units in CPython; where all of it runs, with branch coverage, which costs nearly as much as the tests."""
    covered = options.campaigns and not options.chosen.tests
    tests = options.tests("unit", "test_*.py")
    coverage = {"COVERAGE_FILE": str(options.reports / "coverage")}
    arguments = [*(["--cov", "--cov-report="] if covered else []), *_spread(tests, cores()), *options.marked()]
    outcome = _pytest("unit", tests, arguments, options, coverage)
    if covered:
        _run([sys.executable, "-m", "coverage", "report"], options, coverage)
    return outcome


def run_pyodide(options: TierOptions) -> Outcome:
    """Tier 2: the same unit suite inside Pyodide, on the built wheel; the sources of worker_py are out of its sight."""
    report = options.report("pyodide")
    arguments = [
        "-c",
        "/w/tests/pyodide/pytest.ini",
        "--rootdir=/w",
        "--confcutdir=/w",  # else that of the file of settings: tests/conftest.py lies above it
        f"--junitxml=/w/reports/{report.name}",
        *options.marked(),
    ]
    mounts = {"/w/tests": str(ROOT / "tests"), "/w/static": str(ROOT / "static"), "/w/reports": str(options.reports)}
    config = {
        "pyodide": str(NODE_MODULES / "pyodide"),
        "wheels": [str(path) for path in (*wheels.locked("pyodide"), wheels.worker_py(live=True))],
        "mounts": mounts,
        "args": [*arguments, *(f"/w/{test}" for test in options.chosen.of("pyodide") or ["tests/unit"])],
    }
    path = options.reports / "pyodide.json"
    path.write_text(json.dumps(config))
    node = node_packages.require()
    return _read_report(
        report, "pyodide", _run([node.executable, ROOT / "tests" / "pyodide" / "run.mjs", path], options)
    )


def run_static(options: TierOptions) -> Outcome:
    """Tier 3: the JavaScript modules in Node."""
    report = options.report("static")
    tests = options.tests("static", "*.test.mjs")
    files = [found for test in tests for found in _node_files(ROOT / selection.file_of(test))]
    if not files:
        return Outcome(0, 0, problem="there are no tests/static/**/*.test.mjs")
    reporters = ["--test-reporter=spec", "--test-reporter-destination=stdout"]
    reporters += ["--test-reporter=junit", f"--test-reporter-destination={report}"]
    names = [f"--test-name-pattern=^{re.escape(name)}$" for test in tests if (name := selection.name_of(test))]
    arguments = ["--test", f"--test-timeout={TEST_LIMIT_S * 1000}", *names, *reporters]
    return _read_report(report, "static", _run([node_packages.require().executable, *arguments, *files], options))


def run_browser(options: TierOptions) -> Outcome:
    """Tier 4: the whole in headless Chromium, against the simulated portal."""
    tests = options.tests("browser", "test_*.py")
    one = options.fast and not options.chosen.tests
    processes = 1 if one else cores() + cores() // 2  # for each waits most of the time
    spread = _spread(tests, processes)
    if spread:
        # A test that is stopped inside Playwright leaves it unusable: the process ends with that test, by its name,
        # and another one takes the rest.
        spread.append("--timeout-method=thread")
    return _pytest("browser", tests, [*spread, *options.marked("fast")], options)


def run_engine(engine: str, options: TierOptions) -> Outcome:
    """Tier 5: what each browser promises, in Firefox; the same in WebKitGTK takes minutes, and is for `--all`.

    These are the browser tests that are marked `engines`; with `engines_all`, only where all of it runs.
    """
    tests = options.tests(engine, "test_*.py")
    if not options.chosen.tests:
        tests = [test for test in tests if "mark.engines" in (ROOT / test).read_text(encoding="utf-8")]
    marks = [] if options.chosen.tests else ["-m", "engines" if options.campaigns else ENGINES_IN_CI]
    spread = [*_spread(tests, cores()), "--timeout-method=thread"]
    return _pytest(engine, tests, [*spread, *options.marked(), *marks], options, {"WORKER_PY_ENGINE": engine})


TIERS: dict[str, Callable[[TierOptions], Outcome]] = {
    "lint": run_lint,
    "unit": run_unit,
    "pyodide": run_pyodide,
    "static": run_static,
    "browser": run_browser,
    "firefox": partial(run_engine, "firefox"),
    "webkit": partial(run_engine, "webkit"),
}
OF_ONE_CORE = ("pyodide", "lint", "static")
"""Those that keep one core busy, the longest first; the others spread over all of them."""


def run(name: str, options: TierOptions) -> Outcome:
    """Run one tier."""
    started = time.monotonic()
    try:
        outcome = TIERS[name](options)
    except (ToolError, OSError) as problem:
        outcome = Outcome(0, 0, problem=str(problem))
    return replace(outcome, tier=name, seconds=time.monotonic() - started)


def run_all(names: Sequence[str], options: TierOptions) -> list[Outcome]:
    """Run tiers in their order, those of one core side by side, before the others; all are in a fast run."""
    beside = names if options.fast else [name for name in OF_ONE_CORE if name in names]
    beside = beside if len(beside) > 1 and cores() > 1 else ()
    outcomes = list(run_side_by_side(beside, options)) if beside else []
    for name in names:
        if name not in beside:
            print(f"\n=== {name}", flush=True)
            outcomes.append(run(name, options))
    return sorted(outcomes, key=lambda outcome: names.index(outcome.tier))


def run_side_by_side(names: Sequence[str], options: TierOptions) -> Iterator[Outcome]:
    """Run tiers at the same time, two when there are cores for them; each one's output comes when it is done."""
    print(f"{', '.join(names)}: two at a time, each is shown when it is done", flush=True)
    with ThreadPoolExecutor(max_workers=min(2, cores())) as pool:
        outputs = {name: (options.reports / f"{name}.log").open("w+", encoding="utf-8") for name in names}
        running = {pool.submit(run, name, replace(options, output=outputs[name])): name for name in names}
        try:
            for done in as_completed(running):
                with outputs[running[done]] as output:
                    output.seek(0)
                    print(f"\n=== {running[done]}\n{output.read()}", end="", flush=True)
                yield done.result()
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def cores() -> int:
    """How many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _spread(tests: Sequence[str], processes: int) -> list[str]:
    """Tests in several processes, each file's in one, for they share what it set up; files go out in our order."""
    several = len(tests) > 1 or (ROOT / tests[0]).is_dir()
    count = min(processes, SIDE_BY_SIDE) if several else 1
    return [f"--numprocesses={count}", "--dist=loadfile", "--no-loadscope-reorder"] if count > 1 else []


def _node_files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.test.mjs")) if path.is_dir() else [path]


def _pytest(
    tier: str, tests: Sequence[str], arguments: Sequence[str], options: TierOptions, env: dict[str, str] | None = None
) -> Outcome:
    report = options.report(tier)
    if tier != "unit" or not (options.chosen.tests or options.fast):
        try:
            first_build.make()
        except Exception as problem:  # noqa: BLE001 - tests tell what is wrong, and those that build nothing run
            print(f"no bundle could be built beforehand: {problem!r}", flush=True)
    command = [sys.executable, "-m", "pytest", *tests, f"--junitxml={report}", *arguments]
    return _read_report(report, tier, _run(command, options, env))


def _run(command: Sequence[str | Path], options: TierOptions, env: dict[str, str] | None = None) -> int:
    """Run a program in the repository; its status, or -1 when it took too long."""
    sys.stdout.flush()
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONDONTWRITEBYTECODE": "1",
            BUNDLES: str(options.reports.absolute() / "bundles"),
            **(env or {}),
        },
        stdin=subprocess.DEVNULL,
        stdout=options.output,
        stderr=subprocess.STDOUT if options.output else None,
        preexec_fn=_heed_interrupts,
    )
    try:
        return process.wait(options.limit_s)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_LIMIT_S)
        return -1
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _heed_interrupts() -> None:
    """In what is started: a job in the background ignores them, and so would it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _read_report(report: Path, tier: str, status: int) -> Outcome:
    """Count the tests of a JUnit report: pytest's, or Node's, where each test is an element of its own."""
    late = "not done within its time limit" if status == -1 else ""
    try:
        cases = junit.read(report, tier)
    except (OSError, ElementTree.ParseError):
        return Outcome(0, 0, problem=late or f"ended with status {status} and left no report")
    passed, failed, skipped = (sum(case.verdict == verdict for case in cases) for verdict in COUNTS)
    problem = late or (f"ended with status {status} although no test failed" if status != 0 and failed == 0 else "")
    return Outcome(passed, failed, skipped, problem if cases else "no test ran", cases=cases)
