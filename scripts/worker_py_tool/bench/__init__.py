"""The benchmark: each measurement is a file, and all contenders take turns in one run.

`contenders.py` opens a page in Python and one in JavaScript, `measurement.py` says what a measurement is and takes the
turns, `report.py` prints. `stage.py` serves the pages whose start (`start.py`) and memory (`memory.py`) are measured.
"""

import os

from playwright.sync_api import sync_playwright

from worker_py_tool import chromium
from worker_py_tool.bench import contenders, measurement, memory, report, round_trip, stage, start, throughput

MEASUREMENTS = (throughput.THROUGHPUT, round_trip.ROUND_TRIP)


def run(*, quick: bool) -> str:
    """Take every measurement.

    Args:
        quick: Few and short rounds.

    Returns:
        The report, as text.
    """
    os.environ.update(chromium.browsers_env())
    with contenders.opened() as pages:
        rows = [measurement.take(each, pages, quick=quick) for each in MEASUREMENTS]
        parts = [report.text(rows, pages)]
    with sync_playwright() as playwright, stage.served() as served:
        parts.append(start.text(start.measure(playwright, served, quick=quick)))
        parts.append(memory.text(memory.measure(playwright, served, quick=quick)))
    return "\n\n".join(parts)
