"""The production headers in the browser: what they forbid is forbidden and noticed, in the page and in its workers."""

import re

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
    """It has reported the stranger in this document, and nothing else anywhere."""
    reported: list[str] = []
    while not any(document in report for report in reported):
        assert policy_reports.wait(timeout_s=30), f"the browser reported nothing of {document}, but {reported}"
        reported += policy_reports.take()
    assert all(map(REPORT.fullmatch, reported)), reported


def test_a_page_and_its_python_that_talk_to_a_stranger_are_stopped_and_reported_and_the_page_may_use_what_it_needs(
    open_page: OpenPage, complaints: Complaints, policy_reports: PolicyReports
) -> None:
    """Of a worker the page's console shows nothing: the browser's report is what is left."""
    page = open_page(APP)
    assert page.host()["mode"] == "extended"
    assert_reported(policy_reports, "worker.js")

    complaints.expect("Content Security Policy")
    complaints.expect("Fetch API cannot load|Failed to fetch|Refused to connect|violates")
    assert page.evaluate(f"() => fetch('{FORBIDDEN}').then(() => 'sent', () => 'stopped')") == "stopped"
    assert_reported(policy_reports, "/?DOMAIN=")

    allowed = set(page.evaluate("() => document.featurePolicy.allowedFeatures()"))
    assert {"microphone", "autoplay", "camera", "geolocation"} <= allowed
    assert not {"usb", "serial", "hid", "midi", "payment", "display-capture"} & allowed


def test_python_in_a_worker_of_the_pages_own_that_talks_to_a_stranger_is_stopped_and_reported(
    page: Page, open_page: OpenPage, policy_reports: PolicyReports
) -> None:
    page.add_init_script("delete globalThis.SharedWorker;")
    opened = open_page(APP, page=page)
    assert opened.host()["mode"] == "dedicated"
    assert_reported(policy_reports, "worker.js")
