"""The demo of `scripts/demo` with the network cut."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.demo.conftest import GREETING
from worker_py_tool.demo import demo


@pytest.fixture
def cut(demo_page: Page) -> Iterator[Callable[[bool], None]]:
    """Cuts the network of the page's profile, and joins it again; at the end it is there."""
    yield demo_page.context.set_offline
    demo_page.context.set_offline(False)


def status(page: Page, words: str) -> None:
    expect(page.locator("#card-status")).to_have_text(words)


def test_a_call_goes_on_when_the_network_is_cut_in_the_middle_and_so_do_the_crm_and_the_next_call(
    demo_page: Page, cut: Callable[[bool], None]
) -> None:
    demo_page.get_by_role("button", name="Answer").click()
    status(demo_page, "Answered by Python")
    flags = demo_page.locator("#phone-flags")
    expect(flags).to_have_text("")
    cut(True)
    expect(flags).to_have_text("No network: the voices meet in this page")
    demo_page.get_by_role("textbox", name="Comment").fill("Said offline")
    demo_page.get_by_role("button", name="Save comment").click()
    status(demo_page, "Comment saved in the CRM")
    demo_page.get_by_role("button", name="Hang up").click()
    status(demo_page, "The call has ended")

    demo_page.get_by_role("button", name="Known contact").click()
    status(demo_page, GREETING)
    demo_page.get_by_role("button", name="Answer").click()
    status(demo_page, "Answered by Python")


def test_a_hidden_page_that_cannot_load_is_told_and_loads_once_the_network_is_back(
    demo_page: Page, cut: Callable[[bool], None]
) -> None:
    cut(True)
    demo_page.get_by_role("button", name="Load the hidden page anew").click()

    notice = demo_page.get_by_role("alert")
    expect(notice).to_contain_text("this browser has no network")

    cut(False)
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
