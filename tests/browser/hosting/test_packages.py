"""Packages that people use, in the first handler of a fresh page: all in one app, and in the campaign each alone."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.hosting.test_requirements import bundle_of, told
from tests.support.directory_server import DirectoryServer
from tests.support.known_packages import FROM_A_MIRROR, KNOWN, Known, app_of, mirror_of
from tests.support.policy_watch import PolicyReports
from worker_py_tool.bundle import target
from worker_py_tool.errors import ToolError

pytestmark = pytest.mark.timeout(300)  # where nothing was downloaded and compiled yet

REPORT_S = 60
"""Within which the browser tells of what its policy refused."""


Use = Callable[..., None]


@pytest.fixture
def use(open_page: OpenPage, policy_reports: PolicyReports, tmp_path: Path) -> Use:
    """Builds an app that uses packages, and holds what it tells in its first handler against the table."""

    def told_what_is_known(known: Sequence[Known], pyodide_packages: str = "") -> None:
        bundle = bundle_of(
            tmp_path, app_of(known), [each.requirement for each in known], pyodide_packages=pyodide_packages
        )
        page = open_page(bundle=bundle)
        assert told(page) == [each.answer for each in known]
        assert page.diagnostics()["plain_boot"] is None
        for each in known:
            if each.asks:
                assert policy_reports.wait(REPORT_S)
                assert [each.asks in report for report in policy_reports.take()] == [True]

    return told_what_is_known


def test_known_packages_work_together_in_the_first_handler(use: Use) -> None:
    use(list(KNOWN.values()))


def test_packages_that_need_pyodides_distribution_work_from_a_mirror_of_it(
    use: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = list(FROM_A_MIRROR.values())
    mirror, lock = mirror_of(tmp_path)
    monkeypatch.setattr(target, "LOCK", lock)
    with DirectoryServer(*mirror.iterdir()) as server:
        use(known, f"http://127.0.0.1:{server.port}/")


def test_without_a_mirror_the_package_that_is_missing_is_named_and_the_option(
    use: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, lock = mirror_of(tmp_path / "elsewhere", note=str(tmp_path))
    monkeypatch.setattr(target, "LOCK", lock)
    with DirectoryServer() as server, pytest.raises(ToolError) as refused:
        use([FROM_A_MIRROR["jinja2"]], f"http://127.0.0.1:{server.port}/")
    said = str(refused.value)
    assert "markupsafe" in said and "Pyodide's own distribution" in said and "--pyodide-packages URL|DIR" in said


@pytest.mark.campaign
@pytest.mark.parametrize("name", KNOWN)
def test_a_known_package_works_alone(use: Use, name: str) -> None:
    use([KNOWN[name]])
