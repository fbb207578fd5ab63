"""What the entries of a sink come to: failures by handler and version, boots by mode, browsers, a timeline."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

GROUPS = 100
BARS = 48
FAILURE = "kind != 'boot' AND level IN ('warning', 'error', 'fatal')"
SPANS = {"1h": 3600, "24h": 86400, "7d": 7 * 86400, "30d": 30 * 86400}
_MOST_BOOTS = 100_000


@dataclass(frozen=True, slots=True)
class Failures:
    """Failures that are alike: what, how often, for how many, since when, in which browsers."""

    kind: str
    handler: str
    event: str
    type: str
    code: str
    place: str
    build: str
    version: str
    times: int
    operators: int
    first: float
    last: float
    browsers: str
    detail: str


@dataclass(frozen=True, slots=True)
class Boots:
    """The boots of one mode: how many, and how long they took in milliseconds."""

    mode: str
    count: int
    p50: int
    p95: int
    plain: int


@dataclass(frozen=True, slots=True)
class Share:
    """A browser or a version in use."""

    name: str
    operators: int
    boots: int
    failures: int
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of the timeline: failures and boots since a time."""

    since: float
    failures: int
    boots: int


@dataclass(frozen=True, slots=True)
class Summary:
    """All of it, of the time between `since` and `now`."""

    since: float
    now: float
    entries: int = 0
    failed: int = 0
    booted: int = 0
    operators: int = 0
    failures: list[Failures] = field(default_factory=list)
    boots: list[Boots] = field(default_factory=list)
    boot_ms: list[int] = field(default_factory=list)
    browsers: list[Share] = field(default_factory=list)
    versions: list[Share] = field(default_factory=list)
    timeline: list[Bar] = field(default_factory=list)


def summarise(entries: sqlite3.Connection, since: float, now: float) -> Summary:
    """Count the entries of a time."""
    totals = entries.execute(
        f"SELECT count(*), coalesce(sum(times) FILTER (WHERE {FAILURE}), 0), "
        "count(*) FILTER (WHERE kind = 'boot'), count(DISTINCT operator) FROM entries WHERE at >= ?",
        (since,),
    ).fetchone()
    boots = _boots(entries, since)
    return Summary(
        since,
        now,
        entries=totals[0],
        failed=totals[1],
        booted=totals[2],
        operators=totals[3],
        failures=[Failures(**dict(row)) for row in entries.execute(_FAILURES, (since, GROUPS))],
        boots=[_of_mode(mode, rows) for mode, rows in sorted(boots.items())],
        boot_ms=sorted(ms for rows in boots.values() for ms, _ in rows),
        browsers=_shares(entries, "browser", since),
        versions=_shares(entries, "version || ' ' || build", since),
        timeline=_timeline(entries, since, now),
    )


_FAILURES = f"""
    SELECT kind, handler, event, type, code, max(place) AS place, build, max(version) AS version,
        sum(times) AS times, count(DISTINCT operator) AS operators, min(at) AS first, max(at) AS last,
        group_concat(DISTINCT browser) AS browsers, max(detail) AS detail
    FROM entries WHERE at >= ? AND {FAILURE}
    GROUP BY kind, handler, event, type, code, build ORDER BY last DESC LIMIT ?
"""


def _boots(entries: sqlite3.Connection, since: float) -> dict[str, list[tuple[int, bool]]]:
    """Milliseconds, and whether it was a plain one, by mode."""
    found: dict[str, list[tuple[int, bool]]] = {}
    rows = entries.execute(
        "SELECT mode, ms, level = 'warning' FROM entries WHERE kind = 'boot' AND ms IS NOT NULL AND at >= ? "
        "ORDER BY at DESC LIMIT ?",
        (since, _MOST_BOOTS),
    )
    for mode, ms, plain in rows:
        found.setdefault(mode, []).append((ms, bool(plain)))
    return found


def _of_mode(mode: str, rows: Sequence[tuple[int, bool]]) -> Boots:
    took = sorted(ms for ms, _ in rows)
    return Boots(mode, len(rows), percentile(took, 50), percentile(took, 95), sum(plain for _, plain in rows))


def percentile(ordered: Sequence[int], part: float) -> int:
    """The smallest value that so many of a hundred do not exceed."""
    return ordered[max(0, -(-len(ordered) * int(part) // 100) - 1)] if ordered else 0


def _shares(entries: sqlite3.Connection, name: str, since: float) -> list[Share]:
    rows = entries.execute(
        f"SELECT {name} AS name, count(DISTINCT operator) AS operators, "
        "count(*) FILTER (WHERE kind = 'boot') AS boots, "
        f"coalesce(sum(times) FILTER (WHERE {FAILURE}), 0) AS failures, min(at) AS first, max(at) AS last "
        "FROM entries WHERE at >= ? GROUP BY 1 ORDER BY operators DESC, last DESC LIMIT ?",
        (since, GROUPS),
    )
    return [Share(**dict(row)) for row in rows]


def _timeline(entries: sqlite3.Connection, since: float, now: float) -> list[Bar]:
    width = max(1.0, (now - since) / BARS)
    counted: dict[int, Any] = {
        row[0]: row
        for row in entries.execute(
            f"SELECT min(?, CAST((at - ?) / ? AS INTEGER)), coalesce(sum(times) FILTER (WHERE {FAILURE}), 0), "
            "count(*) FILTER (WHERE kind = 'boot') FROM entries WHERE at >= ? GROUP BY 1",
            (BARS - 1, since, width, since),
        )
    }
    nothing = (0, 0, 0)
    return [Bar(since + bar * width, *counted.get(bar, nothing)[1:]) for bar in range(BARS)]
