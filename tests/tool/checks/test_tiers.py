"""What each tier runs, and what is made of its report; the programs themselves are not started."""

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from worker_py_tool.checks import durations, first_build, selection, tiers
from worker_py_tool.checks.selection import Selection
from worker_py_tool.checks.tiers import Outcome, TierOptions
from worker_py_tool.paths import ROOT

WIRE = "tests/unit/test_wire.py"
SHIM = "tests/static/page/shim.test.mjs"
PASSED = '<testsuite><testcase classname="x" name="a" time="1"/></testsuite>'


class Programs:
    """What was to be run; each leaves `report` behind and ends with `status`.

    Attributes:
        made_before: How many were to be run each time that what each build wants was made or found.
    """

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.made_before: list[int] = []
        self.report = PASSED
        self.status = 0

    def run(self, command: Sequence[str | Path], options: TierOptions, env: dict[str, str] | None = None) -> int:
        self.commands.append([str(part) for part in command])
        for tier in tiers.TIERS:
            if f"{tier}.xml" in " ".join(self.commands[-1]) and self.report:
                options.report(tier).write_text(self.report, encoding="utf-8")
        return self.status


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Programs:
    recorder = Programs()
    monkeypatch.setattr(tiers, "_run", recorder.run)
    monkeypatch.setattr(tiers, "cores", lambda: 2)
    monkeypatch.setattr(first_build, "make", lambda: recorder.made_before.append(len(recorder.commands)))
    return recorder


@pytest.fixture
def options(tmp_path: Path) -> TierOptions:
    return TierOptions(tmp_path)


def chosen(options: TierOptions, *tests: str, arguments: tuple[str, ...] = ()) -> TierOptions:
    return replace(options, chosen=Selection(tests, arguments))


def named(command: list[str]) -> list[str]:
    return [part for part in command if part.startswith("tests/")]


def test_a_tier_runs_all_its_files_and_begins_with_the_longest(programs: Programs, options: TierOptions) -> None:
    tiers.run("browser", options)
    record = durations.recorded()["browser"]
    seconds = [record.get(file, float("inf")) for file in named(programs.commands[0])]
    assert seconds == sorted(seconds, reverse=True)
    assert set(named(programs.commands[0])) == {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "tests" / "browser").rglob("test_*.py")
    }
    assert "--dist=loadfile" in programs.commands[0]


def test_what_each_build_wants_is_made_before_the_first_test_has_its_time(
    programs: Programs, options: TierOptions
) -> None:
    for tier in ("unit", "browser", "firefox"):
        tiers.run(tier, options)
    tiers.run("browser", replace(options, fast=True))
    assert programs.made_before == [0, 1, 2, 3]
    tiers.run("unit", chosen(options, WIRE))
    tiers.run("unit", replace(options, fast=True))
    assert programs.made_before == [0, 1, 2, 3], "units may need none"


@pytest.mark.parametrize(("cores", "spread"), [(1, []), (2, ["--numprocesses=3"]), (8, ["--numprocesses=4"])])
def test_browser_tests_run_in_more_processes_than_there_are_cores_and_each_ends_with_a_test_that_hangs(
    programs: Programs, options: TierOptions, monkeypatch: pytest.MonkeyPatch, cores: int, spread: list[str]
) -> None:
    monkeypatch.setattr(tiers, "cores", lambda: cores)
    tiers.run("browser", options)
    (command,) = programs.commands
    assert [part for part in command if part.startswith("--numprocesses")] == spread
    assert ("--timeout-method=thread" in command) is bool(spread)


@pytest.mark.parametrize(
    ("tier", "test"), [("unit", f"{WIRE}::test_x"), ("browser", "tests/browser/rest/test_rest.py")]
)
def test_chosen_tests_take_the_place_of_the_tiers(
    programs: Programs, options: TierOptions, tier: str, test: str
) -> None:
    tiers.run(tier, chosen(options, test, arguments=("-x",)))
    (command,) = programs.commands  # no coverage of a part
    assert named(command) == [test]
    assert command[-3:] == ["-m", "not campaign", "-x"]
    assert not any(part.startswith(("--numprocesses", "--cov")) for part in command)


