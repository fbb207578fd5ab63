"""How long files of tests take, beside what is recorded."""

from pathlib import Path

from worker_py_tool.checks import durations, selection
from worker_py_tool.checks.junit import Case
from worker_py_tool.paths import ROOT


def case(file: str, seconds: float, verdict: str = "passed", tier: str = "unit") -> Case:
    return Case(tier, file, "test_x", seconds, verdict)


def test_a_files_seconds_are_its_tests_in_each_tier_apart() -> None:
    cases = [case("a", 1), case("a", 2, "failed"), case("b", 4, "skipped"), case("a", 8, tier="pyodide"), case("", 9)]
    assert durations.of(cases) == {"unit": {"a": 3}, "pyodide": {"a": 8}}


def test_the_ten_slowest_files_are_listed_slowest_first() -> None:
    lines = durations.slowest({"unit": {f"f{n}": float(n) for n in range(9)}, "browser": {"x": 100, "y": 0.5}})
    assert lines[0] == "  100.0 s  browser  x"
    assert [line.split()[-1] for line in lines] == ["x", "f8", "f7", "f6", "f5", "f4", "f3", "f2", "f1", "y"]


def test_only_what_took_more_than_twice_the_recorded_time_is_named_and_no_short_file() -> None:
    measured = {"unit": {"slower": 9.1, "twice": 8.0, "new": 50.0, "short": 1.9, "much slower": 20.0}}
    record = {"unit": {"slower": 4.5, "twice": 4.0, "short": 0.1, "much slower": 0.0}, "browser": {"new": 1.0}}
    assert durations.slower(measured, record) == [
        "   20.0 s, and 0.0 s in the record: unit much slower",
        "    9.1 s, and 4.5 s in the record: unit slower",
    ]


def test_long_files_start_first_and_those_without_a_record_before_them() -> None:
    assert durations.longest_first(["a", "b", "new", "c"], {"a": 1, "b": 3, "c": 3}) == ["new", "b", "c", "a"]


def test_a_record_keeps_the_tiers_that_did_not_run(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    assert durations.recorded(path) == {}
    durations.record({"unit": {"b": 1.26, "gone": 1}, "browser": {"c": 2}}, path)
    durations.record({"unit": {"b": 3}}, path)
    assert durations.recorded(path) == {"unit": {"b": 3}, "browser": {"c": 2}}


def test_the_committed_record_names_files_that_there_are() -> None:
    record = durations.recorded()
    assert sorted(record) == sorted(selection.PLACES)
    assert [file for files in record.values() for file in files if not (ROOT / file).is_file()] == []
