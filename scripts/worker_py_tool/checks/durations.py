"""How long each file of tests takes, and how long it took when that was recorded in `tests/durations.json`."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from worker_py_tool.checks.junit import Case
from worker_py_tool.paths import ROOT

RECORD = ROOT / "tests" / "durations.json"
NOTED_S = 2.0
"""What takes less than this is not compared: it is noise."""
SLOWER = 2.0
SLOWEST = 10

Durations = dict[str, dict[str, float]]
"""Seconds, by tier and file."""


def of(cases: Iterable[Case]) -> Durations:
    """Add up what ran."""
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for case in cases:
        if case.file and case.verdict != "skipped":
            sums[case.tier][case.file] += case.seconds
    return {tier: dict(files) for tier, files in sums.items()}


def recorded(path: Path = RECORD) -> Durations:
    """The committed record; empty when there is none."""
    if not path.exists():
        return {}
    read: Durations = json.loads(path.read_text(encoding="utf-8"))
    return read


def record(measured: Durations, path: Path = RECORD) -> None:
    """Replace the record of the tiers that ran; the others' stays."""
    merged = recorded(path) | measured
    rounded = {
        tier: {file: round(seconds, 1) for file, seconds in sorted(files.items())} for tier, files in merged.items()
    }
    path.write_text(json.dumps(rounded, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def longest_first(files: Iterable[str], of_tier: Mapping[str, float]) -> list[str]:
    """So that no process is left alone with a long one at the end; a file without a record may be long."""
    return sorted(files, key=lambda file: (-of_tier.get(file, float("inf")), file))


def slowest(measured: Durations) -> list[str]:
    """Lines for the slowest files of all tiers."""
    rows = [(seconds, tier, file) for tier, files in measured.items() for file, seconds in files.items()]
    return [f"{seconds:7.1f} s  {tier:8} {file}" for seconds, tier, file in sorted(rows, reverse=True)[:SLOWEST]]


def slower(measured: Durations, before: Durations) -> list[str]:
    """Lines for the files that took more than twice what is recorded."""
    rows = []
    for tier, files in measured.items():
        for file, seconds in files.items():
            then = before.get(tier, {}).get(file)
            if then is not None and seconds > NOTED_S and seconds > SLOWER * then:
                rows.append((seconds, f"{seconds:7.1f} s, and {then:.1f} s in the record: {tier} {file}"))
    return [line for _, line in sorted(rows, reverse=True)]
