"""The page `/reports`: what was reported, as HTML with plots, without a script."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2

from worker_py_tool.bundle.digests import integrity
from worker_py_tool.json_content import json_object
from worker_py_tool.reports.summary import SPANS, Bar, Summary

_HERE = Path(__file__).parent
_STYLE = (_HERE / "page.css").read_text(encoding="utf-8")
_HASH = integrity(_STYLE.encode())
POLICY = f"default-src 'none'; style-src '{_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
STEPS_MS = (250, 500, 750, 1000, 1500, 2000, 3000, 5000, 8000, 13_000)
"""Upper ends of the bars of boot times; one more is for what took longer."""
_WIDTH, _HEIGHT = 960, 120


def form(*, wrong: bool) -> str:
    """The page that asks for the token."""
    return _template("form.html.j2").render(style=_STYLE, wrong=wrong)


def rendered(summary: Summary, span: str, builds: Sequence[str] = ()) -> str:
    """The page of a summary.

    Args:
        summary: What is shown.
        span: Its name in `SPANS`.
        builds: Those that this server serves now; others are shown as such.
    """
    return _template("page.html.j2").render(
        style=_STYLE,
        summary=summary,
        span=span,
        spans=list(SPANS),
        builds=builds,
        timeline=_bars([(bar.failures, bar.boots) for bar in summary.timeline]),
        ends=(_moment(summary.timeline[0].since), _moment(summary.now)) if summary.timeline else ("", ""),
        highest=max((max(bar.failures, bar.boots) for bar in summary.timeline), default=0),
        told=_told(summary.timeline),
        times=_bars([(count, 0) for count in boot_times(summary.boot_ms)]),
        steps=[*(f"{ms / 1000:g}" for ms in STEPS_MS), "more"],
        counts=boot_times(summary.boot_ms),
    )


def boot_times(boot_ms: Sequence[int]) -> list[int]:
    """How many boots took up to each of `STEPS_MS`, and longer."""
    counts = [0] * (len(STEPS_MS) + 1)
    for ms in boot_ms:
        counts[next((index for index, end in enumerate(STEPS_MS) if ms <= end), len(STEPS_MS))] += 1
    return counts


def _bars(pairs: Sequence[tuple[int, int]]) -> list[dict[str, float]]:
    """Where the bars of a plot are: of each pair the first stands on the left, the second on the right."""
    highest = max((max(pair) for pair in pairs), default=0) or 1
    slot = _WIDTH / max(1, len(pairs))
    return [
        {
            "x": round(index * slot + slot * 0.1, 1),
            "width": round(slot * 0.8 / (2 if any(pair[1] for pair in pairs) else 1), 1),
            "first": round(first / highest * _HEIGHT, 1),
            "second": round(second / highest * _HEIGHT, 1),
        }
        for index, (first, second) in enumerate(pairs)
    ]


def _told(timeline: Sequence[Bar]) -> str:
    """The timeline in words, for who cannot see it."""
    failed = [bar for bar in timeline if bar.failures]
    if not failed:
        return "No failures."
    worst = max(failed, key=lambda bar: bar.failures)
    most = f"most, {worst.failures}, from {_moment(worst.since)}"
    return f"Failures in {len(failed)} of {len(timeline)} parts of the time; {most}."


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _age(seconds: float) -> str:
    """How long something takes or is ago, in one unit."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"


def _count(number: int) -> str:
    return f"{number:,}"


def _duration(ms: int) -> str:
    return f"{ms} ms" if ms < 1000 else f"{ms / 1000:.2g} s" if ms < 10_000 else f"{ms / 1000:.0f} s"


def _detail(text: str) -> list[tuple[str, str]]:
    """What an entry said besides, line by line."""
    return [(name, _plain(value)) for name, value in (json_object(text) or {}).items()]


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _shortened(event: str) -> str:
    return re.sub(r"^BackgroundCallCard::", "", event)


def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FileSystemLoader(_HERE),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        moment=_moment, age=_age, count=_count, duration=_duration, detail=_detail, shortened=_shortened
    )
    return environment.get_template(name)
