"""The benchmark runs: every row is there, as a positive number. What the numbers are is not looked at."""

import json
import math
import os
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from worker_py_tool import web_servers
from worker_py_tool.bench import boot, events, handlers, long_run, memory, requirements, serving
from worker_py_tool.paths import ROOT

ALONE: list[tuple[str, int | None]] = [(name, None) for name in boot.ALONE]
ROWS: dict[str, list[tuple[str, int | None]]] = {
    "boot-cold": ALONE,
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


def serving_rows() -> dict[str, list[tuple[str, int | None]]]:
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


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    path = tmp_path_factory.mktemp("bench") / "bench.json"
    return path, bench("--quick", "--json", path)


@pytest.mark.timeout(600)
def test_a_quick_run_has_every_row_and_nothing_but_positive_numbers(run: tuple[Path, str]) -> None:
    content: dict[str, Any] = json.loads(run[0].read_text(encoding="utf-8"))
    assert sorted(content) == ["date", "format", "machine", "notes", "quick", "tables"]
    assert (content["format"], content["quick"]) == ("worker-py bench 1", True)
    assert all(isinstance(value, str) and value for value in content["machine"].values())
    rows = {table["key"]: [(row["name"], row["at"]) for row in table["rows"]] for table in content["tables"]}
    assert rows == ROWS | serving_rows()
    for table in content["tables"]:
        assert table["title"] and table["unit"]
        for row in table["rows"]:
            assert all(math.isfinite(sample) and sample > 0 for sample in row["samples"]), row
            assert row["low"] <= row["median"] <= row["high"]
            assert (row["ratio"] is None) == (table["baseline"] == "")


@pytest.mark.timeout(600)
def test_boot_of_ours_tells_its_phases(run: tuple[Path, str]) -> None:
    notes = json.loads(run[0].read_text(encoding="utf-8"))["notes"]
    phases = next(value for key, value in notes.items() if key != "serving")
    assert phases and all({"runtime", "app", "total"} <= each.keys() for each in phases)


@pytest.mark.timeout(600)
def test_printed_table_names_every_contender_and_the_browser(run: tuple[Path, str]) -> None:
    names = {name for rows in ROWS.values() for name, _ in rows}
    assert sorted(name for name in names if name not in run[1]) == []
    assert "Chromium" in run[1]


@pytest.mark.timeout(600)
def test_pictures_are_the_same_for_the_same_numbers(run: tuple[Path, str], tmp_path: Path) -> None:
    for name in ("one", "two"):
        bench("--from", run[0], "--plots", tmp_path / name)
    pictures = sorted((tmp_path / "one").iterdir())
    assert [picture.name for picture in pictures] == [
        f"bench-{name}{ending}.svg" for name in ("boot", "events", "growth", "link") for ending in ("-dark", "")
    ]
    for picture in pictures:
        assert picture.read_bytes() == (tmp_path / "two" / picture.name).read_bytes()
        words = "".join(ElementTree.fromstring(picture.read_text(encoding="utf-8")).itertext())
        assert "median of the rounds" in words  # text stayed text
