"""What came out, as a table."""

from collections.abc import Sequence

from worker_py_tool.bench.contenders import JAVASCRIPT, PYTHON, Contender
from worker_py_tool.bench.measurement import Row


def text(rows: Sequence[Row], contenders: Sequence[Contender]) -> str:
    """Medians of each contender, and the ratio of Python to JavaScript."""
    lines = [f"{'':28}{PYTHON:>14}{JAVASCRIPT:>14}{'ratio':>9}"]
    for row in rows:
        name = f"{row.measurement.name}, {row.measurement.unit}"
        python, javascript = (_number(row.median(each)) for each in (PYTHON, JAVASCRIPT))
        lines.append(f"{name:28}{python:>14}{javascript:>14}{row.ratio(PYTHON, JAVASCRIPT):>9.2f}")
    turns = len(next(iter(rows[0].samples.values())))
    lines.append(f"medians of {turns} rounds, taken by turns; {'; '.join(each.described for each in contenders)}")
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
