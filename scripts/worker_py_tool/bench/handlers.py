"""What more handlers cost: at the boot, when a page joins, and for each event."""

from functools import partial

from worker_py_tool.bench import browsers, card, round_trip, stage
from worker_py_tool.bench.results import Row, Table
from worker_py_tool.bench.rounds import by_turns
from worker_py_tool.bench.run import Run

COUNTS, QUICK_COUNTS = (1, 10, 100, 1000), (1, 100)
APP = '''\
"""An app with {count} handlers of one event, and one handler of another."""

from collections.abc import Awaitable, Callable

from worker_py import App, CallCard
from worker_py.events import AddCommentButtonClick, DialpadButtonClick

app = App()
COUNT = {count}


def numbered(number: int) -> Callable[[AddCommentButtonClick, CallCard], Awaitable[None]]:
    async def note(event: AddCommentButtonClick, card: CallCard) -> None:
        card.data["handled"] = number
        if number == COUNT:
            await card.set_status_text(event.comment)

    return note


for number in range(1, COUNT + 1):
    app.on(AddCommentButtonClick)(numbered(number))


@app.on(DialpadButtonClick)
async def show_key(event: DialpadButtonClick, card: CallCard) -> None:
    await card.set_card_title(event.key)
'''
BOOT, JOIN = "boot, dedicated worker", "a page joins the shared worker"
ONE_RUNS, ALL_RUN = "event with one handler of its own", "event that all handlers take"


def measure(run: Run) -> list[Table]:
    """Boots of apps with more and more handlers, then their events."""
    counts = QUICK_COUNTS if run.quick else COUNTS
    for count in counts:
        run.stage.need_bundle(_site(count), APP.format(count=count))
    run.stage.need(stage.PORTAL)
    return [_boots(run, counts), _dispatch(run, counts)]


def _site(count: int) -> str:
    return f"handlers-{count}"


def _boots(run: Run, counts: tuple[int, ...]) -> Table:
    with run.stage.served() as server, browsers.fresh(run.playwright) as context:
        if not run.quick:
            for count in counts:
                browsers.open_tab(context, server, _site(count), shared=True)  # stays open, to be joined
        names = {BOOT: False} if run.quick else {BOOT: False, JOIN: True}
        takes = {
            (name, count): partial(browsers.boot, context, server, _site(count), shared=shared)
            for name, shared in names.items()
            for count in counts
        }
        samples = by_turns(takes, run.rounds(5, 2))
    rows = [Row(name, taken, count) for (name, count), taken in samples.items()]
    return Table("handlers-boot", "From the start of the page until a handler can run", "ms", rows, axis="handlers")


def _dispatch(run: Run, counts: tuple[int, ...]) -> Table:
    size = 10 if run.quick else 50
    with run.stage.served() as server, card.portal() as portal, browsers.fresh(run.playwright) as context:
        pages = {count: card.open_card(context, portal, server.address(_site(count))) for count in counts}
        take = round_trip.one_at_a_time
        takes = {(ONE_RUNS, count): partial(take, page, size) for count, page in pages.items()}
        event, command = "addCommentButtonClick", "CallCardSetStatusText"
        takes |= {(ALL_RUN, count): partial(take, page, size, event, command) for count, page in pages.items()}
        samples = by_turns(takes, run.rounds(5, 1))
    rows = [Row(name, taken, count) for (name, count), taken in samples.items()]
    return Table("handlers-event", "Round trip of one event", "ms", rows, axis="handlers")
