"""The demo of `scripts/demo` with the network cut, and before its Python is there."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.support.stalling import HeldServer
from worker_py_tool.demo import demo

GREETING = "Head of purchasing · open deals: 2"


@pytest.fixture
def demo_page(page: Page, demo_bundle: Path, serve_app: Callable[[Path], str], portal_url: str) -> Page:
    """The demo as `scripts/demo` opens it, with a first call that Python has greeted."""
    page.goto(demo.portal_url(portal_url, serve_app(demo_bundle), rest="page"))
    expect(page.locator("#card-status")).to_have_text(GREETING)
    return page


def status(page: Page, words: str) -> None:
    expect(page.locator("#card-status")).to_have_text(words)


def test_calls_and_the_crm_go_on_with_the_network_cut(demo_page: Page, context: BrowserContext) -> None:
    context.set_offline(True)

    demo_page.get_by_role("button", name="Answer").click()
    status(demo_page, "Answered by Python")
    demo_page.get_by_role("textbox", name="Comment").fill("Said offline")
    demo_page.get_by_role("button", name="Save comment").click()
    status(demo_page, "Comment saved in the CRM")
    demo_page.get_by_role("button", name="Hang up").click()
    status(demo_page, "The call has ended")

    demo_page.get_by_role("button", name="Known contact").click()
    status(demo_page, GREETING)


def test_a_call_goes_on_when_the_network_is_cut_in_the_middle(demo_page: Page, context: BrowserContext) -> None:
    demo_page.get_by_role("button", name="Answer").click()
    status(demo_page, "Answered by Python")
    flags = demo_page.locator("#phone-flags")
    expect(flags).to_have_text("")
    context.set_offline(True)
    expect(flags).to_have_text("No network: the voices meet in this page")
    demo_page.get_by_role("button", name="Hang up").click()
    status(demo_page, "The call has ended")


def test_a_hidden_page_that_cannot_load_is_told_and_loads_once_the_network_is_back(
    demo_page: Page, context: BrowserContext
) -> None:
    context.set_offline(True)
    demo_page.get_by_role("button", name="Load the hidden page anew").click()

    notice = demo_page.get_by_role("alert")
    expect(notice).to_contain_text("this browser has no network")

    context.set_offline(False)
    expect(notice).to_be_hidden()
    expect(demo_page.locator("#trace li.handler > .entry", has_text="greet")).to_have_count(
        2
    )  # the card is taken up again
    demo_page.get_by_role("button", name="Known contact").click()
    status(demo_page, GREETING)


def test_a_hidden_page_whose_host_is_gone_is_told_with_its_name(page: Page, portal_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        nobody = f"app.localhost:{taken.getsockname()[1]}"
        page.goto(demo.portal_url(portal_url, f"http://{nobody}/", rest="page"))
        expect(page.get_by_role("alert")).to_contain_text(f"{nobody} did not answer")


@pytest.fixture
def held(demo_bundle: Path) -> Iterator[HeldServer]:
    """The demo's bundle, without its interpreter so far."""
    with HeldServer(demo_bundle) as server:
        yield server
        server.release()


def test_the_card_is_there_and_takes_clicks_before_python_is(page: Page, portal_url: str, held: HeldServer) -> None:
    page.goto(demo.portal_url(portal_url, f"http://app.localhost:{held.port}/", rest="page"))
    expect(page.locator("#card-state")).to_have_text("Call")  # Python gives it a state, and with it the other buttons
    expect(page.locator("#python-state")).to_have_text("Python is starting")
    page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length === 1")

    page.get_by_role("button", name="Save comment").click()
    waiting = [frame for frame in page.frames if frame != page.main_frame]
    assert waiting[0].evaluate("workerPy.diagnostics().state") != "ready"
    expect(page.locator("#trace li.handler")).to_have_count(0)

    held.release()
    expect(page.locator("#python-state")).to_have_text("Python is ready")
    page.get_by_role("button", name="Answer").click()
    for handler in ("greet", "answer", "comment"):
        expect(page.locator("#trace li.handler > .entry code").get_by_text(handler, exact=True)).to_have_count(1)
    names = page.locator("#trace li.event > .entry .fold + code").all_inner_texts()
    of_card = [name for name in names if not name.startswith("phone.")]
    assert of_card == ["initialized", "addCommentButtonClick", "answerButtonClick"]
    expect(page.locator("#guide")).to_contain_text("You are on the call.")
