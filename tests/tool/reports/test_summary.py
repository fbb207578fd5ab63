"""What entries come to, on the page, in the terminal and for Prometheus."""

from pathlib import Path

import pytest

from tests.support.envelopes import boot, envelope, event
from worker_py_tool.reports import metrics, page, text
from worker_py_tool.reports.entry import read
from worker_py_tool.reports.store import Store, reading
from worker_py_tool.reports.summary import Summary, percentile, summarise

NOW = 1_700_000_000.0
OLD, NEW = "a" * 12, "d" * 12


@pytest.fixture
def summary(tmp_path: Path) -> Summary:
    """Two versions fail in three browsers, and boot."""
    now = [NOW]
    store = Store(tmp_path / "r.sqlite", clock=lambda: now[0])
    for operator, build, browser in (("1", OLD, "Chrome"), ("2", NEW, "Firefox"), ("3", NEW, "Chrome")):
        changes = {
            "release": f"0.2.0+{build}",
            "user": {"id": operator * 32},
            "contexts": {"browser": {"name": browser, "version": "156"}},
        }
        now[0] += 60
        store.add(read(envelope(event(**changes), boot(400 + 100 * int(operator), **changes))))
    store.add(read(envelope(event(release=f"0.2.0+{NEW}", extra={"repeated": 5}, user={"id": "3" * 32}))))
    store.add(read(envelope(boot(3000, level="warning", tags={"mode": "dedicated"}))))
    store.close()
    with reading(tmp_path / "r.sqlite") as entries:
        return summarise(entries, NOW - 3600, NOW + 200)


def test_failures_are_grouped_by_handler_and_version(summary: Summary) -> None:
    rows = {each.build: each for each in summary.failures}
    assert {build: (row.handler, row.times, row.operators) for build, row in rows.items()} == {
        OLD: ("greet", 1, 1),
        NEW: ("greet", 7, 2),
    }
    assert set(rows[NEW].browsers.split(",")) == {"Firefox 156", "Chrome 156"}
    assert (rows[NEW].first, rows[NEW].last) == (NOW + 120, NOW + 180)
    assert summary.failed == 8


def test_boots_are_counted_by_mode_with_their_percentiles(summary: Summary) -> None:
    assert {each.mode: (each.count, each.p50, each.p95, each.plain) for each in summary.boots} == {
        "dedicated": (1, 3000, 3000, 1),
        "shared": (3, 600, 700, 0),
    }
    assert page.boot_times(summary.boot_ms) == [0, 1, 2, 0, 0, 0, 1, 0, 0, 0, 0]


def test_percentiles_are_values_that_were_measured() -> None:
    assert [percentile(range(1, 101), part) for part in (50, 95, 100)] == [50, 95, 100]
    assert percentile([7], 95) == 7
    assert percentile([], 50) == 0


def test_the_timeline_tells_when(summary: Summary) -> None:
    assert sum(bar.failures for bar in summary.timeline) == 8
    assert sum(bar.boots for bar in summary.timeline) == 4
    assert len(summary.timeline) == 48
    assert summary.timeline[-1].failures > 0
    assert summary.timeline[0].failures == 0


def test_versions_and_browsers_in_use_are_told(summary: Summary) -> None:
    assert {share.name: share.operators for share in summary.versions} == {f"0.2.0 {OLD}": 2, f"0.2.0 {NEW}": 2}
    assert {share.name for share in summary.browsers} == {"Chrome 156", "Firefox 156"}


def test_what_is_older_than_the_span_is_not_counted(tmp_path: Path) -> None:
    store = Store(tmp_path / "r.sqlite", clock=lambda: NOW - 7200)
    store.add(read(envelope(event())))
    with reading(store.path) as entries:
        assert summarise(entries, NOW - 3600, NOW).failures == []
        assert len(summarise(entries, NOW - 10_000, NOW).failures) == 1


def test_the_page_shows_it_and_escapes_what_was_reported(summary: Summary) -> None:
    shown = page.rendered(summary, "1h", [NEW])
    assert "greet" in shown
    assert "LookupError" in shown
    assert shown.count("not served here now") == 1
    assert "<script" not in shown


def test_html_in_a_report_is_text_on_the_page(tmp_path: Path) -> None:
    store = Store(tmp_path / "r.sqlite", clock=lambda: NOW)
    hostile = '<img src=x onerror="alert(1)">'
    store.add(
        read(envelope(event(tags={"handler": hostile}, message={"formatted": hostile}, extra={hostile: hostile})))
    )
    with reading(store.path) as entries:
        shown = page.rendered(summarise(entries, NOW - 60, NOW + 1), "1h")
    assert "<img" not in shown
    assert "&lt;img src=x" in shown


def test_an_empty_sink_says_so(tmp_path: Path) -> None:
    with reading(Store(tmp_path / "r.sqlite").path) as entries:
        nothing = summarise(entries, NOW - 60, NOW)
    assert "Nothing failed." in page.rendered(nothing, "24h")
    assert "Failures: none" in text.rendered(nothing)


def test_a_terminal_gets_the_same(summary: Summary) -> None:
    lines = text.rendered(summary).splitlines()
    assert f"8 failures, 4 boots, {summary.operators} browsers" in lines
    [new] = [line for line in lines if NEW in line and "greet" in line]
    assert new.split()[:6] == ["greet", "LookupError", "0.2.0", NEW, "7", "2"]


def test_prometheus_gets_numbers_by_mode_and_version(summary: Summary) -> None:
    lines = metrics.rendered({"boot": 4, 'odd"\n': 1}, {"200": 5}, summary, 4096).splitlines()
    assert 'worker_py_boot_ms{mode="shared",quantile="0.95"} 700' in lines
    assert f'worker_py_failures_last_hour{{version="0.2.0 {NEW}"}} 7' in lines
    assert r'worker_py_report_entries_total{kind="odd\"\n"} 1' in lines
    assert all(line.startswith(("#", "worker_py_")) for line in lines)
