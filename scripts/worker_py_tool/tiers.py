"""The test tiers: how each is run, and what came out."""

import json
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from worker_py_tool import lint, node_packages, wheels
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import CACHE, NODE_MODULES, ROOT

COUNTS = ("passed", "failed", "skipped")
REPORTS = CACHE / "reports"
TIME_LIMIT_S = 2400
"""For one tier; it ends a run that hangs where a test's own time limit does not reach."""
CAMPAIGN_LIMIT_S = 3 * 3600
SIDE_BY_SIDE = 4
"""At most so many processes run tests at once: each of them has a browser of its own."""


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
    """

    passed: int
    failed: int
    skipped: int = 0
    problem: str = ""
    tier: str = ""
    seconds: float = 0.0

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
        campaigns: Run the long ones too.
        pytest_arguments: Handed on to pytest.
    """

    campaigns: bool = False
    pytest_arguments: Sequence[str] = ()

    @property
    def limit_s(self) -> int:
        """How long a tier may take."""
        return CAMPAIGN_LIMIT_S if self.campaigns else TIME_LIMIT_S

    @property
    def pytest(self) -> list[str]:
        """Pytest's arguments, the choice of tests included."""
        return [*([] if self.campaigns else ["-m", "not campaign"]), *self.pytest_arguments]

    @property
    def pytest_side_by_side(self) -> list[str]:
        """The same for tests in several processes, a file's in one; longest files come early in the alphabet."""
        processes = min(os.cpu_count() or 1, SIDE_BY_SIDE)
        return [f"--numprocesses={processes}", "--dist=loadfile", "--no-loadscope-reorder", *self.pytest]


def run_lint(options: TierOptions) -> Outcome:
    """Formatting, lint rules and types, in Python and JavaScript."""
    results = lint.check()
    return Outcome(sum(results.values()), len(results) - sum(results.values()))


def run_unit(options: TierOptions) -> Outcome:
    """Tier 1: units in CPython, with branch coverage."""
    report = _fresh_report("unit")
    pytest = ["-m", "pytest", "tests/unit", "tests/tool", "--cov", "--cov-report=", f"--junitxml={report}"]
    (CACHE / "coverage").mkdir(parents=True, exist_ok=True)
    status = _run([sys.executable, *pytest, *options.pytest_side_by_side], options.limit_s)
    _run([sys.executable, "-m", "coverage", "report"])
    return _read_report(report, status)


def run_pyodide(options: TierOptions) -> Outcome:
    """Tier 2: the same unit suite inside Pyodide, on the built wheel; the sources of worker_py are out of its sight."""
    report = _fresh_report("pyodide")
    arguments = [
        "-c",
        "/w/tests/pyodide/pytest.ini",
        "--rootdir=/w",
        "--confcutdir=/w",  # else that of the file of settings: tests/conftest.py lies above it
        f"--junitxml=/w/reports/{report.name}",
        *options.pytest,
    ]
    config = {
        "pyodide": str(NODE_MODULES / "pyodide"),
        "wheels": [str(path) for path in (*wheels.locked("pyodide"), wheels.worker_py())],
        "mounts": {"/w/tests": str(ROOT / "tests"), "/w/static": str(ROOT / "static"), "/w/reports": str(REPORTS)},
        "args": [*arguments, "/w/tests/unit"],
    }
    path = REPORTS / "pyodide.json"
    path.write_text(json.dumps(config))
    node = node_packages.require()
    return _read_report(report, _run([node.executable, ROOT / "tests" / "pyodide" / "run.mjs", path]))


def run_static(options: TierOptions) -> Outcome:
    """Tier 3: the JavaScript modules in Node."""
    report = _fresh_report("static")
    tests = sorted((ROOT / "tests" / "static").rglob("*.test.mjs"))
    if not tests:
        return Outcome(0, 0, problem="there are no tests/static/**/*.test.mjs")
    reporters = ["--test-reporter=spec", "--test-reporter-destination=stdout"]
    reporters += ["--test-reporter=junit", f"--test-reporter-destination={report}"]
    return _read_report(report, _run([node_packages.require().executable, "--test", *reporters, *tests]))


def run_browser(options: TierOptions) -> Outcome:
    """Tier 4: the whole in headless Chromium, against the simulated portal."""
    report = _fresh_report("browser")
    pytest = ["-m", "pytest", "tests/browser", f"--junitxml={report}", *options.pytest_side_by_side]
    return _read_report(report, _run([sys.executable, *pytest], options.limit_s))


TIERS = {"lint": run_lint, "unit": run_unit, "pyodide": run_pyodide, "static": run_static, "browser": run_browser}


def run(name: str, options: TierOptions) -> Outcome:
    """Run one tier."""
    started = time.monotonic()
    try:
        outcome = TIERS[name](options)
    except ToolError as problem:
        outcome = Outcome(0, 0, problem=str(problem))
    return replace(outcome, tier=name, seconds=time.monotonic() - started)


def _fresh_report(tier: str) -> Path:
    REPORTS.mkdir(parents=True, exist_ok=True)
    report = REPORTS / f"{tier}.xml"
    report.unlink(missing_ok=True)
    return report


def _run(command: Sequence[str | Path], limit_s: int = TIME_LIMIT_S) -> int:
    """Run a program in the repository, with its output on ours; its status, or -1 when it took too long."""
    sys.stdout.flush()
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen([str(part) for part in command], cwd=ROOT, env=env, stdin=subprocess.DEVNULL)
    try:
        return process.wait(limit_s)
    except subprocess.TimeoutExpired:
        return -1
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _read_report(report: Path, status: int) -> Outcome:
    """Count the tests of a JUnit report: pytest's, or Node's, where each test is an element of its own."""
    if status == -1:
        return Outcome(0, 0, problem="not done within its time limit")
    try:
        cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return Outcome(0, 0, problem=f"ended with status {status} and left no report")
    failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
    skipped = sum(case.find("skipped") is not None for case in cases)
    passed = len(cases) - failed - skipped
    problem = f"ended with status {status} although no test failed" if status != 0 and failed == 0 else ""
    return Outcome(passed, failed, skipped, problem if cases else "no test ran")
