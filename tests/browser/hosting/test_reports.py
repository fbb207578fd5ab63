"""What fails on a desk reaches the sink, without a word of the call; a sink that fails is in nobody's way."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from starlette.types import Receive, Scope, Send

from tests.browser.conftest import BundleFor
from tests.support.faulty_server import HELD_S
from tests.support.hosting import with_worker_that_begins
from tests.support.witness import WITNESS, WitnessPage
from worker_py_tool.demo import demo
from worker_py_tool.kit.browser_portal import BrowserPortal, PortalPage
from worker_py_tool.reports.sink import INGEST
from worker_py_tool.serve import request_body
from worker_py_tool.serve.served_bundle import raw
from worker_py_tool.serve.server import AsgiServer, Server

NUMBER, NAME, COMMENT = "+4915112345678", "Zarathustra Quux", "call Zarathustra back"
TOKEN = "0123456789abcdef0123456789abcdef"
BURST = 20
PLANTED = [NUMBER, NUMBER[1:], NAME, "Zarathustra", COMMENT, TOKEN]
APP = (
    """
    import itertools
    import logging

    from worker_py import App, ReportHandler
    from worker_py.events import AddCommentButtonClick, Initialized, MuteButtonClick

    app = App()
    clicks, marks = itertools.count(), itertools.accumulate(itertools.repeat("!"))
    logging.getLogger("cards").addHandler(ReportHandler(app))

    @app.on(Initialized)
    async def greet(event, card):
        local = (event.phone_number, "TOKEN")
        logging.getLogger("cards").warning("no contact for %s", event.phone_number)
        app.capture_message("greeted " + event.phone_number, tags={"token": "TOKEN"})
        print(local)
        raise LookupError(f"NAME has {event.phone_number}, TOKEN")

    @app.on(AddCommentButtonClick)
    def note(event, card):
        raise ValueError(event.comment) from KeyError("NAME")

    @app.on(MuteButtonClick)
    async def mute(event, card):
        if next(clicks) % BURST == 0:
            app.capture_message("burst" + next(marks))  # else there was nothing new to send
        await card.set_status_text(f"{event.muted}")
        raise RuntimeError("each time")
""".replace("TOKEN", TOKEN)
    .replace("NAME", NAME)
    .replace("BURST", str(BURST))
)


def opened(browser: Browser, portal_url: str, app_port: int, stack: ExitStack) -> PortalPage:
    """A browser of its own on the portal, with the app of that port."""
    context = stack.enter_context(closing(browser.new_context()))
    return BrowserPortal(context, portal_url, f"http://app.localhost:{app_port}/", WitnessPage).open_page()


def rows(file: Path, query: str) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute(query).fetchall()


def test_a_handler_that_fails_in_two_browsers_of_two_versions_is_one_row_for_each_of_them(
    browser: Browser, portal_url: str, bundle_for: BundleFor, tmp_path: Path
) -> None:
    """How rows are grouped where a version runs in several browsers, test_summary.py has."""
    file = tmp_path / "reports.sqlite"
    with ExitStack() as stack:
        sink = stack.enter_context(Server(bundle_for(APP, report_to=INGEST), reports=file))
        address = f"http://app.localhost:{sink.port}{INGEST}"
        new = bundle_for(APP, report_to=address, page_scripts=(demo.FEED, WITNESS))  # which makes it another version
        other = stack.enter_context(Server(new))
        pages = [opened(browser, portal_url, port, stack) for port in (sink.port, other.port)]
        for page in pages:
            page.initialized(PHONE_NUMBER=NUMBER)
            page.raise_event("addCommentButtonClick", COMMENT)
        failed = (
            "SELECT DISTINCT build, operator FROM entries WHERE handler = 'greet' "
            "AND kind = 'handler_failed' AND browser LIKE 'Chrom%'"
        )
        pages[0].poll(lambda: len(rows(file, failed)) == 2, "both versions failed")
        pages[0].poll(lambda: len(rows(file, "SELECT 1 FROM entries WHERE handler = 'note'")) == 2, "comments failed")
        pages[0].poll(lambda: len(rows(file, "SELECT 1 FROM entries WHERE kind = 'boot'")) == 2, "boots are told")
        pages[0].poll(lambda: len(rows(file, "SELECT 1 FROM entries WHERE kind = 'captured'")) == 4, "the app's own")
        told = json.dumps([dict(row) for row in rows(file, "SELECT * FROM entries")])
    assert (
        len({row["build"] for row in rows(file, failed)}) == len({row["operator"] for row in rows(file, failed)}) == 2
    )
    assert [planted for planted in PLANTED if planted in told] == []
    assert "no contact for %s" in told
    assert {row["type"] for row in rows(file, "SELECT type FROM entries WHERE handler = 'note'")} == {"ValueError"}
    places = rows(file, "SELECT place FROM entries WHERE handler = 'greet' AND kind = 'handler_failed'")
    assert {row["place"].partition(":")[0] for row in places} == {"/app/app.py"}
    assert all(0 < row["ms"] < 120_000 for row in rows(file, "SELECT ms FROM entries WHERE kind = 'boot'"))


class Stub:
    """The ingest endpoint of Sentry, or a sink with a fault.

    Attributes:
        status: What it answers; 0 for nothing before `released`, and then 200.
        bodies: What was sent to it, and how.
        refused: How often it was told so.
        waiting: How many requests it has not answered.
    """

    def __init__(self) -> None:
        self.status = 200
        self.released = threading.Event()
        self.bodies: list[tuple[str, str, str]] = []
        self.refused = self.waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        body = await request_body.read(scope, receive)
        kind = request_body.header(scope, b"content-type") or ""
        status = self.status
        self.refused += status >= 400
        self.bodies.append((f"{scope['path']}?{scope['query_string'].decode()}", kind, body.decode()))
        if status == 0:
            self.waiting += 1
            await asyncio.to_thread(self.released.wait, HELD_S)
            self.waiting -= 1
        shared = {"Access-Control-Allow-Origin": "*"}
        await send({"type": "http.response.start", "status": status or 200, "headers": list(raw(shared))})
        await send({"type": "http.response.body", "body": b"{}"})

    def told(self, what: str) -> int:
        """In how many requests this message was."""
        return sum(f'"{what}"' in body for _, _, body in self.bodies)


@pytest.fixture
def stub() -> Stub:
    return Stub()


@pytest.fixture
def sentry(stub: Stub) -> Iterator[AsgiServer]:
    with AsgiServer(stub) as server:
        yield server
        stub.released.set()


PATIENT = "AbortSignal.timeout = () => new AbortController().signal;"
"""In a worker: whoever waits for the sink's answer waits for ever."""


