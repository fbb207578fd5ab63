"""What outlives an interpreter, for whom, and who ends: browser restarts, other users, other builds, hangs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route

from tests.browser.conftest import BundleFor, LaunchProfile
from tests.support.complaints import Complaints
from tests.support.hosting import DESK, HostingPage, HostingPortal, app_with, with_worker_that_begins
from tests.support.hurry import HURRY, hurry, until_it_hangs
from worker_py_tool.demo import demo
from worker_py_tool.kit.browser_portal import BrowserPortal
from worker_py_tool.serve.server import Server

KEPT = """async () => {
  const [database] = await indexedDB.databases();
  if (!database) return []; // it has not been made yet
  const opened = indexedDB.open(database.name);
  await new Promise((resolve) => { opened.onsuccess = resolve; });
  const asked = opened.result.transaction("calls").objectStore("calls").getAll();
  await new Promise((resolve) => { asked.onsuccess = resolve; });
  opened.result.close();
  return asked.result;
}"""

DAMAGE = """async () => {
  const [{ name }] = await indexedDB.databases();
  const opened = indexedDB.open(name);
  await new Promise((resolve) => { opened.onsuccess = resolve; });
  const transaction = opened.result.transaction("calls", "readwrite");
  const calls = transaction.objectStore("calls");
  const asked = calls.getAll();
  asked.onsuccess = () => asked.result.forEach((record) => calls.put({ ...record, kept: "{damaged" }));
  await new Promise((resolve) => { transaction.oncomplete = resolve; });
  opened.result.close();
}"""


def in_a_call(tab: HostingPage) -> str:
    """Begin a call, and wait until Python has greeted it and kept it."""
    call = tab.greeted_call().call_id
    tab.until_settled()
    return call


def kept(tab: HostingPage) -> list[str]:
    """The ids of the calls that are in the storage."""
    return [row["call_id"] for row in tab.evaluate(KEPT)]


def until_kept(tab: HostingPage, call: str, **known: object) -> None:
    """Wait until the storage has the call with this of its state and data: it is written behind what is seen of it."""

    def is_kept() -> bool:
        records = [json.loads(row["kept"]) for row in tab.evaluate(KEPT) if row["call_id"] == call]
        return any(known.items() <= {**record["state"], **record["data"]}.items() for record in records)

    tab.poll(is_kept, f"{call} in the storage with {known}", lambda: tab.evaluate(KEPT))


# Browser restarts ------------------------------------------------------------------------------------


@pytest.fixture
def restarted(launch_profile: LaunchProfile, tmp_path: Path, complaints: Complaints) -> Callable[[], Page]:
    """Starts a browser with the same profile again and again."""
    running: list[BrowserContext] = []

    def restart() -> Page:
        for context in running:
            context.close()
        running[:] = [launch_profile(tmp_path / "profile")]
        complaints.watch(running[0])
        return running[0].new_page()

    return restart


GREETS = """
    from worker_py import App
    from worker_py.events import Initialized, MuteButtonClick

    app = App()

    @app.on(Initialized)
    async def greet(event, card):
        await card.set_ui_state("incoming")
        known = [card.restored, event.meta.resumed, card.state.muted, card.state.title, card.data.get("greeted")]
        await card.set_status_text(repr(known))
        await card.set_card_title("Known" if card.data.get("greeted") else "Greeted")
        card.data["greeted"] = True

    @app.on(MuteButtonClick)
    async def mute(event, card):
        await card.set_status_text("muted")
