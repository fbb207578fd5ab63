"""Interpreters that start from the same memory: what was frozen in it does not pretend to be fresh."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from tests.browser.conftest import BundleFor
from tests.browser.placement import NOTEBOOK, Placement, initialized
from worker_py_tool import demo

APP = """
    import random
    import secrets
    import time
    import uuid

    from worker_py import App

    app = App()
    at_import = random.random()

    @app.on_page_event("draw")
    async def draw(payload, page):
        drawn = [random.random(), random.randbytes(8).hex(), secrets.token_hex(8), uuid.uuid4().hex, time.time_ns()]
        await page.call("note", [at_import, drawn])
"""


def drawn_in_a_browser_of_its_own(browser: Browser, address: str) -> tuple[Any, list[Any]]:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(address)
        placement = Placement(page)
        placement.raise_event(*initialized("A.1"))  # once the page can hear it
        placement.until_ready()
        assert placement.diagnostics()["plain_boot"] is None
        placement.emit("draw")
        ((at_import, drawn),) = placement.until_noted(1)
        return at_import, drawn


def test_two_interpreters_of_one_snapshot_share_neither_random_numbers_nor_ids_nor_clocks(
    browser: Browser, bundle_for: BundleFor, serve_app: Callable[[Path], str], portal_url: str
) -> None:
    address = demo.portal_url(portal_url, serve_app(bundle_for(APP, page_scripts=(NOTEBOOK,))), plain="1")
    one, other = (drawn_in_a_browser_of_its_own(browser, address) for _ in range(2))
    assert one[0] == other[0]  # drawn while the snapshot was made: they do come from the same memory
    assert not set(one[1]) & set(other[1])
