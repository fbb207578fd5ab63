"""The first page of the day: a browser that has just been started, with what earlier days left on its disk."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import BrowserContext

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
SETTLES_MS = 4000
"""How long a page stays then: copies are made, and compiled code is written."""
KEEP = """([portal, now]) => new Promise((resolve, reject) => {
  const opening = indexedDB.open(`worker-py ${portal}`);
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const transaction = opening.result.transaction("calls", "readwrite");
    const state = JSON.stringify({ state: {}, data: {}, at: now });
    transaction.objectStore("calls").put({ call_id: "BENCH.1", user: "1", kept: state, at: now, v: 1 });
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  };
})"""
READ = """() => ({
  began: performance.timeOrigin,
  ready: readyAt,
  phases: globalThis.workerPy?.diagnostics().boot ?? null,
})"""


@dataclass
class Day:
    """What came out, by contender, in milliseconds.

    Attributes:
        run: What every section is given.
        server: Serves all sites.
        profiles: The directory of each contender's profile.
        of_frame: From the start of the frame's navigation until a handler could run.
    """

    run: Run
    server: SiteServer
    profiles: Mapping[str, Path]
    of_frame: dict[str, list[float]] = field(default_factory=dict)

    def prepare(self, name: str, site: str) -> None:
        """The days before."""
        for _ in range(DAYS_BEFORE):
            with self._opened(name, site) as context:
                page = context.pages[0]
                page.wait_for_timeout(SETTLES_MS)
                if name == KEPT:
                    portal = self.server.address(stage.PORTAL).removeprefix("http://").rstrip("/")
                    frame = browsers.hidden_frame(page)
                    frame.evaluate(KEEP, [portal, frame.evaluate("() => Date.now()")])

    def take(self, name: str, site: str) -> float:
        """One morning: from the start of the portal's page until a handler could run."""
        with self._opened(name, site) as context:
            page = context.pages[0]
            began = page.evaluate("() => performance.timeOrigin")
            read = browsers.hidden_frame(page).evaluate(READ)
            self.of_frame.setdefault(name, []).append(read["ready"])
            if read["phases"]:
                self.run.notes.setdefault(f"phases of the day's first page, {name}, ms", []).append(read["phases"])
            return float(read["began"] + read["ready"] - began)

    @contextmanager
    def _opened(self, name: str, site: str) -> Iterator[BrowserContext]:
        """A new process of the browser, whose first page is the portal's, when a handler can run there."""
        with browsers.with_profile(self.run.playwright, self.profiles[name]) as context:
            page = context.pages[0]
            page.goto(f"{self.server.address(stage.PORTAL)}?app={self.server.address(site)}")
            browsers.ready_at(page)
            yield context


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
