"""A call through Cloudflare's own runtime; and calls that go on while versions are published and taken back."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import BundleFor
from tests.support.edge import workerd
from tests.support.witness import WitnessPage
from worker_py_tool.bundle import manifest, rollout
from worker_py_tool.kit.browser_portal import BrowserPortal
from worker_py_tool.reports.sink import INGEST
from worker_py_tool.serve.server import Server

APP = """
    from worker_py import App, UiState
    from worker_py.events import AnswerButtonClick, HoldButtonClick, Initialized

    app = App()

    def read(note):
        return READ

    @app.on(Initialized)
    async def greet(event, card):
        await card.set_ui_state(UiState.INCOMING)
        await card.set_card_title("VERSION")
        note = card.data.setdefault("note", WRITE)
        await card.set_card_title("VERSION reads " + read(note))

    @app.on(AnswerButtonClick)
    async def answer(event, card):
        await card.set_ui_state(UiState.CONNECTED)
        await card.set_status_text("VERSION heard it")

    @app.on(HoldButtonClick)
    async def hold(event, card):
        card.data["note"] = WRITE
        card.data["VERSION"] = True
        kept = [version for version in ("one", "two") if version in card.data]
        await card.set_status_text("VERSION has the marks of " + " and ".join(kept))
"""
READS = {"one": "one reads a text", "two": "two reads a mapping"}
"""What its title is; the other version's data it cannot read."""
FORMS = {"one": ("'a text'", "note.strip()"), "two": ("{'text': 'a mapping'}", "note['text']")}


def version(name: str) -> str:
    """The app of this version: two have a call's data under the same key in different forms."""
    write, read = FORMS[name]
    return APP.replace("VERSION", name).replace("WRITE", write).replace("READ", read)


@pytest.fixture
def one(bundle_for: BundleFor) -> Path:
    return bundle_for(version("one"))


@pytest.fixture
def two(bundle_for: BundleFor) -> Path:
    return bundle_for(version("two"))


class TitledPage(WitnessPage):
    """A page whose portal writes its own title over the app's at once, and not between that and a test's look at it."""

    def until_there(self) -> None:
        super().until_there()
        self.configure(titleDelayMs=0)


@pytest.fixture
def on(browser: Browser, portal_url: str) -> Iterator[Callable[[int], BrowserPortal[TitledPage]]]:
    """Makes a portal with the app of an address, in a browser of its own."""
    with closing(browser.new_context()) as context:

        def portal(port: int) -> BrowserPortal[TitledPage]:
            return BrowserPortal(context, portal_url, f"http://app.localhost:{port}/", TitledPage)

        yield portal


def test_a_call_is_answered_through_cloudflares_runtime(
    one: Path, on: Callable[[int], BrowserPortal[TitledPage]]
) -> None:
    with workerd(one) as port:
        page = on(port).open_page()
        call = page.initialized()
        call.click("Answer")
        call.wait_for(lambda card: card.ui_state == "connected")
        assert call.title == READS["one"]
        assert page.diagnostics()["plain_boot"] is None


def test_a_version_that_fails_to_start_three_times_gives_way_and_the_report_says_so(
    bundle_for: BundleFor, tmp_path: Path, on: Callable[[int], BrowserPortal[TitledPage]]
) -> None:
    good, bad = (bundle_for(version(name), report_to=INGEST) for name in ("one", "two"))
    site, reports = tmp_path / "site", tmp_path / "reports.sqlite"
    rollout.publish(good, site)
    rollout.publish(bad, site)
    broken = manifest.read(bad)
    for name in broken.files:
        if name.endswith("/worker/worker.js"):
            (site / name).unlink()
    with Server(site, reports=reports) as server:
        portal = on(server.port)
        page = portal.open_page(ready=False)
        failed = "() => JSON.parse(localStorage.getItem('worker-py:failed-starts') ?? '{}')"
        page.until_evaluates(f"(build) => ({failed})()[build] >= 3", broken.build, timeout_s=60)  # it is tried on
        after = portal.open_page()
        assert after.initialized(CALL_ID="A.1").title == READS["one"]
        assert page.counted("booted") == 0
        after.poll(lambda: instead_of(broken.build, reports) == [manifest.read(good).build], "the report says so")


def instead_of(build: str, reports: Path) -> list[str]:
    """The builds that reported that they run in the place of one that could not start."""
    told = "SELECT build FROM entries WHERE kind = 'could_not_start' AND instr(detail, ?)"
    with closing(sqlite3.connect(reports)) as connection:
        return [row[0] for row in connection.execute(told, [build])]


@pytest.mark.parametrize(
    "order", [("one", "two"), pytest.param(("two", "one"), marks=pytest.mark.campaign)], ids="-".join
)
def test_calls_go_on_where_they_began_and_data_that_another_version_cannot_read_cost_the_handler_that_reads_them_alone(
    one: Path, two: Path, tmp_path: Path, on: Callable[[int], BrowserPortal[TitledPage]], order: tuple[str, str]
) -> None:
    """A page stays open over an update and back; the other pages are loaded anew, with a call that goes on."""
    made = {"one": one, "two": two}
    before, after = order
    site = tmp_path / "site"
    rollout.publish(made[before], site)
    with Server(site) as server:
        portal = on(server.port)
        stays = portal.open_page()
        call = stays.initialized(CALL_ID="A.1")
        assert call.title == READS[before]

        def take_up(version: str, *, fails: bool, marks: str) -> str:
            """The portal's page is loaded anew with the call on it; another call begins there too."""
            page = portal.open_page()
            call = page.initialized(CALL_ID="A.2")
            page.until_settled()
            interpreter = str(page.diagnostics()["host"]["interpreter"])
            assert page.counted("reports", "handler_failed") == fails
            assert call.title == (version if fails else READS[version])
            page.raise_event("holdButtonClick", True)
            call.wait_for(lambda card: card.status == f"{version} has the marks of {marks}")
            page.until_settled()
            assert page.counted("undeliverable") == page.counted("waiting") == 0
            page.close()
            other = portal.open_page()
            another = other.initialized(CALL_ID=f"B.{version} {marks}")
            another.wait_for(lambda card: card.title == READS[version])
            other.close()
            return interpreter

        first = take_up(before, fails=False, marks=before)
        rollout.publish(made[after], site)
        assert take_up(after, fails=True, marks="one and two") != first
        call.click("Answer")
        call.wait_for(lambda card: card.status == f"{before} heard it")
        rollout.rollback(site)
        # The interpreter that had the call before has lived on with that page, and with what it knew of the call.
        assert take_up(before, fails=False, marks=before) == first
        stays.until_settled()
        assert stays.counted("undeliverable") == stays.counted("waiting") == 0
