"""What the benchmark computes of its samples, and how it shows them."""

import json
from pathlib import Path

import pytest

from worker_py_tool import cli
from worker_py_tool.bench import docs, results, sections, text
from worker_py_tool.bench.results import Report, Row, Table
from worker_py_tool.commands import bench as bench_command
from worker_py_tool.errors import ToolError
from worker_py_tool.setup.bootstrap import Need

MACHINE = {
    "cores": "2",
    "processor": "Abacus",
    "memory": "1 GiB",
    "system": "Linux",
    "browser": "Chromium 1",
    "pyodide": "3",
    "pyscript": "4",
}
FASTER = Row("faster", [1.0, 20.0, 3.0])
SLOWER = Row("slower", [10.0, 40.0, 6.0])


def report(*tables: Table) -> Report:
    return Report("2026-01-31", False, MACHINE, tables, {"note": [1]})


def test_median_and_spread_are_of_the_samples() -> None:
    assert (FASTER.median, FASTER.low, FASTER.high) == (3.0, 1.0, 20.0)


def test_ratio_is_the_median_of_the_rounds_ratios_and_not_the_ratio_of_medians() -> None:
    table = Table("t", "T", "ms", [FASTER, SLOWER], "slower")
    assert table.ratio(FASTER) == 0.5
    assert FASTER.median / SLOWER.median == 0.3
    assert Table("t", "T", "ms", [FASTER]).ratio(FASTER) is None


def test_ratio_is_taken_to_the_baseline_at_the_same_place() -> None:
    rows = [Row("a", [4.0], 1), Row("a", [6.0], 2), Row("base", [1.0], 1), Row("base", [2.0], 2)]
    table = Table("t", "T", "ms", rows, "base", "pages")
    assert [table.ratio(row) for row in rows] == [4.0, 3.0, 1.0, 1.0]


def test_json_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = report(Table("t", "T", "ms", [FASTER, Row("slower", [10.0, 40.0, 6.0], 5)], "slower", "pages"))
    path = tmp_path / "bench.json"
    path.write_text(written.to_json(), encoding="utf-8")
    assert results.read(path).to_json() == written.to_json()
    assert json.loads(path.read_text())["tables"][0]["rows"][0]["median"] == 3.0


def test_json_keeps_what_is_far_below_one() -> None:
    content = json.loads(report(Table("t", "T", "ms", [Row("tiny", [0.000012345])])).to_json())
    assert content["tables"][0]["rows"][0]["samples"] == [0.000012345]


def test_json_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(ToolError, match=r"other\.json is not of the format"):
        results.read(tmp_path / "other.json")


def test_a_table_shows_median_spread_and_ratio() -> None:
    table = Table("t", "Title", "ms", [FASTER, SLOWER], "slower")
    assert text.markdown(table).splitlines() == [
        "**Title**",
        "",
        "|  | median, ms | least to greatest | ratio to slower |",
        "| --- | ---: | ---: | ---: |",
        "| faster | 3.00 | 1.00 to 20.0 | 0.500 |",
        "| slower | 10.0 | 6.00 to 40.0 | 1.000 |",
    ]


def test_a_table_of_single_samples_claims_no_spread() -> None:
    table = Table("t", "Title", "MiB", [Row("one", [1234.4], 20)], axis="pages")
    assert text.markdown(table).splitlines()[2:] == [
        "|  | pages | MiB |",
        "| --- | ---: | ---: |",
        "| one | 20 | 1,234 |",
    ]


def test_machine_and_day_stand_under_the_tables() -> None:
    shown = text.whole(report(Table("t", "Title", "ms", [FASTER])))
    assert shown.startswith("Title\n")
    assert shown.endswith("2026-01-31; 2 cores (Abacus), 1 GiB, Linux; Chromium 1; Pyodide 3; @pyscript/core 4.")


def whole_run() -> Report:
    rows: dict[str, dict[tuple[str, int | None], None]] = {}
    for line in docs.SUMMARY:
        rows.setdefault(line.table, {}).update({(line.ours, line.at): None, (line.other, line.at): None})
    return report(
        *(Table(key, f"Title of {key}", "ms", [Row(name, [2.0], at) for name, at in rows[key]]) for key in rows)
    )


def test_documentation_gets_summary_and_tables_between_its_marks(tmp_path: Path) -> None:
    readme, benchmark = tmp_path / "README.md", tmp_path / "benchmark.md"
    for path in (readme, benchmark):
        path.write_text(f"before\n{docs.BEGIN}\nstale\n{docs.END}\nafter\n")
    docs.write(whole_run(), readme, benchmark)
    once = readme.read_text(), benchmark.read_text()
    assert all(shown.startswith("before\n") and shown.endswith("\nafter\n") and "stale" not in shown for shown in once)
    assert once[0].count("| **1.00** |") == len(docs.SUMMARY)
    assert "**Title of boot-cold**" in once[1]
    docs.write(whole_run(), readme, benchmark)
    assert (readme.read_text(), benchmark.read_text()) == once


def test_documentation_is_not_written_from_a_part_of_a_run(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"{docs.BEGIN}\nstale\n{docs.END}\n")
    with pytest.raises(ToolError, match="the run has no table boot-cold"):
        docs.write(report(), readme, readme)
    assert "stale" in readme.read_text()


def test_documentation_without_marks_is_left_alone(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("mine\n")
    with pytest.raises(ToolError, match="has no place for the results"):
        docs.write(whole_run(), readme, readme)
    assert readme.read_text() == "mine\n"


def test_command_line_knows_the_sections_that_there_are() -> None:
    assert list(bench_command.SECTIONS) == list(sections.SECTIONS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["boots"], "there is no section boots"),
        (["--write-docs", "--quick"], "--write-docs wants a whole run"),
        (["--write-docs", "boot"], "--write-docs wants a whole run"),
        (["link", "--engine", "firefox"], "--engine is for the section boot"),
    ],
)
def test_a_mistake_on_the_command_line_is_told_before_anything_is_installed(arguments: list[str], message: str) -> None:
    with pytest.raises(ToolError, match=message):
        bench_command.needs(cli.parse("bench", arguments))


def test_what_draws_is_installed_only_where_something_is_drawn() -> None:
    assert Need.PLOTS not in bench_command.needs(cli.parse("bench", ["--quick"]))
    assert Need.PLOTS in bench_command.needs(cli.parse("bench", ["--plots", "plots"]))
    assert Need.PLOTS in bench_command.needs(cli.parse("bench", ["--write-docs"]))
