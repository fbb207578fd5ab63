"""Portals whose app tells of its interpreter, for the tests of hosting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.conftest import BundleFor
from tests.support.faulty_server import FaultyServer
from tests.support.hosting import DESK, HostingPage, HostingPortal, app_with
from tests.support.witness import WITNESS
from worker_py_tool.kit.browser_portal import BrowserPortal


@pytest.fixture(scope="module")
def hosting_url(bundle_for: BundleFor, serve_app: Callable[[Path], str]) -> str:
    """The placement page of the app that tells of its interpreter."""
    return serve_app(bundle_for(app_with(), page_scripts=(DESK,)))


@pytest.fixture
def portal(context: BrowserContext, hosting_url: str, portal_url: str) -> HostingPortal:
    """The portal in a fresh profile."""
    return BrowserPortal(context, portal_url, hosting_url, HostingPage)


@pytest.fixture
def server(bundle_for: BundleFor, request: pytest.FixtureRequest) -> Iterator[FaultyServer]:
    """Serves the app of the module, with whatever faults."""
    with FaultyServer(bundle_for(request.module.APP, page_scripts=(WITNESS,))) as running:
        yield running


@pytest.fixture
def quiet_page(browser: Browser) -> Iterator[Page]:
    """A page whose complaints are not looked at: loads fail here on purpose."""
    with browser.new_context() as context:
        yield context.new_page()
