"""The production headers in the browser: what they forbid is forbidden and noticed, in the page and in its workers."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenPage
from tests.support.complaints import Complaints
from tests.support.policy_watch import PolicyReports

FORBIDDEN = "http://stranger.example/forbidden"
APP = f"""
    from worker_py import App
    from worker_py.events import PageAttached

    app = App()

    @app.on(PageAttached)
    async def leak(event, page):
        import js
        try:
            await js.fetch("{FORBIDDEN}")
        except Exception:
            pass
"""
REPORT = re.compile(rf"connect-src {FORBIDDEN} in http://app\.localhost:\d+/.*")


def assert_reported(policy_reports: PolicyReports, document: str) -> None:
    assert policy_reports.wait(timeout_s=30), "the browser reported nothing"
    reported = policy_reports.take()
    assert reported
    assert all(REPORT.fullmatch(report) and document in report for report in reported)


def test_a_page_that_talks_to_a_stranger_is_stopped_and_reported(
    demo_bundle: Path, open_page: OpenPage, complaints: Complaints, policy_reports: PolicyReports
) -> None:
    complaints.expect("Content Security Policy")
    complaints.expect("Fetch API cannot load|Failed to fetch|Refused to connect|violates")
    page = open_page(bundle=demo_bundle)
    assert page.evaluate(f"() => fetch('{FORBIDDEN}').then(() => 'sent', () => 'stopped')") == "stopped"
    assert_reported(policy_reports, "/?DOMAIN=")


@pytest.mark.parametrize("mode", ["extended", "dedicated"])
def test_python_that_talks_to_a_stranger_is_stopped_and_reported(
    page: Page, open_page: OpenPage, policy_reports: PolicyReports, mode: str
) -> None:
    """Of a worker the page's console shows nothing: the browser's report is what is left."""
    if mode == "dedicated":
        page.add_init_script("delete globalThis.SharedWorker;")
    opened = open_page(APP, page=page)
    assert opened.host()["mode"] == mode
    assert_reported(policy_reports, "worker.js")


def test_the_page_may_use_what_the_portal_hands_on_and_no_more(demo_bundle: Path, open_page: OpenPage) -> None:
    page = open_page(bundle=demo_bundle)
    allowed = set(page.evaluate("() => document.featurePolicy.allowedFeatures()"))
    assert {"microphone", "autoplay", "camera", "geolocation"} <= allowed
    assert not {"usb", "serial", "hid", "midi", "payment", "display-capture"} & allowed
