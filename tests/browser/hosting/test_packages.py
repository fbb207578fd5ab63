"""Packages that people use, in the first handler of a fresh page: all in one app, and in the campaign each alone."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.hosting.test_requirements import bundle_of, told
from tests.support.known_packages import KNOWN, Known, app_of
from tests.support.policy_watch import PolicyReports

REPORT_S = 10
"""Within which the browser tells of what its policy refused."""


Use = Callable[[Sequence[Known]], None]


@pytest.fixture
def use(open_page: OpenPage, policy_reports: PolicyReports, tmp_path: Path) -> Use:
    """Builds an app that uses packages, and holds what it tells in its first handler against the table."""

    def told_what_is_known(known: Sequence[Known]) -> None:
        bundle = bundle_of(tmp_path, app_of(known), [each.requirement for each in known])
        page = open_page(bundle=bundle)
        assert told(page) == [each.answer for each in known]
        assert page.diagnostics()["plain_boot"] is None
        for each in known:
            if each.asks:
                assert policy_reports.wait(REPORT_S)
                assert [each.asks in report for report in policy_reports.take()] == [True]

    return told_what_is_known


@pytest.mark.timeout(300)  # where nothing was downloaded and compiled yet
def test_known_packages_work_together_in_the_first_handler(use: Use) -> None:
    use(list(KNOWN.values()))


@pytest.mark.campaign
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", KNOWN)
def test_a_known_package_works_alone(use: Use, name: str) -> None:
    use([KNOWN[name]])
