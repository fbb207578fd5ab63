"""Packages that people use, in the first handler of a fresh page: some in one app, in the campaign all, and each alone.

Those that take most time to compile and to try are the campaign's: what they need of a browser, compiled code and the
refusal of their requests, test_requirements.py and test_policy.py hold.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.hosting.test_requirements import bundle_of, told
from tests.support.directory_server import DirectoryServer
from tests.support.known_packages import FROM_A_MIRROR, KNOWN, Known, app_of, mirror_of
from tests.support.policy_watch import PolicyReports
from worker_py_tool.bundle import target

pytestmark = pytest.mark.timeout(300)  # where nothing was downloaded and compiled yet

REPORT_S = 60
"""Within which the browser tells of what its policy refused."""


Use = Callable[..., None]


@pytest.fixture
def use(open_page: OpenPage, policy_reports: PolicyReports, bundles_directory: Path, tmp_path: Path) -> Use:
    """Builds an app that uses packages, and holds what it tells in its first handler against the table."""

    def told_what_is_known(known: Sequence[Known], pyodide_packages: str = "") -> None:
        directory = bundles_directory / f"packages-{tmp_path.name}"
        requirements = [each.requirement for each in known]
        bundle = bundle_of(directory, app_of(known), requirements, pyodide_packages=pyodide_packages)
        page = open_page(bundle=bundle)
        assert told(page) == [each.answer for each in known]
        assert page.diagnostics()["plain_boot"] is None
        for each in known:
            if each.asks:
                assert policy_reports.wait(REPORT_S)
                assert [each.asks in report for report in policy_reports.take()] == [True]

    return told_what_is_known


LIGHT = ("python-dateutil", "tzdata", "attrs", "httpx")


@pytest.mark.parametrize("names", [LIGHT, pytest.param(tuple(KNOWN), marks=pytest.mark.campaign)], ids=["light", "all"])
def test_known_packages_work_together_in_the_first_handler_those_from_a_mirror_of_pyodides_distribution_too(
    use: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: Sequence[str]
) -> None:
    mirror, lock = mirror_of(tmp_path)
    monkeypatch.setattr(target, "LOCK", lock)
    with DirectoryServer(*mirror.iterdir()) as server:
        use([*(KNOWN[name] for name in names), *FROM_A_MIRROR.values()], f"http://127.0.0.1:{server.port}/")


@pytest.mark.campaign
@pytest.mark.parametrize("name", KNOWN)
def test_a_known_package_works_alone(use: Use, name: str) -> None:
    use([KNOWN[name]])
