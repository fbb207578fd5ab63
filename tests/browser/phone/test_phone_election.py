"""One phone for all pages of a portal: which page holds it, how the others reach it, and what happens when it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame

from tests.browser.conftest import BundleFor, Complaints, LaunchBrowser, LaunchProfile
from tests.support.phones import APP, PHONE_DESK, PhoneDesk, PhoneTab

HANG = """async (name) => {
  const start = document.querySelector("script[src$='phone/start.js']").src;
  const { Phone } = await import(start.replace("start.js", "phone.js"));
  Phone.prototype[name] = () => {
    window.hangs = true;
    return new Promise(() => {});
  };
}"""
"""Lets a function of the phone never end, in the page that holds it."""
WAITING = """async () => {
  const { pending } = await navigator.locks.query();
  return pending.some(({ name }) => name.startsWith("worker-py:phone:"));
}"""
BLOCKED = {"profile": {"content_settings": {"exceptions": {"cookies": {"[*.]app.localhost,*": {"setting": 2}}}}}}
"""Settings of a person who lets the placement page keep nothing."""


@pytest.fixture(scope="module")
def app_url(bundle_for: BundleFor, serve_app: Callable[[Path], str]) -> str:
    return serve_app(bundle_for(APP, page_scripts=(PHONE_DESK,), phone="loopback"))


@pytest.fixture
def desk(context: BrowserContext, app_url: str, portal_url: str) -> PhoneDesk:
    """Tabs of one portal in a fresh profile."""
    return PhoneDesk(context, portal_url, app_url)


@pytest.fixture(scope="module")
def opened(browser: Browser, app_url: str, portal_url: str) -> Iterator[tuple[PhoneTab, PhoneTab, Complaints]]:
    """Two tabs, the first with the phone, for tests that end no page."""
    context, complaints = browser.new_context(), Complaints()
    complaints.watch(context)
    yield *holder_and_other(PhoneDesk(context, portal_url, app_url)), complaints
    context.close()


@pytest.fixture
def pair(opened: tuple[PhoneTab, PhoneTab, Complaints]) -> Iterator[tuple[PhoneTab, PhoneTab]]:
    """The same without a call, at the end too."""
    first, second, complaints = opened
    yield first, second
    first.run("hangup")
    first.until_state(lambda state: state["phase"] == "idle", "an idle phone")
    complaints.check()


def holder_and_other(desk: PhoneDesk) -> tuple[PhoneTab, PhoneTab]:
    """Two tabs, the first with the phone."""
    first = desk.phone_tab()
    first.until_holds()
    return first, desk.phone_tab()


def placements(tab: PhoneTab) -> list[Frame]:
    """The placement pages in a tab and in its sliders."""
    return [frame for frame in tab.playwright_page.frames if frame.url.startswith("http://app.localhost")]


def knows_holder(tab: PhoneTab) -> None:
    """Wait until a page knows who holds the phone."""
    tab.until_evaluates("() => workerPyPhone.holder !== null")


def until_hanging(tab: PhoneTab) -> None:
    """Wait until the function that never ends was called."""
    tab.until_evaluates("() => window.hangs")


# Which page holds it ---------------------------------------------------------------------------------


def test_of_two_tabs_and_a_slider_one_holds_the_phone_and_the_others_know_which(
    pair: tuple[PhoneTab, PhoneTab],
) -> None:
    first, second = pair
    first.open_slider()
    first.poll(lambda: len(placements(first)) == 2, "the slider's page")
    frames = [*placements(first), *placements(second)]
    known = "() => window.workerPyPhone && workerPyPhone.holder !== null"
    first.poll(lambda: all(frame.evaluate(known) for frame in frames), "pages that know the holder")

    assert sum(frame.evaluate("() => workerPyPhone.holds") for frame in frames) == 1
    assert {frame.evaluate("() => workerPyPhone.holder") for frame in frames} == {first.page_id()}
    assert [payload["page"] for payload in first.log("elected")] == [first.page_id()]


def test_a_call_from_a_page_without_the_phone_reaches_the_one_that_has_it(pair: tuple[PhoneTab, PhoneTab]) -> None:
    first, second = pair

    call = second.begin_call()

    second.until_audible()
    assert (first.holds(), second.holds()) == (True, False)
    assert first.run("state")["call"] == call
    assert second.run("mute", {"muted": True})["muted"] is True
    second.until_silent()
    assert second.outcome("dtmf", {"keys": "?"})["name"] == "TypeError"
    assert second.run("hangup")["phase"] == "idle"
    assert len(first.log("incoming", call=call)) == 1, "both pages share the interpreter"
    assert len(first.log("ended", call=call)) == 1


def test_the_answer_button_works_on_a_page_without_the_phone(pair: tuple[PhoneTab, PhoneTab]) -> None:
    first, second = pair
    first.run("simulate", {"does": "call"})
    second.ring()

    second.click("answerButtonClick")

    second.until_card(statusText="connected")
    assert first.run("state")["phase"] == "connected"


# When it goes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("how", "answered"), [("closed", True), ("frame removed", False)])
def test_when_the_holder_goes_another_page_takes_over_and_python_hears_that_the_call_was_cut_off(
    desk: PhoneDesk, how: str, answered: bool
) -> None:
    first, second = holder_and_other(desk)
    first.run("simulate", {"does": "call"})
    call = first.run("answer" if answered else "state")["call"]

    first.close() if how == "closed" else first.playwright_page.evaluate("portal.closeFrame(portal.frames()[0].id)")

    second.until_holds()
    second.until_heard("ended", call=call)
    ended = second.log("ended")
    assert [(payload["call"], payload["reason"]) for payload in ended] == [(call, "holder_gone")]
    second.until_heard("elected", page=second.page_id())
    assert second.run("state")["phase"] == "idle"
    another = second.begin_call()
    second.until_audible()
    assert another != call


def test_a_page_that_navigates_holds_the_phone_again_and_says_that_the_call_was_cut_off(desk: PhoneDesk) -> None:
    tab = desk.phone_tab()
    tab.until_holds()
    call = tab.begin_call()

    tab.navigate("/crm/deal/details/3/")
    tab.until_ready()

    tab.until_holds()
    tab.until_heard("ended", call=call, reason="holder_gone")


def test_a_call_that_ended_in_time_is_not_told_again_by_the_next_holder(desk: PhoneDesk) -> None:
    first, second = holder_and_other(desk)
    first.begin_call()
    first.run("hangup")
    first.until_heard("ended")

    first.close()
    second.until_heard("elected", 2)

    assert [payload["reason"] for payload in second.log("ended")] == ["hung_up"]


def test_what_a_holder_does_not_answer_is_a_timeout_and_when_it_goes_an_error_that_says_so(desk: PhoneDesk) -> None:
    first, second = holder_and_other(desk)
    knows_holder(second)
    first.evaluate(HANG, "call")

    answer = second.outcome("call", {"number": "1"}, timeout_s=0.3)

    assert answer == {"raises": "PageCallTimeout", "function": "phone.call", "timeout_s": 0.3}
    until_hanging(first)  # it may have heard of it only after that
    first.evaluate("() => { window.hangs = false; }")
    second.evaluate("""() => {
      window.asked = phoneDesk.ask({ name: "phone.call", params: { number: "1" } });
    }""")
    until_hanging(first)

    first.close()

    answer = second.evaluate("() => window.asked")
    assert (answer["raises"], answer["name"]) == ("PageCallFailed", "HolderGone")


def test_when_the_page_of_the_card_goes_its_handler_sees_page_gone(desk: PhoneDesk) -> None:
    first, second = holder_and_other(desk)
    knows_holder(second)
    first.evaluate(HANG, "answer")
    second.ring()
    second.click("answerButtonClick")
    until_hanging(first)

    second.close()

    first.poll(lambda: ["PageGone", None] in first.log(), "PageGone in the log")
    assert first.holds()


def test_a_page_that_comes_back_from_the_browsers_cache_waits_its_turn_and_serves_again(
    launch_browser: LaunchBrowser, complaints: Complaints, app_url: str, portal_url: str
) -> None:
    context = launch_browser(without=["--disable-back-forward-cache"]).new_context()
    complaints.watch(context)
    desk = PhoneDesk(context, portal_url, app_url)
    first, second = holder_and_other(desk)
    frozen = first.page_id()
    first.playwright_page.evaluate("() => { window.kept = true; }")
    first.playwright_page.goto(portal_url.replace("portal.", "elsewhere."))
    second.until_holds()

    first.playwright_page.go_back(wait_until="commit")
    first.playwright_page.wait_for_function("() => window.portal !== undefined")
    assert first.playwright_page.evaluate("() => window.kept") is True, "the browser loaded the page anew"
    second.until_evaluates(WAITING)
    third = desk.phone_tab()
    second.close()

    third.until_evaluates("(page) => workerPyPhone.holder === page", frozen)
    third.begin_call()
    third.until_audible()
    assert not third.holds()
    context.close()


def test_a_call_survives_the_end_of_the_interpreter(desk: PhoneDesk, complaints: Complaints) -> None:
    complaints.expect(r"the worker ended \(vanished")
    tab = desk.phone_tab()
    tab.until_holds()
    call = tab.begin_call()

    tab.evaluate("workerPy.killWorker()")

    assert tab.run("state")["call"] == call
    tab.until_audible()
    assert tab.log("ended") == []


# Where something is missing --------------------------------------------------------------------------


def test_a_browser_that_can_write_no_track_sends_a_recording_and_one_that_reads_no_packets_the_keys_it_sent(
    desk: PhoneDesk, context: BrowserContext
) -> None:
    context.add_init_script("delete globalThis.MediaStreamTrackGenerator; delete globalThis.RTCRtpScriptTransform")
    tab = desk.phone_tab()
    tab.until_holds()

    tab.begin_call()

    tab.until_audible()
    tab.run("mute", {"muted": True})
    tab.until_silent()
    tab.run("mute", {"muted": False})
    tab.run("dtmf", {"keys": "58"})
    assert "".join(payload["key"] for payload in tab.until_heard("heard", 2)) == "58"


def test_with_a_worker_in_each_page_every_interpreter_hears_the_phone_once(
    desk: PhoneDesk, context: BrowserContext
) -> None:
    context.add_init_script("delete globalThis.SharedWorker")
    first, second = holder_and_other(desk)
    assert [tab.host()["mode"] for tab in (first, second)] == ["dedicated", "dedicated"]

    call = second.begin_call()

    second.until_audible()
    for tab in (first, second):
        tab.until_heard("connected", call=call)
        assert [payload["call"] for payload in tab.log("incoming")] == [call]
    first.close()
    second.until_heard("ended", call=call, reason="holder_gone")


def test_where_storage_is_blocked_each_page_has_a_phone_of_its_own(
    launch_profile: LaunchProfile, tmp_path: Path, app_url: str, portal_url: str, complaints: Complaints
) -> None:
    context = launch_profile(tmp_path, BLOCKED)
    complaints.watch(context)
    desk = PhoneDesk(context, portal_url, app_url)
    tabs = [desk.phone_tab(), desk.phone_tab()]

    for tab in tabs:
        tab.until_holds()
        tab.begin_call()
        tab.until_audible()


def test_a_bundle_without_a_phone_loads_none(
    context: BrowserContext, bundle_for: BundleFor, serve_app: Callable[[Path], str], portal_url: str
) -> None:
    app = serve_app(bundle_for(APP, page_scripts=(PHONE_DESK,)))
    tab = PhoneDesk(context, portal_url, app).phone_tab()

    answer = tab.outcome("state")

    assert (answer["raises"], answer["name"]) == ("PageCallFailed", "NotProvided")
    loaded = tab.evaluate("() => performance.getEntriesByType('resource').map(({ name }) => name)")
    assert any("/shim.js" in name for name in loaded)
    assert [name for name in loaded if "/phone/" in name] == []
