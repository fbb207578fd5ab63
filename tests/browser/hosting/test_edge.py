"""A call through Cloudflare's own runtime; and calls that go on while versions are published and taken back."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import BundleFor
from tests.support.edge import workerd
from tests.support.witness import WitnessPage
from worker_py_tool.bundle import rollout
from worker_py_tool.kit.browser_portal import BrowserPortal
from worker_py_tool.serve.server import Server

APP = """
    from worker_py import App, UiState
    from worker_py.events import AnswerButtonClick, Initialized

    app = App()

    @app.on(Initialized)
    async def greet(event, card):
        await card.set_ui_state(UiState.INCOMING)
        await card.set_card_title("VERSION")

    @app.on(AnswerButtonClick)
    async def answer(event, card):
        await card.set_ui_state(UiState.CONNECTED)
        await card.set_status_text("VERSION heard it")
"""


@pytest.fixture
def one(bundle_for: BundleFor) -> Path:
    return bundle_for(APP.replace("VERSION", "one"))


@pytest.fixture
def two(bundle_for: BundleFor) -> Path:
    return bundle_for(APP.replace("VERSION", "two"))


@pytest.fixture
def on(browser: Browser, portal_url: str) -> Iterator[Callable[[int], BrowserPortal[WitnessPage]]]:
    """Makes a portal with the app of an address, in a browser of its own."""
    with closing(browser.new_context()) as context:

        def portal(port: int) -> BrowserPortal[WitnessPage]:
            return BrowserPortal(context, portal_url, f"http://app.localhost:{port}/", WitnessPage)

        yield portal


def test_a_call_is_answered_through_cloudflares_runtime(
    one: Path, on: Callable[[int], BrowserPortal[WitnessPage]]
) -> None:
    with workerd(one) as port:
        page = on(port).open_page()
        call = page.initialized()
        call.click("Answer")
        call.wait_for(lambda card: card.ui_state == "connected")
        assert call.title == "one"
        assert page.diagnostics()["plain_boot"] is None


def test_calls_go_on_where_they_began_and_what_does_not_start_gives_way(
    one: Path, two: Path, tmp_path: Path, on: Callable[[int], BrowserPortal[WitnessPage]]
) -> None:
    site = tmp_path / "site"
    rollout.publish(one, site)
    with Server(site) as server:
        portal = on(server.port)
        before = portal.open_page()
        call = before.initialized(CALL_ID="A.1")
        assert call.title == "one"
        rollout.publish(two, site)
        after = portal.open_page()
        assert after.initialized(CALL_ID="A.2").title == "two"
        call.click("Answer")
        call.wait_for(lambda card: card.status == "one heard it")
        rollout.rollback(site)
        back = portal.open_page()
        assert back.initialized(CALL_ID="A.3").title == "one"
        for page in (before, after, back):
            page.until_settled()
            assert page.counted("undeliverable") == page.counted("waiting") == 0
        rollout.publish(two, site)
        two_build = json.loads((two / "manifest.json").read_text())["build"]
        starts = json.dumps({two_build: 3})
        back.evaluate("(starts) => localStorage.setItem('worker-py:failed-starts', starts)", starts)
        assert portal.open_page().initialized(CALL_ID="A.4").title == "one"
