"""From the start of a page until a handler can run: ours and the others', with a cold profile and a warm cache."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial

from playwright.sync_api import BrowserContext, Page

from worker_py_tool.bench import browsers, day, stage
from worker_py_tool.bench.results import Row, Table
from worker_py_tool.bench.rounds import by_turns
from worker_py_tool.bench.run import Run
from worker_py_tool.bench.site_server import SiteServer

PLAIN = day.PLAIN
PYSCRIPT = "PyScript, main thread"
PYSCRIPT_WORKER = "PyScript, worker"
OURS_PLAIN = "ours without snapshot"
OURS = "ours, dedicated worker"
NAVIGATION = "ours, after a navigation"
SECOND_TAB = "ours, second tab"
FLOOR = "floor: empty shared worker"

ALONE = {
    PLAIN: (stage.PLAIN, ""),
    PYSCRIPT: (stage.PYSCRIPT_SITE, ""),
    PYSCRIPT_WORKER: (stage.PYSCRIPT_SITE, "worker.html"),
    OURS_PLAIN: (stage.OURS_PLAIN, ""),
    OURS: (stage.OURS, ""),
}
"""The contenders that need no page but their own: site, and page of the site."""


def measure(run: Run) -> list[Table]:
    """Cold profiles first, then the day's first page, then warm caches."""
    run.stage.need(stage.PORTAL, stage.FLOOR, *(site for site, _ in ALONE.values()))
    with run.stage.served() as server:
        return [_cold(run, server), *day.measure(run, server), _warm(run, server)]


def measure_in(run: Run, engine: str) -> list[Table]:
    """Ours beside plain Pyodide in another engine: cold profiles first, then warm caches."""
    sites = {PLAIN: stage.PLAIN, OURS: stage.OURS}
    run.stage.need(stage.PORTAL, *sites.values())
    with run.stage.served() as server:

        def cold(site: str) -> float:
            with browsers.fresh_of(run.playwright, engine) as context:
                return browsers.boot_of(context, server, site)

        samples = by_turns({name: partial(cold, site) for name, site in sites.items()}, run.rounds(3))
        tables = [_of(engine, "cold", samples)]
        with browsers.fresh_of(run.playwright, engine) as context, _keeping(context, server):
            takes = {name: partial(browsers.boot_of, context, server, site) for name, site in sites.items()}
            tables.append(_of(engine, "warm", by_turns(takes, run.rounds(5, 2))))
    return tables


@contextmanager
def _keeping(context: BrowserContext, server: SiteServer) -> Iterator[None]:
    """A tab stays open: a browser may end with its last one."""
    page = context.new_page()
    page.goto(server.address(stage.PORTAL))
    yield
    page.close()


def _of(engine: str, how: str, samples: Mapping[str, list[float]]) -> Table:
    title = f"Boot in {engine}, {how}: from the start of the page until a handler can run"
    return Table(f"boot-{engine}-{how}", title, "ms", [Row(*item) for item in samples.items()], PLAIN)


def _cold(run: Run, server: SiteServer) -> Table:
    def take(site: str, path: str) -> float:
        with browsers.fresh(run.playwright) as context:
            return browsers.boot(context, server, site, path)

    others = {day.AGAINST: (stage.AGAINST, "")} if run.stage.has(stage.AGAINST) else {}
    takes = {name: partial(take, *where) for name, where in (ALONE | others).items()}
    samples = by_turns(takes, run.rounds(5))
    title = "Boot with a cold profile: from the start of the page until a handler can run"
    return Table("boot-cold", title, "ms", [Row(*item) for item in samples.items()], PLAIN)


def _warm(run: Run, server: SiteServer) -> Table:
    with ExitStack() as opened:
        context = opened.enter_context(browsers.fresh(run.playwright))
        samples = by_turns(_warm_takes(run, server, context), run.rounds(9, 3))
    title = "Boot with a warm cache: from the start of the page until a handler can run"
    return Table("boot-warm", title, "ms", [Row(*item) for item in samples.items()], PLAIN)


def _warm_takes(run: Run, server: SiteServer, context: BrowserContext) -> dict[str, Callable[[], float]]:
    working = browsers.open_tab(context, server, stage.OURS, shared=True)
    joined = browsers.open_tab(context, server, stage.FLOOR, shared=True)

    def ours() -> float:
        page = browsers.open_tab(context, server, stage.OURS)
        phases = browsers.hidden_frame(page).evaluate("() => workerPy.diagnostics().boot")
        run.notes.setdefault("phases of ours, dedicated worker, warm cache, ms", []).append(phases)
        took = browsers.ready_at(page)
        page.close()
        return took

    def reload(page: Page) -> float:
        page.reload()
        return browsers.ready_at(page)

    takes = {name: partial(browsers.boot, context, server, *where) for name, where in ALONE.items()}
    return {
        **takes,
        OURS: ours,
        NAVIGATION: partial(reload, working),
        SECOND_TAB: partial(browsers.boot, context, server, stage.OURS, shared=True),
        FLOOR: partial(reload, joined),
    }
