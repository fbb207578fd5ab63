"""Handling events: Python beside the same handlers in JavaScript, in a worker and in the page."""

from collections.abc import Callable
from functools import partial

from playwright.sync_api import Page

from worker_py_tool.bench import browsers, burst, card, round_trip, stage
from worker_py_tool.bench.results import Row, Table
from worker_py_tool.bench.rounds import Rounds, by_turns
from worker_py_tool.bench.run import Run

PYTHON = "Python, shared worker"
PYTHON_ALONE = "Python, dedicated worker"
SHARED_WORKER = "JavaScript, shared worker"
WORKER = "JavaScript, worker"
PAGE = "JavaScript, page"
CONTENDERS = {
    PYTHON: (stage.OURS, ""),
    PYTHON_ALONE: (stage.OURS, ""),
    SHARED_WORKER: (stage.JAVASCRIPT, "shared.html"),
    WORKER: (stage.JAVASCRIPT, "worker.html"),
    PAGE: (stage.JAVASCRIPT, "page.html"),
}


def measure(run: Run) -> list[Table]:
    """Round trips and bursts, all contenders in one browser."""
    run.stage.need(stage.OURS, stage.JAVASCRIPT)
    rounds = run.rounds(15, 8)  # so many trips until the browser has compiled what they need
    with run.stage.served() as server, card.portal() as portal, browsers.fresh(run.playwright) as context:
        pages = {
            name: card.open_card(context, portal, f"{server.address(site)}{path}", shared=name != PYTHON_ALONE)
            for name, (site, path) in CONTENDERS.items()
        }
        size = 20 if run.quick else 100
        single = _by_turns(pages, partial(round_trip.one_at_a_time, size=size), rounds)
        chained = _by_turns(pages, partial(round_trip.back_to_back, size=size), rounds)
        bursts = _by_turns(pages, partial(burst.rate, size=500 if run.quick else 3000), rounds)
    return [
        Table("round-trip", "Round trip: event, handler, command back at the portal", "ms", single, WORKER),
        Table("back-to-back", "Round trips back to back, without a rest", "ms", chained, WORKER),
        Table("throughput", "Burst: events handled in a second", "events/s", bursts, WORKER),
    ]


def _by_turns(pages: dict[str, Page], take: Callable[[Page], float], rounds: Rounds) -> list[Row]:
    samples = by_turns({name: partial(_in_front, page, take) for name, page in pages.items()}, rounds)
    return [Row(*item) for item in samples.items()]


def _in_front(page: Page, take: Callable[[Page], float]) -> float:
    """Measure in the tab that the operator sees: a browser gives the others less of the processor."""
    page.bring_to_front()
    return take(page)