def test_a_fast_run_leaves_out_slow_tests_and_makes_one_call(programs: Programs, options: TierOptions) -> None:
    for tier in ("unit", "browser"):
        tiers.run(tier, replace(options, fast=True))
    unit, browser = programs.commands
    assert unit[-2:] == ["-m", "not campaign and not slow"]
    assert browser[-2:] == ["-m", "fast"]
    assert not any(part.startswith("--numprocesses") for part in browser)


def test_another_engine_leaves_out_what_hardly_differs_there_but_where_everything_runs_or_it_is_chosen(
    programs: Programs, options: TierOptions
) -> None:
    tiers.run("firefox", options)
    tiers.run("firefox", replace(options, campaigns=True))
    tiers.run("firefox", chosen(options, "tests/browser/delivery/test_events.py"))
    usual, everything, one = programs.commands
    assert usual[-2:] == ["-m", "engines and not engines_all and not campaign"]
    assert everything[-2:] == ["-m", "engines"]
    assert one[-2:] == ["-m", "not campaign"]


def test_coverage_is_measured_where_everything_runs_and_of_nothing_less(
    programs: Programs, options: TierOptions
) -> None:
    tiers.run("unit", options)
    tiers.run("unit", replace(chosen(options, WIRE), campaigns=True))
    assert not any(part.startswith("--cov") for command in programs.commands for part in command)
    tiers.run("unit", replace(options, campaigns=True))
    assert "--cov" in programs.commands[2]
    assert programs.commands[3][1:] == ["-m", "coverage", "report"]


def test_a_chosen_test_runs_in_a_fast_run_whatever_its_marks(programs: Programs, options: TierOptions) -> None:
    tiers.run("unit", replace(chosen(options, WIRE), fast=True))
    assert programs.commands[0][-2:] == ["-m", "not campaign"]


def test_node_gets_files_and_the_names_of_tests_as_patterns(programs: Programs, options: TierOptions) -> None:
    tiers.run("static", chosen(options, f"{SHIM}::is it (1 of 2)?"))
    assert r"--test-name-pattern=^is\ it\ \(1\ of\ 2\)\?$" in programs.commands[0]
    assert programs.commands[0][-1] == str(ROOT / SHIM)
    tiers.run("static", chosen(options, "tests/static/phone"))
    phone = sorted((ROOT / "tests" / "static" / "phone").glob("*.test.mjs"))
    assert programs.commands[1][-len(phone) :] == [str(path) for path in phone]


@pytest.mark.parametrize(
    ("status", "report", "problem"),
    [
        (-1, PASSED, "not done within its time limit"),
        (2, "", "ended with status 2 and left no report"),
        (2, "<testsuite><testcase", "ended with status 2 and left no report"),
        (3, PASSED, "ended with status 3 although no test failed"),
        (5, "<testsuite/>", "no test ran"),
    ],
)
def test_a_tier_fails_for_other_reasons_than_a_test_too(
    programs: Programs, options: TierOptions, status: int, report: str, problem: str
) -> None:
    programs.status, programs.report = status, report
    outcome = tiers.run("browser", options)
    assert not outcome.ok
    assert outcome.problem == problem


class SoonOver(TierOptions):
    """Its tiers have a moment, which begins when what runs has left `ready` behind."""

    @property
    def limit_s(self) -> int:
        while not (self.reports / "ready").exists():
            time.sleep(0.01)
        return 0


READY = "import pathlib, signal, sys, time\nat = pathlib.Path(sys.argv[1])\n"