"""
"""An app that does not look at all calls first: nothing but a kept call waits for whose it is."""
PATIENT = """{
  const { setTimeout: later } = globalThis;
  globalThis.setTimeout = (act, ms, ...more) => later(act, ms === 3000 ? 60_000 : ms, ...more);
}
"""
"""In a worker, whose 3 seconds for the answer who works here may be over on a busy machine."""


def ask_later(page: Page) -> list[Route]:
    """Let nobody be told who works here before the test goes on with the question; which ones have been asked."""
    asked: list[Route] = []
    page.route("**/rest/profile*", lambda route: asked.append(route))
    return asked


def test_after_a_restart_the_same_call_alone_waits_for_who_works_here_and_has_its_data_and_state_and_no_closed_one_has(
    restarted: Callable[[], Page],
    bundle_for: BundleFor,
    serve_app: Callable[[Path], str],
    portal_url: str,
    tmp_path: Path,
) -> None:
    url = serve_app(with_worker_that_begins(bundle_for(GREETS), tmp_path / "bundle", PATIENT))
    page = restarted()
    tab = BrowserPortal(page.context, portal_url, url, HostingPage).open_page(page)
    closed = in_a_call(tab)
    tab.poll(lambda: kept(tab) == [closed], "the call in the storage")
    tab.raise_event("closeButtonClick")
    tab.poll(lambda: kept(tab) == [], "an empty storage")

    tab.portal("(portal) => portal.endCall()")
    call = in_a_call(tab)
    tab.raise_event("muteButtonClick", True)
    tab.until_card(statusText="muted")
    until_kept(tab, call, muted=True, status_text="muted", greeted=True)

    page = restarted()
    asked = ask_later(page)
    tab = BrowserPortal(page.context, portal_url, url, HostingPage).open_page(page)
    tab.poll(lambda: len(asked) == 1, "the question who works here")
    in_a_call(tab)
    assert tab.card()["statusText"] == "[False, False, False, None, None]"
    tab.portal("(portal) => portal.endCall()")
    tab.incoming_call(callId=call)
    asked[0].continue_()
    tab.until_card(title="Known")
    assert tab.card()["statusText"] == "[True, True, True, 'Greeted', True]"


# Users -----------------------------------------------------------------------------------------------


def test_another_user_has_an_interpreter_of_its_own_once_that_is_known_with_the_call_begun_before_and_nothing_of_others(
    portal: HostingPortal,
) -> None:
    first = portal.open_page(user="1")
    theirs = in_a_call(first)
    first.poll(lambda: kept(first) == [theirs], "the call in the storage")
    before = first.interpreter()

    page = portal.context.new_page()
    asked = ask_later(page)
    second = portal.open_page(page, user="2")
    call = in_a_call(second)
    assert second.interpreter() == before
    second.poll(lambda: len(asked) == 1, "the question who works here")

    asked[0].continue_()
    second.until("stats.workers === 2 && stats.state === 'ready' && stats.waiting === 0")
    second.raise_event("muteButtonClick", True)
    second.until_card(statusText="muted")

    now = second.state_of_python()
    assert now["interpreter"] != before
    greeted = [entry for entry in now["log"] if entry[0] == "initialized"]
    assert [(entry[1], entry[-1]["redelivered"], entry[-1]["restored"]) for entry in greeted] == [(call, True, False)]
    assert list(now["cards"]) == [call]
    assert first.logged("closed") == [], "both calls go on: no card was closed"

    second.portal("(portal) => portal.endCall()")
    second.incoming_call(callId=theirs)
    second.until_logged("initialized", theirs)
    now = second.state_of_python()
    assert now["cards"][theirs]["data"] == {"mark": f"made by {now['interpreter']}"}
    assert now["cards"][theirs]["restored"] is False
    assert [entry[:2] for entry in now["log"]].count(["initialized", theirs]) == 1
    assert first.interpreter() == before, "the first user's page is no business of the second's"
    second.poll(lambda: {row["user"] for row in second.evaluate(KEPT)} <= {"2"}, "nothing of another user's")
    first.raise_event("closeButtonClick")
    first.until_logged("closed", theirs, "closed_by_operator")
    assert second.state_of_python()["cards"][theirs]["restored"] is False


@pytest.mark.campaign  # in CI: life.test.mjs "what was kept is its user's alone, …", and the test before
def test_another_user_after_a_restart_reads_nothing_of_the_calls_before(
    restarted: Callable[[], Page], hosting_url: str, portal_url: str
) -> None:
    page = restarted()
    tab = BrowserPortal(page.context, portal_url, hosting_url, HostingPage).open_page(page, user="1")
    call = in_a_call(tab)
    tab.poll(lambda: kept(tab) == [call], "the call in the storage")

    page = restarted()
    tab = BrowserPortal(page.context, portal_url, hosting_url, HostingPage).open_page(page, user="2")
    tab.incoming_call(callId=call)
    tab.until("stats.workers === 2 && stats.state === 'ready' && stats.waiting === 0")
    tab.poll(lambda: len(tab.logged("initialized")) == 1, "the greeting")

    now = tab.state_of_python()
    assert now["cards"][call]["restored"] is False
    assert now["cards"][call]["data"] == {"mark": f"made by {now['interpreter']}"}
    tab.poll(lambda: {row["user"] for row in tab.evaluate(KEPT)} <= {"2"}, "nothing of another user's")


def unknown_user(restarted: Callable[[], Page], url: str, portal_url: str) -> tuple[HostingPage, str, list[Route]]:
    """A browser that was started anew in a call: its page, the kept call, and the open questions who works here."""
    page = restarted()
    tab = BrowserPortal(page.context, portal_url, url, HostingPage).open_page(page)
    call = in_a_call(tab)
    until_kept(tab, call, greeted=True)

    page = restarted()
    asked = ask_later(page)
    return BrowserPortal(page.context, portal_url, url, HostingPage).open_page(page), call, asked


@pytest.mark.campaign  # in CI: life.test.mjs "what was kept is undecided, and nobody waits for it, until nobody …"
def test_where_it_is_never_known_who_works_here_a_kept_call_goes_on_without_what_was_kept(
    restarted: Callable[[], Page], bundle_for: BundleFor, serve_app: Callable[[Path], str], portal_url: str
) -> None:
    tab, call, asked = unknown_user(restarted, serve_app(bundle_for(GREETS)), portal_url)
    tab.until_ready()
    tab.incoming_call(callId=call)
    tab.until_card(title="Greeted")
    tab.until("stats.waiting === 0")
    assert asked, "it was asked who works here, and nobody has answered"


@pytest.mark.campaign  # in CI: test_calls.py::test_storage_that_was_tampered_with_costs_what_was_kept_and_nothing_else
def test_a_kept_call_whose_record_is_damaged_begins_anew(
    restarted: Callable[[], Page], bundle_for: BundleFor, serve_app: Callable[[Path], str], portal_url: str
) -> None:
    url = serve_app(bundle_for(GREETS))
    page = restarted()
    tab = BrowserPortal(page.context, portal_url, url, HostingPage).open_page(page)
    call = in_a_call(tab)
    until_kept(tab, call, greeted=True)
    tab.evaluate(DAMAGE)
    assert tab.evaluate(KEPT)[0]["kept"] == "{damaged"

    page = restarted()
    tab = BrowserPortal(page.context, portal_url, url, HostingPage).open_page(page)
    tab.incoming_call(callId=call)
    tab.until_card(title="Greeted")
    tab.until("stats.waiting === 0")


# Builds ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Deployment:
    """A portal whose app a host serves from one address, and the build that comes next."""

    portal: HostingPortal
    deploy_the_new: Callable[[], object]


@pytest.fixture
def deployment(bundle_for: BundleFor, portal_url: str, context: BrowserContext, tmp_path: Path) -> Iterator[Deployment]:
    """Both builds are put in the same place, as a host does; what differs is that the new one has one more script."""
    old, new = (bundle_for(app_with(), page_scripts=scripts) for scripts in ((DESK,), (DESK, demo.FEED)))
    shutil.copytree(old, tmp_path / "site")
    with Server(tmp_path / "site") as server:
        portal = BrowserPortal(context, portal_url, f"http://app.localhost:{server.port}/", HostingPage)
        yield Deployment(portal, lambda: shutil.copytree(new, tmp_path / "site", dirs_exist_ok=True))


def test_a_new_build_has_an_interpreter_of_its_own_and_what_was_kept_of_calls_that_go_over_and_the_old_one_ends_soon(
    deployment: Deployment,
) -> None:
    """One call had begun when the new interpreter booted, and one begins after that."""
    early, late = (deployment.portal.open_page(again="yes") for _ in range(2))
    before, workers = early.interpreter(), alive(early)
    calls = [early.greeted_call().call_id]
    early.raise_event("addCommentButtonClick", "before")
    early.until_settled()
    until_kept(early, calls[0])  # from now on it is known for whom, and all is kept at once

    deployment.deploy_the_new()
    newer = deployment.portal.open_page()

    assert newer.interpreter() != before
    assert early.interpreter() == late.interpreter() == before
    assert [len(workers), len(alive(newer))] == [1, 2]
    early.raise_event("addCommentButtonClick", "after")
    early.until_settled()
    late.portal("(portal) => portal.endCall()")
    calls.append(late.greeted_call().call_id)
    late.raise_event("addCommentButtonClick", "late")
    late.until_settled()
    for tab, call in zip((early, late), calls, strict=True):
        tab.navigate("/crm/")
        newer.until_logged("initialized", call)

    cards = newer.state_of_python()["cards"]
    assert [cards[call]["data"]["comments"] for call in calls] == [["before", "after"], ["late"]]
    # Which without a newer build would wait for another page as long as a call does: 60 seconds.
    newer.poll(lambda: not set(alive(newer)) & set(workers), "the end of the old build's worker", timeout_s=50)
    assert len(alive(newer)) == 1


def alive(tab: HostingPage) -> list[str]:
    """The locks of the workers that live."""
    script = """async () => (await navigator.locks.query()).held
        .map(({ name }) => name).filter((name) => name.startsWith("worker-py:alive:"))"""
    names: list[str] = tab.evaluate(script)
    return names


# Hangs -----------------------------------------------------------------------------------------------


NOTICED_AFTER_S = 6
"""A page takes a worker for dead that says nothing for so long: the limit of a slice, and four seconds more."""


def test_when_the_interpreter_hangs_beyond_interruption_all_pages_move_once_one_that_comes_meanwhile_too_and_it_is_told(
    portal: HostingPortal, complaints: Complaints
) -> None:
    complaints.expect(r"the worker ended \(hang")
    complaints.expect(r"addCommentButtonClick ended the interpreter twice and was set aside")
    portal.context.add_init_script(path=HURRY)
    first, second = portal.open_page(), portal.open_page()
    call = in_a_call(first)
    before = first.interpreter()

    first.raise_event("addCommentButtonClick", "hang")
    first.raise_event("muteButtonClick", True)
    until_it_hangs(first, 1)
    third = portal.open_page(ready=False)
    left = []
    for times in (1, 2):
        until_it_hangs(first, times)
        hurry(first, NOTICED_AFTER_S)
        first.until_evaluates("(times) => workerPy.diagnostics().workers.ended.length === times", times)
        left += first.diagnostics()["workers"]["left_running"][-1:]  # it is said for some seconds
    first.until_card(statusText="muted")
    for tab in (first, second):
        tab.until_settled()
    third.until_ready()

    now = first.state_of_python()
    assert now["interpreter"] == second.interpreter() == third.interpreter() != before
    assert now["cards"][call]["data"]["mark"] == f"made by {before}"
    assert [entry[-1]["restored"] for entry in now["log"] if entry[0] == "mute"] == [True]
    assert (first.host()["mode"], first.host()["reason"]) == (second.host()["mode"], second.host()["reason"])
    assert first.host()["mode"] == "shared"
    assert "one hung a while ago" in first.host()["reason"]
    assert first.stats()["workers"] == second.stats()["workers"] == 3, "twice: the event is tried again once"
    assert ["mode extended" in left[0], "mode shared" in left[1]] == [True, True]


@pytest.fixture(autouse=True)
def nothing_left_running(context: BrowserContext) -> Iterator[None]:
    """Workers that hang burn a core until their browser ends them: leave the profile's pages first."""
    yield
    for page in context.pages:
        page.close()
