"""The memory of a whole browser as pages are opened: ours beside the same pages with JavaScript only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from playwright.sync_api import Page

from worker_py_tool.bench import browsers, process_memory, stage
from worker_py_tool.bench.results import Row, Table
from worker_py_tool.bench.run import Run
from worker_py_tool.bench.site_server import SiteServer

PAGES, QUICK_PAGES = (1, 2, 5, 10, 20), (1, 2)
PER_PAGE = "a worker for each page"
ONE = "one shared worker"
FLOOR = "floor: empty shared worker"
CONTENDERS = {PER_PAGE: (stage.OURS, False), ONE: (stage.OURS, True), FLOOR: (stage.FLOOR, True)}


def measure(run: Run) -> list[Table]:
    """Open more and more tabs, each kind in a browser of its own; by turns for each number of pages."""
    run.stage.need(stage.PORTAL, stage.OURS, stage.FLOOR)
    counts = QUICK_PAGES if run.quick else PAGES
    samples: dict[tuple[str, int], list[float]] = {(name, at): [] for name in CONTENDERS for at in counts}
    with run.stage.served() as server:
        for _ in range(run.rounds(3).counted):
            for name, (site, shared) in CONTENDERS.items():
                with _pages(run, server, site, shared) as grow_to:
                    for at in counts:
                        samples[name, at].append(grow_to(at))
    rows = [Row(name, taken, at) for (name, at), taken in samples.items()]
    return [Table("memory", "Memory of the whole browser with so many pages", "MiB", rows, FLOOR, "pages")]


@contextmanager
def _pages(run: Run, server: SiteServer, site: str, shared: bool) -> Iterator[Callable[[int], float]]:
    token = process_memory.new_token()
    with browsers.fresh(run.playwright, token) as context:
        opened: list[Page] = []
        add = partial(browsers.open_tab, context, server, site, shared=shared)

        def grow_to(count: int) -> float:
            while len(opened) < count:
                opened.append(add())
            return process_memory.family_mib(token)

        yield grow_to
