"""The plugin's fixtures without a browser, in projects of their own; tests/browser/kit has one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.projects import run_pytest

Write = Callable[[str, str], Path]

APP = """
from worker_py import App
from worker_py.events import AnswerButtonClick, Initialized, PageAttached

app = App()

@app.on(PageAttached)
async def learn(event, page):
    global user
    user = await page.rest.call("user.current")

@app.on(Initialized)
async def greet(event, card):
    await card.set_card_title(user["NAME"])

@app.on(AnswerButtonClick)
async def answer(event, card):
    raise LookupError("no line")
"""


def outcomes(project: Path, tests: str, *arguments: str) -> tuple[dict[str, int], str]:
    """How many tests passed, failed, …; and all that was said."""
    (project / "test_it.py").write_text(tests, encoding="utf-8")
    said = run_pytest(project, "-rA", "-p", "no:xdist", *arguments).stdout
    words = [line.partition(" ")[0] for line in said.rpartition("short test summary info")[2].splitlines()]
    return {word: words.count(word) for word in ("PASSED", "FAILED", "ERROR", "SKIPPED") if word in words}, said


def test_the_portal_in_memory_is_strict_and_waits_with_its_first_page(write: Write, tmp_path: Path) -> None:
    write("app.py", APP)
    counts, said = outcomes(
        tmp_path,
        """
import pytest
import app

def test_rest_is_there_when_the_page_attaches(portal):
    portal.rest["user.current"] = {"NAME": "Ada"}
    portal.initialized()
    assert portal.sent == [("CallCardSetCardTitle", {"title": "Ada"})]

def test_a_failure_fails(portal):
    portal.rest["user.current"] = {"NAME": "Ada"}
    portal.initialized()
    portal.raise_event("answerButtonClick")

def test_unless_it_is_expected(portal, worker_app):
    assert worker_app is app.app
    portal.rest["user.current"] = {}
    with portal.expect_failure(KeyError):
        portal.initialized()
    with portal.expect_failure(LookupError):
        portal.raise_event("answerButtonClick")
""",
    )
    assert counts == {"PASSED": 2, "FAILED": 1}
    assert "FAILED test_it.py::test_a_failure_fails - LookupError: no line" in said


def test_the_app_may_be_named_in_the_project_or_given_by_the_tests(write: Write, tmp_path: Path) -> None:
    write("pyproject.toml", '[tool.worker-py]\napp = "phone/cards.py:calls"\n')
    write("phone/cards.py", "from worker_py import App\ncalls = App()\n")
    tests = "def test_it(worker_app, portal):\n    import cards\n    assert worker_app is cards.calls\n"
    assert outcomes(tmp_path, tests)[0] == {"PASSED": 1}
    write(
        "conftest.py", "import pytest, worker_py\nworker_app = pytest.fixture(lambda: worker_py.App(page_grace_s=5))\n"
    )
    tests = "def test_it(worker_app, portal):\n    assert worker_app.settings.page_grace_s == 5\n"
    assert outcomes(tmp_path, tests)[0] == {"PASSED": 1}


def test_a_project_without_an_app_is_told_so(tmp_path: Path) -> None:
    counts, said = outcomes(tmp_path, "def test_it(portal): pass")
    assert counts == {"ERROR": 1}
    assert f"there is no {tmp_path / 'app.py'}" in said and "override the fixture worker_app" in said


def test_without_what_a_browser_test_needs_it_is_skipped_and_tells_what_to_install(
    write: Write, tmp_path: Path
) -> None:
    write("app.py", APP)
    write("conftest.py", "import sys\nsys.modules['brotli'] = None\n")  # test_session.py has each of them
    tests = """
def test_it(browser_portal): pass
async def test_that(async_browser_portal): pass
def test_all(portal): pass
"""
    counts, said = outcomes(tmp_path, tests)
    assert counts == {"PASSED": 1, "SKIPPED": 2}
    assert said.count("pip install 'worker-py[test]'") == 2


def test_a_fixture_of_the_other_kind_is_refused_in_words(write: Write, tmp_path: Path) -> None:
    write("app.py", APP)
    tests = "async def test_it(browser_portal): pass\ndef test_that(async_browser_portal): pass\n"
    counts, said = outcomes(tmp_path, tests)
    assert counts == {"ERROR": 2}
    assert "a coroutine test takes async_browser_portal" in said and "a plain function takes browser_portal" in said


def test_an_app_that_only_the_tests_have_cannot_be_shown_in_a_browser(tmp_path: Path) -> None:
    tests = """
import pytest, worker_py
app = worker_py.App()
worker_app = pytest.fixture(lambda: app)
def test_it(browser_portal): pass
"""
    counts, said = outcomes(tmp_path, tests)
    assert counts == {"ERROR": 1} and "worker_app is an App of no module outside the tests" in said


def test_a_browser_that_is_not_here_skips(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("app.py", APP)
    monkeypatch.setenv("PATH", "")
    counts, said = outcomes(tmp_path, "def test_it(browser_portal): pass", "--worker-py-browser", "firefox")
    assert counts == {"SKIPPED": 1} and "Install firefox-esr" in said
