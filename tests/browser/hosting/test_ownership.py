"""Which pages a call lives on: pages that are killed, frozen, thawed, reloaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser.conftest import BundleFor
from tests.support.browsers import Browsers, needs
from tests.support.complaints import Complaints
from tests.support.hosting import DESK, HostingPage, HostingPortal, ThawedPage, app_with
from worker_py_tool.kit.browser_portal import BrowserPortal

pytestmark = pytest.mark.engines

SHORT_GRACE_S = 2


@pytest.fixture
def hasty_portal(
    context: BrowserContext, bundle_for: BundleFor, serve_app: Callable[[Path], str], portal_url: str
) -> HostingPortal:
    """The same with an app whose calls wait two seconds for a page."""
    app_url = serve_app(bundle_for(app_with(grace_s=SHORT_GRACE_S), page_scripts=(DESK,)))
    return BrowserPortal(context, portal_url, app_url, HostingPage)


@pytest.fixture(scope="module")
def caching_browser(browsers: Browsers) -> Browser:
    """A Chromium with its cache of pages that were left (the back/forward cache)."""
    return browsers.launch(without=["--disable-back-forward-cache"])


@pytest.fixture
def caching_portal(
    caching_browser: Browser,
    complaints: Complaints,
    hosting_url: str,
    portal_url: str,
) -> Iterator[HostingPortal]:
    """Tabs in a browser that keeps pages in its cache."""
    context = caching_browser.new_context()
    complaints.watch(context)
    yield BrowserPortal(context, portal_url, hosting_url, HostingPage)
    context.close()


# Pages that go ---------------------------------------------------------------------------------------


def test_the_command_of_a_page_that_goes_ends_with_page_gone_and_its_call_waits_for_a_page_that_is_told_of_it(
    portal: HostingPortal,
) -> None:
    owner, other = portal.open_page(), portal.open_page()
    page_id, call = owner.page_id(), owner.greeted_call().call_id
    data = other.state_of_python()["cards"][call]["data"]
    owner.fault("silent")
    owner.raise_event("addCommentButtonClick", "cut off")
    owner.until_sent("CallCardSetStatusText")

    owner.close()
    other.until_logged("PageGone", "cut off")
    other.until_logged("detached")
    (detached,) = other.logged("detached")
    assert detached in (["detached", "gone", page_id], ["detached", "closed", page_id])

    other.incoming_call(callId=call)
    other.until_logged("initialized", call)
    other.raise_event("muteButtonClick", True)
    other.until_card(statusText="muted")
    now = other.state_of_python()
    assert now["cards"][call]["data"] == data | {"comments": ["cut off"]}
    assert now["cards"][call]["page"] == other.page_id()
    assert [entry[-1]["resumed"] for entry in now["log"] if entry[0] == "initialized"] == [False, True]

    # A page whose frame is torn out has no moment to say that it goes.
    page_id, third = other.page_id(), portal.open_page()
    other.remove_frame()
    third.poll(lambda: page_id in [entry[-1] for entry in third.logged("detached")], "the end of the page")
    assert third.state_of_python()["cards"][call]["closed"] is False


@pytest.mark.campaign  # test_a_call_waits_for_its_page_as_long_as_the_grace_and_not_longer in tests/unit/test_calls.py
def test_a_call_without_a_page_ends_after_its_grace(hasty_portal: HostingPortal) -> None:
    owner, other = hasty_portal.open_page(), hasty_portal.open_page()
    call = owner.greeted_call().call_id

    owner.close()

    other.until_logged("closed", call, "page_gone")
    assert other.state_of_python()["cards"][call]["closed"] is True, str(other.state_of_python()["log"])


@pytest.mark.engines_all  # the page's own: tests/static/page/lost_events.test.mjs
def test_events_raised_before_a_reload_go_with_their_page_and_the_next_one_says_how_many(portal: HostingPortal) -> None:
    tab = portal.open_page()
    tab.greeted_call()
    tab.until_settled()  # else its event waits too, and is counted
    tab.fault("silent")
    tab.raise_all([("addCommentButtonClick", str(number)) for number in range(3)])
    tab.until("stats.waiting === 3")

    tab.reload()
    tab.until_ready()

    assert "3 events went with the page before this one" in " ".join(tab.diagnostics()["problems"])
    assert tab.stats()["events"] <= 1, "the next page knows nothing of them but their number"


def test_a_reload_during_boot_loses_nothing_of_the_next_page(portal: HostingPortal) -> None:
    tab = portal.open_page(ready=False)
    for _ in range(3):
        tab.reload()
    tab.greeted_call()

    tab.raise_event("muteButtonClick", True)
    tab.until_card(statusText="muted")

    assert len(tab.logged("started")) == 1
    assert tab.stats()["workers"] == 1


# The browser's cache of pages ------------------------------------------------------------------------


@pytest.fixture
def away(portal_url: str) -> str:
    """Another page."""
    return f"{portal_url}?away"


def thaw(tab: HostingPage) -> ThawedPage:
    """Go back, and make sure that it is the page that was left."""
    tab.playwright_page.go_back(wait_until="commit")
    tab.playwright_page.wait_for_function("() => window.portal !== undefined")
    assert tab.playwright_page.evaluate("window.kept") is True, (
        "the browser loaded the page anew instead of taking it from its cache"
    )
    return tab.thawed()


def freeze(tab: HostingPage, away: str) -> None:
    """Leave the page so that the browser keeps it.

    Chromium drops a page that a message comes for, and the last page of a shared worker. Python asks a page that shows
    a card every two seconds: left just after a question, it is gone for Python before the next one.
    """
    tab.until_settled()
    tab.until("stats.service.probe > argument", tab.stats()["service"]["probe"])
    tab.playwright_page.evaluate("window.kept = true")
    tab.playwright_page.goto(away)


@pytest.mark.campaign  # test_a_page_that_thaws_has_its_call_back_when_nobody_took_it in tests/unit/test_calls.py
@needs("freezes_pages")
def test_a_page_that_thaws_works_on(caching_portal: HostingPortal, away: str) -> None:
    tab, _ = caching_portal.open_page(), caching_portal.open_page()
    call = tab.greeted_call().call_id
    page_id = tab.page_id()

    freeze(tab, away)
    thawed = thaw(tab)
    thawed.raise_event("muteButtonClick", True)
    thawed.until_card(statusText="muted")

    now = thawed.state_of_python()
    assert [entry[1] for entry in now["log"] if entry[0] == "detached"] == ["frozen"]
    assert len([entry for entry in now["log"] if entry[0] == "started"]) == 1
    assert (now["cards"][call]["page"], thawed.stats()["page"]) == (page_id, page_id)
    assert thawed.stats()["workers"] == 1
    assert thawed.diagnostics()["problems"] == []


@needs("freezes_pages")
def test_a_frozen_page_owns_nothing_and_is_one_window_of_the_call_again_after_the_thaw(
    caching_portal: HostingPortal, away: str
) -> None:
    tab, other = caching_portal.open_page(), caching_portal.open_page()
    page_id, call = tab.page_id(), tab.greeted_call().call_id
    freeze(tab, away)
    other.until_logged("detached", "frozen")

    other.raise_event("initialized", {"CALL_ID": call})  # a card would be told to the frozen page, which ends it
    other.until_logged("initialized", call)
    assert other.state_of_python()["cards"][call]["page"] == other.page_id()
    thawed = thaw(tab)
    thawed.until_traced("card", "joined")
    thawed.raise_event("muteButtonClick", True)
    thawed.until_card(statusText="muted")

    assert [entry[-1]["page"] for entry in other.logged("mute")] == [thawed.stats()["page"]] == [page_id]
    assert len(other.logged("started")) == thawed.stats()["workers"] == 1
    assert thawed.diagnostics()["problems"] == []


@pytest.mark.campaign  # test_a_page_that_thaws_is_told_that_its_card_was_closed in tests/unit/test_calls.py
@needs("freezes_pages")
def test_a_page_whose_call_was_closed_while_it_was_frozen_is_told(caching_portal: HostingPortal, away: str) -> None:
    tab, other = caching_portal.open_page(), caching_portal.open_page()
    call = tab.greeted_call().call_id
    freeze(tab, away)
    other.until_logged("detached", "frozen")
    other.raise_event("initialized", {"CALL_ID": call})
    other.until_logged("initialized", call)
    other.raise_event("closeButtonClick")
    other.until_logged("closed", call, "closed_by_operator")

    thaw(tab).until_traced("card", "closed", detail="closed_by_operator")


@needs("freezes_pages")
def test_a_page_thaws_into_the_interpreter_that_replaced_its_own(
    caching_portal: HostingPortal, away: str, complaints: Complaints
) -> None:
    complaints.expect(r"the worker ended \(vanished")
    tab, other = caching_portal.open_page(), caching_portal.open_page()
    tab.greeted_call()
    freeze(tab, away)
    other.until_logged("detached", "frozen")
    other.kill_interpreter()
    other.until("stats.workers === 2 && stats.state === 'ready'")

    thawed = thaw(tab)
    thawed.raise_event("muteButtonClick", True)
    thawed.until_card(statusText="muted")

    assert thawed.interpreter() == other.interpreter()
    assert other.stats()["workers"] == 2, "the page that thawed led the others away"
    muted = [entry for entry in other.state_of_python()["log"] if entry[0] == "mute"]
    assert [entry[-1]["restored"] for entry in muted] == [True]