def test_a_sink_of_sentrys_kind_takes_envelopes_of_one_and_events_are_handled_while_one_that_has_failed_does_not_answer(
    browser: Browser, portal_url: str, bundle_for: BundleFor, stub: Stub, sentry: AsgiServer, tmp_path: Path
) -> None:
    """What other answers come to, report_sender.test.mjs has."""
    with ExitStack() as stack:
        dsn = f"http://key@app.localhost:{sentry.port}/42"
        bundle = with_worker_that_begins(bundle_for(APP, report_to=dsn), tmp_path / "bundle", PATIENT)
        page = opened(browser, portal_url, stack.enter_context(Server(bundle)).port, stack)
        page.initialized()
        page.until_settled()
        page.poll(lambda: stub.told("greet") > 0, "the failure has come")
        path, kind, body = next(each for each in stub.bodies if '"greet"' in each[2])
        head, item, entry, *rest = body.split("\n")
        assert path.startswith("/api/42/envelope/?sentry_key=key&sentry_version=7&sentry_client=worker-py/")
        assert kind.startswith("text/plain")  # else the browser would have to ask beforehand
        assert json.loads(item) == {"type": "event"}
        assert json.loads(head)["event_id"] == json.loads(entry)["event_id"]
        assert json.loads(head)["dsn"] == dsn
        assert rest == [""]

        # Each of these handlers fails; the first of a burst reports something that is new besides.
        burst = [("muteButtonClick", True)] * BURST
        stub.status = 500
        page.raise_all(burst)
        page.until_settled()
        page.poll(lambda: stub.refused > 0, "something is told, and refused")
        stub.status = 0
        page.poll(lambda: stub.waiting > 0, "it is told again")
        page.raise_all(burst)
        page.until_settled()
        assert page.stats()["workers"] == 1, "the interpreter that reports was not given up for one that hangs"
        assert page.counted("reports", "handler_failed") == 1 + 2 * BURST
        assert stub.waiting > 0, "the events were handled, and the sink has not answered yet"
        stub.status = 200
        stub.released.set()
        page.poll(lambda: stub.told("burst!") > 0 and stub.told("burst!!") > 0, "what was in both bursts has come")
