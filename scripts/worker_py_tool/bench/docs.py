"""Puts the results of a run between two marks in the README and in docs/benchmark.md."""

import re
from dataclasses import dataclass
from pathlib import Path

from worker_py_tool.bench import boot, day, events, memory, text
from worker_py_tool.bench.results import Report
from worker_py_tool.errors import ToolError

BEGIN = "<!-- written by scripts/bench --write-docs -->"
END = "<!-- end of what scripts/bench wrote -->"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the README's table: one contender of a table beside another."""

    title: str
    table: str
    ours: str
    other: str
    at: int | None = None


SUMMARY = (
    Line("Boot, nothing cached", "boot-cold", boot.OURS, boot.PLAIN),
    Line("Boot, the day's first page", "boot-day", day.OURS, day.PLAIN),
    Line("Boot, warm cache", "boot-warm", boot.OURS, boot.PLAIN),
    Line("Next page, where a shared worker lives", "boot-warm", boot.NAVIGATION, boot.PLAIN),
    Line("Boot over 10 Mbit/s, 40 ms, nothing cached", "link", boot.OURS, boot.PLAIN),
    Line("Round trip event → handler → command", "round-trip", events.PYTHON, events.WORKER),
    Line("The same, events back to back", "back-to-back", events.PYTHON, events.WORKER),
    Line("Memory of the browser with 20 pages", "memory", memory.ONE, memory.PER_PAGE, 20),
)


def write(report: Report, readme: Path, benchmark: Path) -> None:
    """Write the summary and all tables.

    Raises:
        ToolError: A section was not measured, or a file lacks the marks.
    """
    summary = [f"| {' | '.join(_cells(report, line))} |" for line in SUMMARY]
    head = ["| | ours | compared with | ratio |", "|---|---:|---:|---:|"]
    _replace(readme, "\n".join([*head, *summary, "", f"Medians; {text.setting(report)}"]))
    tables = [text.markdown(table) for table in report.tables]
    _replace(benchmark, "\n\n".join([text.setting(report), *tables]))


def _cells(report: Report, line: Line) -> list[str]:
    table = report.table(line.table)
    if table is None:
        raise ToolError(f"the run has no table {line.table}", "Measure all sections: scripts/bench --write-docs")
    ours, other = table.row(line.ours, line.at), table.row(line.other, line.at)
    show = f"{text.number(ours.median)} {table.unit}"
    with_other = f"{line.other}: {text.number(other.median)} {table.unit}"
    return [line.title, show, with_other, f"**{ours.ratio_to(other):.2f}**"]


def _replace(path: Path, content: str) -> None:
    before = path.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if not pattern.search(before):
        raise ToolError(f"{path} has no place for the results", f"Put these two lines into it: {BEGIN} and {END}")
    path.write_text(pattern.sub(lambda _: f"{BEGIN}\n{content}\n{END}", before), encoding="utf-8")
