"""The first page of the day: a browser that has just been started, with what earlier days left on its disk."""

import queue
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from worker_py_tool.bench import browsers, stage
from worker_py_tool.bench.results import Row, Table
from worker_py_tool.bench.rounds import by_turns
from worker_py_tool.bench.run import Run
from worker_py_tool.bench.site_server import SiteServer

PLAIN = "plain Pyodide in a worker"
OURS = "ours"
KEPT = "ours, with a call kept"
AGAINST = "the other bundle"
SITES = {PLAIN: stage.PLAIN, OURS: stage.OURS, KEPT: stage.OURS}
DAYS_BEFORE = 2
"""What a browser compiles it writes to its disk when a script came from there before."""
SETTLES_S = 4.0
"""How long a page stays then: copies are made, and compiled code is written."""
KEEP = "?keep"
"""Has the page leave the record of a call behind."""
TIMEOUT_S = 120.0


@dataclass
class Day:
    """What came out, by contender, in milliseconds.

    Attributes:
        run: What every section is given.
        server: Serves all sites.
        profiles: The directory of each contender's profile.
        of_frame: From the start of the frame's navigation until a handler could run.
        loads: How many there were.
    """

    run: Run
    server: SiteServer
    profiles: Mapping[str, Path]
    of_frame: dict[str, list[float]] = field(default_factory=dict)
    loads: int = 0

    def prepare(self, name: str, site: str) -> None:
        """The days before."""
        for _ in range(DAYS_BEFORE):
            self._load(name, site, path=KEEP if name == KEPT else "", stays_s=SETTLES_S)

    def take(self, name: str, site: str) -> float:
        """One morning: from the start of the portal's page until a handler could run."""
        told = self._load(name, site)
        self.of_frame.setdefault(name, []).append(told["ready"])
        if told.get("phases"):
            self.run.notes.setdefault(f"phases of the day's first page, {name}, ms", []).append(told["phases"])
        return float(told["began"] + told["ready"] - told["opened"])

    def _load(self, name: str, site: str, *, path: str = "", stays_s: float = 0.0) -> dict[str, Any]:
        """A new process of the browser, whose first page is the portal's: what is told when a handler can run there.

        Raises:
            RuntimeError: Nothing is.
        """
        self.loads += 1
        address = f"{self.server.address(stage.PORTAL)}?load={self.loads}&app={self.server.address(site)}{path}"
        with browsers.undriven(self.run.playwright, self.profiles[name], address):
            try:
                told = self.server.told.get(timeout=TIMEOUT_S)
            except queue.Empty:
                raise RuntimeError(f"{name}: no word from {address} within {TIMEOUT_S:.0f} s") from None
            if told["load"] != str(self.loads):
                raise RuntimeError(f"{name}: load {told['load']} told something in the time of load {self.loads}")
            time.sleep(stays_s)
            return told


def measure(run: Run, server: SiteServer) -> list[Table]:
    """Each contender in a profile of its own that was there before, in a new process each time."""
    sites = SITES | ({AGAINST: stage.AGAINST} if run.stage.has(stage.AGAINST) else {})
    with ExitStack() as opened:
        profiles = {
            name: Path(opened.enter_context(TemporaryDirectory(prefix="worker-py-bench-"))) / "profile"
            for name in sites
        }
        day = Day(run, server, profiles)
        for name, site in sites.items():
            day.prepare(name, site)
        samples = by_turns({name: partial(day.take, name, site) for name, site in sites.items()}, run.rounds(9))
    title = (
        "Boot of the day's first page, a new browser with a warm disk: from the start of the {} until a handler can run"
    )
    return [
        _table("boot-day", title.format("portal's page"), samples),
        _table("boot-day-frame", title.format("frame"), day.of_frame),
    ]


def _table(key: str, title: str, samples: Mapping[str, list[float]]) -> Table:
    return Table(key, title, "ms", [Row(*item) for item in samples.items()], PLAIN)
