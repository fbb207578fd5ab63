"""What came out, as tables: for a terminal, and as Markdown."""

from collections.abc import Iterator

from worker_py_tool.bench.results import Report, Row, Table


def whole(report: Report) -> str:
    """All tables for a terminal."""
    return "\n\n".join([*(_plain(table) for table in report.tables), setting(report)])


def setting(report: Report) -> str:
    """Where and when, in a sentence."""
    machine = report.machine
    quick = " A quick run: its numbers say little." if report.quick else ""
    return (
        f"{report.date}; {machine['cores']} cores ({machine['processor']}), {machine['memory']}, {machine['system']}; "
        f"{machine['browser']}; Pyodide {machine['pyodide']}; @pyscript/core {machine['pyscript']}.{quick}"
    )


def number(value: float) -> str:
    """Three digits that count, or all before the point."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def spread(row: Row) -> str:
    """The least and the greatest sample."""
    return f"{number(row.low)} to {number(row.high)}"


def columns(table: Table) -> Iterator[list[str]]:
    """The head of a table, and its lines."""
    rounds = {len(row.samples) for row in table.rows}
    has_spread = rounds != {1}
    yield [
        "",
        *([table.axis] if table.axis else []),
        f"median, {table.unit}" if has_spread else table.unit,
        *(["least to greatest"] if has_spread else []),
        *([f"ratio to {table.baseline}"] if table.baseline else []),
    ]
    for row in table.rows:
        ratio = table.ratio(row)
        yield [
            row.name,
            *([f"{row.at:,}"] if table.axis else []),
            number(row.median),
            *([spread(row)] if has_spread else []),
            *(["" if ratio is None else f"{ratio:.3f}"] if table.baseline else []),
        ]


def _plain(table: Table) -> str:
    lines = list(columns(table))
    widths = [max(len(line[index]) for line in lines) for index in range(len(lines[0]))]
    shown = [
        "  ".join(
            [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        )
        for line in lines
    ]
    return "\n".join([table.title, *shown])


def markdown(table: Table) -> str:
    """A table with its title, as Markdown."""
    head, *lines = columns(table)
    ruler = ["---", *["---:"] * (len(head) - 1)]
    shown = "\n".join(f"| {' | '.join(line)} |" for line in (head, ruler, *lines))
    return f"**{table.title}**\n\n{shown}"
