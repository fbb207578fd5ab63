"""The benchmark runs: every row is there, as a positive number. What the numbers are is not looked at.

One section runs in CI, and proves that the sites are built and served, browsers are driven, and rows become a report;
the others, and pictures, which need a package more, run with `--all`.
"""

import json
import math
import os
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from worker_py_tool.bench import boot, day, events, handlers, long_run, memory, requirements, serving
from worker_py_tool.paths import ROOT
from worker_py_tool.setup import web_servers

Rows = dict[str, list[tuple[str, int | None]]]
"""Names and arguments of the rows, by the key of their table."""
ALONE: list[tuple[str, int | None]] = [(name, None) for name in boot.ALONE]
EVENTS = ("round-trip", "back-to-back", "throughput")
"""The tables of the section `events`."""
ROWS: Rows = {
    "boot-cold": ALONE,
    "boot-day": [(name, None) for name in day.SITES],
    "boot-day-frame": [(name, None) for name in day.SITES],
    "boot-warm": [*ALONE, (boot.NAVIGATION, None), (boot.SECOND_TAB, None), (boot.FLOOR, None)],
    "link": [(boot.PLAIN, None), (boot.OURS, None)],
    "bytes": [(boot.PLAIN, None), (boot.OURS, None)],
    "round-trip": [(name, None) for name in events.CONTENDERS],
    "back-to-back": [(name, None) for name in events.CONTENDERS],
    "throughput": [(name, None) for name in events.CONTENDERS],
    "memory": [(name, at) for name in memory.CONTENDERS for at in memory.QUICK_PAGES],
    "handlers-boot": [(handlers.BOOT, at) for at in handlers.QUICK_COUNTS],
    "handlers-event": [(name, at) for name in (handlers.ONE_RUNS, handlers.ALL_RUN) for at in handlers.QUICK_COUNTS],
    "long-run-time": [(name, at) for at in long_run.QUICK_MARKS for name in long_run.CONTENDERS],
    "long-run-memory": [(name, at) for at in long_run.QUICK_MARKS for name in long_run.CONTENDERS],
    "requirements": [
        (name, at) for at in requirements.QUICK_COUNTS for name in (requirements.SNAPSHOT, requirements.PLAIN)
    ],
}


def serving_rows() -> Rows:
    """The rows of servers: wrk and nginx cannot be installed everywhere."""
    if shutil.which("wrk") is None:
        return {}
    names = [serving.OURS] if web_servers.missing("nginx") else [serving.OURS, serving.NGINX]
    return {key: [(name, None) for name in names] for key in ("serving-p99", "serving-rate")}


def bench(*arguments: str | Path) -> str:
    done = subprocess.run(
        [str(ROOT / "scripts" / "bench"), *map(str, arguments)],
        env={key: value for key, value in os.environ.items() if not key.startswith("PYTEST")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run left: its samples, what it printed, and the rows that it should have."""

    samples: Path
    printed: str
    rows: Rows

    @property
    def content(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.samples.read_text(encoding="utf-8"))
        return read


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    path = tmp_path_factory.mktemp("bench") / "bench.json"
    return Ran(path, bench("--quick", "--json", path), ROWS | serving_rows())


@pytest.fixture(scope="module")
def one_section(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    path = tmp_path_factory.mktemp("bench") / "bench.json"
    return Ran(path, bench("events", "--quick", "--json", path), {key: ROWS[key] for key in EVENTS})


@pytest.fixture(params=["one_section", pytest.param("whole", marks=pytest.mark.campaign)])
def run(request: pytest.FixtureRequest) -> Ran:
    ran: Ran = request.getfixturevalue(request.param)
    return ran


@pytest.mark.timeout(600)
def test_a_quick_run_has_every_row_and_nothing_but_positive_numbers(run: Ran) -> None:
    content = run.content
    assert sorted(content) == ["date", "format", "machine", "notes", "quick", "tables"]
    assert (content["format"], content["quick"]) == ("worker-py bench 1", True)
    assert all(isinstance(value, str) and value for value in content["machine"].values())
    rows = {table["key"]: [(row["name"], row["at"]) for row in table["rows"]] for table in content["tables"]}
    assert rows == run.rows
    for table in content["tables"]:
        assert table["title"] and table["unit"]
        for row in table["rows"]:
            assert all(math.isfinite(sample) and sample > 0 for sample in row["samples"]), row
            assert row["low"] <= row["median"] <= row["high"]
            assert (row["ratio"] is None) == (table["baseline"] == "")


@pytest.mark.timeout(600)
def test_printed_table_names_every_contender_and_the_browser(run: Ran) -> None:
    names = {name for rows in run.rows.values() for name, _ in rows}
    assert sorted(name for name in names if name not in run.printed) == []
    assert "Chromium" in run.printed


@pytest.mark.campaign
@pytest.mark.timeout(600)
def test_boot_of_ours_tells_its_phases(whole: Ran) -> None:
    phases = next(value for key, value in whole.content["notes"].items() if key != "serving")
    assert phases and all({"runtime", "app", "total"} <= each.keys() for each in phases)


@pytest.mark.campaign
@pytest.mark.timeout(600)
def test_pictures_are_the_same_for_the_same_numbers(whole: Ran, tmp_path: Path) -> None:
    for name in ("one", "two"):
        bench("--from", whole.samples, "--plots", tmp_path / name)
    pictures = sorted((tmp_path / "one").iterdir())
    assert [picture.name for picture in pictures] == [
        f"bench-{name}{ending}.svg" for name in ("boot", "events", "growth", "link") for ending in ("-dark", "")
    ]
    for picture in pictures:
        assert picture.read_bytes() == (tmp_path / "two" / picture.name).read_bytes()
        words = "".join(ElementTree.fromstring(picture.read_text(encoding="utf-8")).itertext())
        assert "median of the rounds" in words  # text stayed text
