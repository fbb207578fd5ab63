"""A cold boot over an emulated slow link, and the bytes that it takes."""

from collections.abc import Callable
from functools import partial

from worker_py_tool.bench import boot, browsers, stage
from worker_py_tool.bench.emulated_link import EmulatedLink
from worker_py_tool.bench.results import Row, Table
from worker_py_tool.bench.rounds import by_turns
from worker_py_tool.bench.run import Run
from worker_py_tool.bench.site_server import SiteServer

BITS_PER_S = 10e6
ROUND_TRIP_S = 0.040


def measure(run: Run) -> list[Table]:
    """Boot each contender in a browser with a cold profile."""
    run.stage.need(stage.PORTAL, *(site for site, _ in boot.ALONE.values()))
    sent: dict[str, list[float]] = {name: [] for name in boot.ALONE}
    with run.stage.served(EmulatedLink(BITS_PER_S, ROUND_TRIP_S)) as server:
        takes = {name: partial(_take, run, server, sent[name].append, *where) for name, where in boot.ALONE.items()}
        if run.quick:
            takes = {name: takes[name] for name in (boot.PLAIN, boot.OURS)}
        samples = by_turns(takes, run.rounds(4))
    times = [Row(*item) for item in samples.items()]
    sizes = [Row(name, sent[name]) for name in samples]
    title = "Boot with a cold profile over 10 Mbit/s with a round trip of 40 ms"
    return [
        Table("link", title, "ms", times, boot.PLAIN),
        Table("bytes", "On the wire before the first event can be handled, headers included", "MB", sizes, boot.PLAIN),
    ]


def _take(run: Run, server: SiteServer, note: Callable[[float], None], site: str, path: str) -> float:
    with browsers.fresh(run.playwright) as context:
        took = browsers.boot(context, server, site, path)
        note(server.tally.until_ready(site) / 1e6)
        return took