@pytest.mark.parametrize("before", [signal.default_int_handler, signal.SIG_IGN], ids=["in front", "in the background"])
def test_what_takes_too_long_is_asked_to_stop_and_tells_what_it_has(tmp_path: Path, before: Any) -> None:
    was = signal.signal(signal.SIGINT, before)
    program = f"{READY}try:\n (at / 'ready').touch()\n time.sleep(50)\nexcept KeyboardInterrupt: (at / 'told').touch()"
    try:
        assert tiers._run([sys.executable, "-c", program, tmp_path], SoonOver(tmp_path)) == -1
    finally:
        signal.signal(signal.SIGINT, was)
    assert (tmp_path / "told").exists()


def test_what_takes_too_long_and_does_not_stop_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiers, "STOP_LIMIT_S", 0.1)
    program = f"{READY}signal.signal(signal.SIGINT, signal.SIG_IGN)\n(at / 'ready').touch()\ntime.sleep(50)"
    assert tiers._run([sys.executable, "-c", program, tmp_path], SoonOver(tmp_path)) == -1


def test_what_a_tier_tells_when_it_is_stopped_is_counted(programs: Programs, options: TierOptions) -> None:
    programs.status = -1
    assert str(tiers.run("browser", options)).startswith("FAILED  browser      1 passed")


def test_several_tiers_are_told_each_as_a_whole(
    options: TierOptions, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def speak(name: str) -> Outcome:
        return Outcome(1, 0, problem=name)

    def talk(name: str, given: TierOptions) -> Outcome:
        tiers._run(["sh", "-c", f"echo {name} 1; echo {name} 2 >&2"], given)
        return speak(name)

    monkeypatch.setattr(tiers, "run", talk)
    names = ["unit", "lint", "static"]
    assert sorted(outcome.problem for outcome in tiers.run_side_by_side(names, options)) == sorted(names)
    shown = capfd.readouterr()
    assert shown.err == ""
    for name in names:
        assert f"\n=== {name}\n{name} 1\n{name} 2\n" in shown.out


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which tiers were begun, in which order; `(` and `)` stand around those that are side by side."""
    told: list[str] = []

    def run(name: str, options: TierOptions) -> Outcome:
        told.append(name)
        return Outcome(1, 0, tier=name)

    def beside(names: Sequence[str], options: TierOptions) -> Iterator[Outcome]:
        told.append("(")
        yield from (run(name, options) for name in names)
        told.append(")")

    monkeypatch.setattr(tiers, "run", run)
    monkeypatch.setattr(tiers, "run_side_by_side", beside)
    monkeypatch.setattr(tiers, "cores", lambda: 2)
    return told


@pytest.mark.parametrize(
    ("names", "begun"),
    [
        ("lint unit pyodide static browser", "( pyodide lint static ) unit browser"),
        ("static unit lint", "( lint static ) unit"),
        ("unit static", "unit static"),
        ("pyodide", "pyodide"),
    ],
)
def test_tiers_of_one_core_run_side_by_side_and_the_others_have_all_cores(
    order: list[str], options: TierOptions, names: str, begun: str
) -> None:
    outcomes = tiers.run_all(names.split(), options)
    assert order == begun.split()
    assert [outcome.tier for outcome in outcomes] == names.split(), "they are summed up as they were named"


def test_one_core_runs_one_tier_at_a_time_and_a_fast_run_two_of_any_kind(
    order: list[str], options: TierOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["unit", "lint", "static"]
    tiers.run_all(names, replace(options, fast=True))
    assert order == ["(", *names, ")"]
    order.clear()
    monkeypatch.setattr(tiers, "cores", lambda: 1)
    tiers.run_all(names, replace(options, fast=True))
    tiers.run_all(names, options)
    assert order == [*names, *names]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes are bound to cores on Linux alone")
def test_a_process_bound_to_one_core_has_one() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert tiers.cores() == 1
    finally:
        os.sched_setaffinity(0, before)


def test_every_tier_of_tests_has_its_places() -> None:
    assert set(selection.PLACES) == set(tiers.TIERS) - {"lint"}
    assert all((ROOT / place).is_dir() for places in selection.PLACES.values() for place in places)
