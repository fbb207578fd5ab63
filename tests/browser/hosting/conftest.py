"""Portals whose app tells of its interpreter, for the tests of hosting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.conftest import BundleFor
from tests.support.browser_portal import BrowserPortal
from tests.support.hosting import DESK, HostingPage, HostingPortal, app_with


@pytest.fixture(scope="session")
def hosting_url(bundle_for: BundleFor, serve_app: Callable[[Path], str]) -> str:
    """The placement page of the app that tells of its interpreter."""
    return serve_app(bundle_for(app_with(), page_scripts=(DESK,)))


@pytest.fixture
def portal(context: BrowserContext, hosting_url: str, portal_url: str) -> HostingPortal:
    """The portal in a fresh profile."""
    return BrowserPortal(context, portal_url, hosting_url, HostingPage)
