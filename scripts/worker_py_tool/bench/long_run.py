"""Many events in a row on one page: the time for each and the memory must stay what they were."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from worker_py_tool.bench import browsers, burst, card, events, process_memory, stage
from worker_py_tool.bench.results import Row, Table
from worker_py_tool.bench.run import Run

MARKS, QUICK_MARKS = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000), (500, 1_000)
BURST = 500
CONTENDERS = (events.PYTHON, events.WORKER)


def measure(run: Run) -> list[Table]:
    """Raise events in bursts, and note at each mark what those since the last one took."""
    run.stage.need(stage.OURS, stage.JAVASCRIPT)
    times: list[Row] = []
    sizes: list[Row] = []
    with ExitStack() as stack:
        takes = {name: _opened(run, stack, name) for name in CONTENDERS}
        done = 0
        for mark in QUICK_MARKS if run.quick else MARKS:
            taken: dict[str, list[float]] = {name: [] for name in CONTENDERS}
            while done < mark:
                for name, (take, _) in takes.items():
                    taken[name].append(take() / BURST)
                done += BURST
            times += [Row(name, taken[name], mark) for name in CONTENDERS]
            sizes += [Row(name, [memory()], mark) for name, (_, memory) in takes.items()]
    title = f"Time for one event, in bursts of {BURST} since the mark before"
    return [
        Table("long-run-time", title, "ms", times, events.WORKER, "events so far"),
        Table("long-run-memory", "Memory of the whole browser", "MiB", sizes, events.WORKER, "events so far"),
    ]


def _opened(run: Run, stack: ExitStack, name: str) -> tuple[Callable[[], float], Callable[[], float]]:
    site, path = events.CONTENDERS[name]
    token = process_memory.new_token()
    server = stack.enter_context(run.stage.served())
    portal = stack.enter_context(card.portal())
    context = stack.enter_context(browsers.fresh(run.playwright, token))
    page = card.open_card(context, portal, f"{server.address(site)}{path}")
    burst.take(page, BURST)
    return partial(burst.take, page, BURST), partial(process_memory.family_mib, token)
