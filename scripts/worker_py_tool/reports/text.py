"""What was reported, as text for a terminal: the same as the page `/reports` shows."""

from collections.abc import Sequence
from datetime import UTC, datetime

from worker_py_tool.reports.summary import Summary

_BLOCKS = " ▁▂▃▄▅▆▇█"


def rendered(summary: Summary) -> str:
    """All tables."""
    failures = [
        (
            each.handler or each.event or each.kind,
            f"{each.type} {each.code}".strip() or each.kind,
            f"{each.version} {each.build}",
            f"{each.times:,}",
            f"{each.operators:,}",
            _moment(each.last),
            each.browsers.replace(",", ", "),
        )
        for each in summary.failures
    ]
    boots = [(each.mode or "unknown", f"{each.count:,}", f"{each.p50:,}", f"{each.p95:,}") for each in summary.boots]
    versions = [
        (each.name, f"{each.operators:,}", f"{each.failures:,}", _moment(each.last)) for each in summary.versions
    ]
    browsers = [
        (each.name, f"{each.operators:,}", f"{each.boots:,}", f"{each.failures:,}") for each in summary.browsers
    ]
    return "\n".join(
        [
            f"{_moment(summary.since)} to {_moment(summary.now)} UTC",
            f"{summary.failed:,} failures, {summary.booted:,} boots, {summary.operators:,} browsers",
            f"failures: {_line([bar.failures for bar in summary.timeline])}",
            *_table("Failures", ("what", "type", "version", "times", "browsers", "last", "in"), failures),
            *_table("Boots", ("mode", "boots", "p50 ms", "p95 ms"), boots),
            *_table("Versions", ("version", "browsers", "failures", "last"), versions),
            *_table("Browsers", ("browser", "browsers", "boots", "failures"), browsers),
        ]
    )


def _line(counts: Sequence[int]) -> str:
    """A bar of one line's height for each."""
    highest = max(counts, default=0) or 1
    return "".join(_BLOCKS[-(-count * (len(_BLOCKS) - 1) // highest)] for count in counts)


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return ["", f"{title}: none"]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)
    ]
    return ["", title, *lines]


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
