"""scripts/test: which tiers run, and what is said at the end."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from worker_py_tool.checks import durations, tiers
from worker_py_tool.checks.junit import Case
from worker_py_tool.checks.tiers import Outcome, TierOptions
from worker_py_tool.commands import test as test_command
from worker_py_tool.errors import ToolError
from worker_py_tool.setup.bootstrap import Need

WIRE = "tests/unit/test_wire.py"
Run = Callable[..., int]


class Tiers:
    """Stands in for all tiers: what they were told, and what they come to."""

    def __init__(self) -> None:
        self.told: dict[str, TierOptions] = {}
        self.cases: list[Case] = [Case("unit", WIRE, "test_a", 3.0, "passed")]

    def run(self, name: str, options: TierOptions) -> Outcome:
        self.told[name] = options
        cases = [case for case in self.cases if case.tier == name]
        failed = sum(case.verdict == "failed" for case in cases)
        return Outcome(max(1, len(cases) - failed), failed, tier=name, cases=cases)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Tiers:
    stand_in = Tiers()
    monkeypatch.setattr(tiers, "run", stand_in.run)
    monkeypatch.setattr(tiers, "REPORTS", tmp_path / "reports")
    return stand_in


def start(*arguments: str) -> int:
    options = test_command.parse(list(arguments))
    test_command.needs(options)
    return test_command.run(options)


def test_every_tier_runs_unless_some_are_named(ran: Tiers) -> None:
    assert start() == 0
    assert set(ran.told) == {"lint", "unit", "pyodide", "static", "browser", "firefox"}
    ran.told.clear()
    start("--all")
    assert set(ran.told) == set(test_command.TIER_NAMES)
    ran.told.clear()
    start("static", "unit")
    assert list(ran.told) == ["static", "unit"]


def test_a_fast_run_is_four_tiers_and_needs_a_browser(ran: Tiers) -> None:
    assert start("--fast") == 0
    assert sorted(ran.told) == ["browser", "lint", "static", "unit"]
    assert all(options.fast for options in ran.told.values())
    assert test_command.needs(test_command.parse(["--fast"])) == {Need.BROWSER}
    assert test_command.needs(test_command.parse(["--fast", "unit"])) == {Need.TEST}
    assert test_command.needs(test_command.parse(["webkit"])) == {Need.BROWSER}


def test_what_the_recipes_of_the_phone_want_is_installed_for_them_alone() -> None:
    assert test_command.needs(test_command.parse([])) == {Need.BROWSER}
    assert test_command.needs(test_command.parse(["--all"])) == {Need.BROWSER, Need.RECIPES}
    assert test_command.needs(test_command.parse(["--all", "unit"])) == {Need.TEST}


def test_tests_behind_the_dashes_choose_their_tiers(ran: Tiers) -> None:
    start("--", f"{WIRE}::test_a", "-x")
    assert list(ran.told) == ["unit"]
    assert ran.told["unit"].chosen.tests == (f"{WIRE}::test_a",)
    assert ran.told["unit"].chosen.arguments == ("-x",)
    assert test_command.needs(test_command.parse(["--", WIRE])) == {Need.TEST}
    ran.told.clear()
    start("pyodide", "--", WIRE)
    assert list(ran.told) == ["pyodide"]


def test_tests_of_none_of_the_tiers_named_are_refused(ran: Tiers) -> None:
    with pytest.raises(ToolError, match="none of static's tests"):
        start("static", "--", WIRE)


def test_a_failed_test_is_told_with_the_command_that_runs_it_alone(
    ran: Tiers, capsys: pytest.CaptureFixture[str]
) -> None:
    ran.cases.append(Case("unit", WIRE, "test_b[x y]", 0.1, "failed"))
    assert start("unit") == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown[shown.index("each of what failed, alone:") + 1] == f"  scripts/test unit -- '{WIRE}::test_b[x y]'"
    assert shown[-1] == "total: 1 passed, 1 failed, 0 skipped"


def test_slow_files_are_listed_and_one_slower_than_recorded_fails_nothing(
    ran: Tiers, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durations, "recorded", lambda: {"unit": {WIRE: 1.0}})
    assert start("unit") == 0
    shown = capsys.readouterr().out
    assert f"slowest files:\n      3.0 s  unit     {WIRE}\n" in shown
    assert f"(no failure):\n      3.0 s, and 1.0 s in the record: unit {WIRE}\n" in shown
    ran.cases = [replace(ran.cases[0], seconds=2.0)]
    start("unit")
    assert "in the record" not in capsys.readouterr().out


def test_what_was_measured_is_recorded_when_asked_for(ran: Tiers, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[durations.Durations] = []
    monkeypatch.setattr(durations, "record", written.append)
    start("unit")
    assert written == []
    start("unit", "--record-durations")
    assert written == [{"unit": {WIRE: 3.0}}]
    for part in (["--fast"], ["--all"], ["--", WIRE]):
        with pytest.raises(ToolError, match="wants whole tiers"):
            start("--record-durations", *part)


def test_reports_of_the_last_run_are_left_where_they_are_looked_for(
    ran: Tiers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave_report(name: str, options: TierOptions) -> Outcome:
        options.report(name).write_text(name, encoding="utf-8")
        assert options.reports.parent == tiers.REPORTS  # a directory of this run, in the one of all
        return Outcome(1, 0, tier=name)

    monkeypatch.setattr(tiers, "run", leave_report)
    start("static")
    assert [path.name for path in tiers.REPORTS.iterdir()] == ["static.xml"]
    assert (tiers.REPORTS / "static.xml").read_text(encoding="utf-8") == "static"
