"""What came out of a run: tables of samples, and their JSON."""

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from worker_py_tool.json_content import json_of_format

FORMAT = "worker-py bench 1"


@dataclass(frozen=True, slots=True)
class Row:
    """The samples of one contender.

    Attributes:
        name: The contender, in words.
        samples: One number for each round, in the order in which they were taken.
        at: Where on the table's axis, as the number of pages; None in a table without one.
    """

    name: str
    samples: Sequence[float]
    at: int | None = None

    @property
    def median(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.samples)

    @property
    def low(self) -> float:
        """The least of the rounds."""
        return min(self.samples)

    @property
    def high(self) -> float:
        """The greatest of the rounds."""
        return max(self.samples)

    def ratio_to(self, other: "Row") -> float:
        """The median of the ratios in the same round: what disturbs a round disturbs both."""
        return statistics.median(one / two for one, two in zip(self.samples, other.samples, strict=True))


@dataclass(frozen=True, slots=True)
class Table:
    """One thing that was measured.

    Attributes:
        key: A short name for JSON and plots.
        title: What the numbers are, in words.
        unit: Of the numbers.
        rows: All contenders.
        baseline: The contender that the others are compared to; empty for none.
        axis: What `Row.at` counts; empty when nothing grows.
    """

    key: str
    title: str
    unit: str
    rows: Sequence[Row]
    baseline: str = ""
    axis: str = ""

    def names(self) -> list[str]:
        """The contenders, in order."""
        return list(dict.fromkeys(row.name for row in self.rows))

    def row(self, name: str, at: int | None = None) -> Row:
        """The row of one contender."""
        return next(row for row in self.rows if (row.name, row.at) == (name, at))

    def ratio(self, row: Row) -> float | None:
        """The ratio to the baseline at the same place; None without a baseline."""
        base = next((other for other in self.rows if (other.name, other.at) == (self.baseline, row.at)), None)
        return None if base is None else row.ratio_to(base)


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run.

    Attributes:
        date: The day, as 2026-01-31.
        quick: Whether few and short rounds were taken.
        machine: Where it ran, by `machine.describe`.
        tables: What was measured.
        notes: What else a reader should know of this run, by key, such as the phases of a boot in milliseconds.
    """

    date: str
    quick: bool
    machine: dict[str, str]
    tables: Sequence[Table]
    notes: dict[str, Any]

    def table(self, key: str) -> Table | None:
        """The table of that key, if its section ran."""
        return next((table for table in self.tables if table.key == key), None)

    def to_json(self) -> str:
        """All samples, and what is computed of them."""
        content = {"format": FORMAT, **asdict(self), "tables": list(map(_table_json, self.tables))}
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _table_json(table: Table) -> dict[str, Any]:
    return {**asdict(table), "rows": [_row_json(row, table.ratio(row)) for row in table.rows]}


def _row_json(row: Row, ratio: float | None) -> dict[str, Any]:
    computed = {"median": _short(row.median), "low": _short(row.low), "high": _short(row.high)}
    samples = [_short(sample) for sample in row.samples]
    return {**asdict(row), **computed, "ratio": None if ratio is None else _short(ratio), "samples": samples}


def _short(number: float) -> float:
    """Four digits behind the point, and at least five that count."""
    return round(number, max(4, 4 - math.floor(math.log10(abs(number))))) if number else 0.0


def read(path: Path) -> Report:
    """A run that was written as JSON before.

    Raises:
        ToolError: There is no such file, or it holds something else.
    """
    content = json_of_format(path, FORMAT, f"Make one: scripts/bench --json {path}")
    content["tables"] = [
        Table(**{**each, "rows": [Row(row["name"], row["samples"], row["at"]) for row in each["rows"]]})
        for each in content["tables"]
    ]
    return Report(**content)
