"""The parts of a picture: bars for contenders, lines for what grows; both show the spread of the rounds."""

from dataclasses import dataclass
from typing import Any

from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from worker_py_tool.bench import text
from worker_py_tool.bench.results import Row, Table

MARKERS = ("o", "s", "^")


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of a picture, as in CSS; `series` for lines, in their order."""

    text: str
    grid: str
    ours: str
    series: tuple[str, str, str]


def bars(axes: Any, table: Table, colours: Colours) -> None:
    """A bar for each contender, to the median, with its number."""
    names = [row.name for row in table.rows]
    fill = [colours.ours if _is_ours(row) else colours.series[-1] for row in table.rows]
    medians = [row.median for row in table.rows]
    whiskers = {"ecolor": colours.text, "elinewidth": 1.2, "capsize": 3}
    drawn = axes.barh(names, medians, color=fill, xerr=_spread(list(table.rows)), error_kw=whiskers, height=0.62)
    axes.bar_label(drawn, list(map(text.number, medians)), padding=6, fontsize=9)  # points to the right of the whisker
    axes.invert_yaxis()
    axes.set_xlim(0, max(row.high for row in table.rows) * 1.18)
    axes.set_xlabel(table.unit)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(_plain_numbers())
    axes.grid(axis="x", linewidth=0.6)
    axes.tick_params(axis="y", length=0)


def lines(axes: Any, table: Table, colours: Colours) -> None:
    """A line for each contender, from nothing upwards."""
    _curves(axes, table, colours)
    axes.set_ylim(bottom=0, top=max(row.high for row in table.rows) * 1.3)
    axes.set_xticks(sorted({row.at for row in table.rows if row.at is not None}))


def log_lines(axes: Any, table: Table, colours: Colours) -> None:
    """The same with a logarithmic axis of what grows."""
    lines(axes, table, colours)
    _log_x(axes, table)


def log_log_lines(axes: Any, table: Table, colours: Colours) -> None:
    """The same with both axes logarithmic."""
    _curves(axes, table, colours)
    axes.set_yscale("log")
    least = min(row.low for row in table.rows)
    axes.set_ylim(least / 2, max(row.high for row in table.rows) * 6)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    _log_x(axes, table)


def explain_spread(figure: Any, colours: Colours) -> None:
    """Say under the picture what the whiskers are."""
    whisker = Line2D([], [], color=colours.text, marker="|", markersize=7, linewidth=1.2)
    figure.legend([whisker], ["median of the rounds, with the least and the greatest"], loc="outside lower right")


def _curves(axes: Any, table: Table, colours: Colours) -> None:
    for name, colour, marker in zip(table.names(), colours.series, MARKERS, strict=False):
        rows = [row for row in table.rows if row.name == name]
        places, medians = [row.at for row in rows], [row.median for row in rows]
        axes.errorbar(
            places, medians, yerr=_spread(rows), label=name, color=colour, marker=marker, markersize=5, capsize=3
        )
    axes.set_xlabel(table.axis)
    axes.set_ylabel(table.unit)
    axes.yaxis.set_major_formatter(_plain_numbers())
    axes.grid(linewidth=0.6)
    axes.legend(loc="upper left", frameon=False)


def _log_x(axes: Any, table: Table) -> None:
    places = sorted({row.at for row in table.rows if row.at is not None})
    axes.set_xscale("log")
    axes.set_xticks(places, [f"{place:,}" for place in places])
    axes.xaxis.set_minor_locator(NullLocator())


def _spread(rows: list[Row]) -> list[list[float]]:
    return [[row.median - row.low for row in rows], [row.high - row.median for row in rows]]


def _plain_numbers() -> FuncFormatter:
    return FuncFormatter(lambda value, _: f"{value:,g}")


def _is_ours(row: Row) -> bool:
    return row.name.startswith(("ours", "Python"))
