"""Draws what came out, as SVG: each picture for light and for dark pages, the same bytes for the same numbers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib import pyplot

from worker_py_tool.bench import plot_parts
from worker_py_tool.bench.plot_parts import Colours
from worker_py_tool.bench.results import Report, Table

SCHEMES = {
    "": Colours(text="#24292f", grid="#d0d7de", ours="#1a7f37", series=("#1a7f37", "#8250df", "#6e7781")),
    "-dark": Colours(text="#e6edf3", grid="#3d444d", ours="#3fb950", series=("#3fb950", "#bc8cff", "#9198a1")),
}
"""What a file's name ends in, and the colours of that scheme."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes: a table, and how it is drawn."""

    table: str
    title: str
    draw: Callable[[object, Table, Colours], None]


@dataclass(frozen=True, slots=True)
class Picture:
    """Some panels in one file, two beside each other; `size` in inches."""

    name: str
    size: tuple[float, float]
    panels: Sequence[Panel]


def _bars(name: str, height: float, titles: Mapping[str, str]) -> Picture:
    """Contenders beside each other; `titles` by the key of the table."""
    return Picture(name, (11, height), [Panel(key, title, plot_parts.bars) for key, title in titles.items()])


PICTURES = (
    _bars("bench-boot", 4.2, {"boot-cold": "Boot, nothing cached", "boot-warm": "Boot, warm cache"}),
    _bars(
        "bench-link",
        3.2,
        {"link": "Boot over 10 Mbit/s, 40 ms, nothing cached", "bytes": "On the wire before the first event"},
    ),
    _bars(
        "bench-events",
        2.6,
        {"round-trip": "Round trip: event, handler, command", "throughput": "Burst: events in a second"},
    ),
    Picture(
        "bench-growth",
        (11, 11.5),
        (
            Panel("memory", "Memory of the browser by pages", plot_parts.lines),
            Panel("requirements", "Boot by packages, warm cache", plot_parts.lines),
            Panel("handlers-boot", "Boot by handlers, warm cache", plot_parts.log_lines),
            Panel("handlers-event", "Round trip of one event by handlers", plot_parts.log_log_lines),
            Panel("long-run-time", "Time for one event, in a long run", plot_parts.log_log_lines),
            Panel("long-run-memory", "Memory of the browser, in a long run", plot_parts.log_lines),
        ),
    ),
)
COLUMNS = 2


def draw(report: Report, directory: Path) -> list[Path]:
    """Draw the pictures for which everything was measured.

    Args:
        report: A run.
        directory: Where the files go; it is made.

    Returns:
        The files.
    """
    directory.mkdir(parents=True, exist_ok=True)
    matplotlib.use("svg")
    files = []
    for picture in PICTURES:
        tables = [report.table(panel.table) for panel in picture.panels]
        if None in tables:
            continue
        for ending, colours in SCHEMES.items():
            path = directory / f"{picture.name}{ending}.svg"
            with matplotlib.rc_context(_settings(colours)):
                _draw(picture, [table for table in tables if table], colours, path)
            files.append(path)
    return files


def _draw(picture: Picture, tables: Sequence[Table], colours: Colours, path: Path) -> None:
    rows = -(-len(tables) // COLUMNS)
    figure, axes = pyplot.subplots(rows, COLUMNS, figsize=picture.size, layout="constrained")
    for panel, table, pair in zip(picture.panels, tables, axes.flat, strict=True):
        panel.draw(pair, table, colours)
        pair.set_title(panel.title, loc="left", fontweight="bold")
    figure.get_layout_engine().set(wspace=0.06, hspace=0.06)
    plot_parts.explain_spread(figure, colours)
    figure.savefig(path, transparent=True, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)


def _settings(colours: Colours) -> dict[str, object]:
    written = ("text.color", "axes.labelcolor", "axes.titlecolor", "xtick.color", "ytick.color")
    return {
        "svg.hashsalt": "worker-py",
        "svg.fonttype": "none",  # text stays text
        "font.family": "sans-serif",
        "font.size": 10,
        **dict.fromkeys(written, colours.text),
        **dict.fromkeys(("axes.edgecolor", "grid.color"), colours.grid),
        **dict.fromkeys(("axes.spines.top", "axes.spines.right", "legend.frameon"), False),
        "axes.axisbelow": True,
    }
