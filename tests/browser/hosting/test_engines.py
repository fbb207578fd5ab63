"""One boot in each engine, from the snapshot that Node.js made: its memory fits them all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

from tests.browser.conftest import BundleFor
from tests.support.witness import WITNESS, WitnessPage
from worker_py_tool.kit import webkit
from worker_py_tool.kit.browser_portal import BrowserPortal
from worker_py_tool.kit.browsers import launch_options
from worker_py_tool.setup import engines

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)
"""Pyodide goes by these words: on iOS it makes no trampoline for CPython, and a table of functions without it."""

APP = """
    import sys

    from worker_py import App
    from worker_py.events import MuteButtonClick

    app = App()

    @app.on(MuteButtonClick)
    async def mute(event, card):
        await card.page.call("tell", [event.muted, sys.platform, sorted([3, 1, 2], key=lambda one: -one)])
"""


@contextmanager
def launched(name: str, driver: Playwright, home: Path) -> Iterator[Browser]:
    """A browser of that engine."""
    if name == "webkit":
        with webkit.launched(home) as browser:
            yield browser
        return
    kind, arguments = ("chromium", [f"--user-agent={IPHONE}"]) if name == "iphone" else (name, [])
    options = launch_options(kind, home)
    if arguments:
        options["args"] += arguments
    with getattr(driver, kind).launch(**options) as browser:
        yield browser


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("chromium", marks=pytest.mark.campaign),  # test_edge.py and others say it by the way
        pytest.param("firefox", marks=pytest.mark.campaign),  # so does test_compiled.py, in Firefox's own tier
        "webkit",
        "iphone",
    ],
)
def test_python_starts_from_the_snapshot_and_handles_a_click(
    name: str,
    playwright_driver: Playwright,
    tmp_path: Path,
    bundle_for: BundleFor,
    serve_app: Callable[[Path], str],
    portal_url: str,
) -> None:
    find, packages = engines.ENGINES.get(name, (lambda: Path(), ()))
    if find() is None and not os.environ.get("CI"):
        pytest.skip(f"there is no {name} here (Debian: apt-get install {' '.join(packages)})")
    app_url = serve_app(bundle_for(APP, page_scripts=(WITNESS,)))
    with launched(name, playwright_driver, tmp_path) as browser, browser.new_context() as context:
        page = BrowserPortal(context, portal_url, app_url, WitnessPage).open_page()
        assert page.diagnostics()["plain_boot"] is None
        page.initialized(CALL_ID="A")
        page.raise_event("muteButtonClick", True)
        assert page.told() == [True, "emscripten", [3, 2, 1]]
