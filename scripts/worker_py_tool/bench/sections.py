"""All sections, in the order in which they run."""

import datetime
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from playwright.sync_api import sync_playwright

from worker_py_tool.bench import (
    boot,
    browsers,
    events,
    handlers,
    long_run,
    machine,
    memory,
    requirements,
    serving,
    slow_link,
    stage,
)
from worker_py_tool.bench.results import Report, Table
from worker_py_tool.bench.run import Run
from worker_py_tool.process import say
from worker_py_tool.setup import chromium

SECTIONS: dict[str, Callable[[Run], list[Table]]] = {
    "boot": boot.measure,
    "link": slow_link.measure,
    "events": events.measure,
    "memory": memory.measure,
    "handlers": handlers.measure,
    "long-run": long_run.measure,
    "requirements": requirements.measure,
    "serving": serving.measure,
}


def measure(names: Sequence[str], *, quick: bool, engine: str = "chromium", against: Path | None = None) -> Report:
    """Take the sections of these names.

    Args:
        names: Keys of `SECTIONS`.
        quick: Few and short rounds, and files compressed fast.
        engine: What the boot is measured in.
        against: Another bundle, whose boot is measured beside ours.
    """
    os.environ.update(chromium.browsers_env())
    tables: list[Table] = []
    with sync_playwright() as playwright, stage.staged(best=not quick) as built:
        run = Run(playwright, built, quick)
        if against:
            built.bring(against)
        described = machine.describe(browsers.version(playwright, engine))
        for name in names:
            began = time.monotonic()
            tables += SECTIONS[name](run) if engine == "chromium" else boot.measure_in(run, engine)
            say(f"bench: {name}: {time.monotonic() - began:.0f} s")
        return Report(
            date=datetime.datetime.now(datetime.UTC).date().isoformat(),
            quick=quick,
            machine=described,
            tables=tables,
            notes=run.notes,
        )
