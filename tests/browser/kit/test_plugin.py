"""The plugin's browser portals, in projects of their own: both kinds in one process, also beside each other."""

import re
from pathlib import Path

import pytest

from tests.support.browsers import engine
from tests.support.projects import run_pytest
from worker_py_tool.commands import new as new_command

MORE = """
import asyncio

import pytest

from worker_py import RestError
from worker_py.events import AnswerButtonClick


def test_rest_is_answered_by_values_functions_and_errors(browser_portal):
    browser_portal.rest["crm.contact.get"] = lambda params: {"NAME": f"Number {params['id']}"}
    call = browser_portal.initialized(CRM_ENTITY_TYPE="CONTACT", CRM_ENTITY_ID=9, PHONE_NUMBER="+1202")
    assert call.title == "Number 9 · +1202"
    call.finish()
    browser_portal.rest["crm.contact.get"] = RestError("GONE", "no more", 404)
    assert browser_portal.initialized(CRM_ENTITY_TYPE="CONTACT", CRM_ENTITY_ID=9).status == "The CRM did not answer"


def test_a_mistyped_key_is_refused(browser_portal):
    with pytest.raises(ValueError, match="CRM_ENTITY_TYP"):
        browser_portal.initialized(CRM_ENTITY_TYP="CONTACT")
    with pytest.raises(ValueError, match="answerButonClick"):
        browser_portal.raise_event("answerButonClick")


def test_an_event_is_raised_as_itself(browser_portal):
    call = browser_portal.initialized()
    assert browser_portal.raise_event(AnswerButtonClick()) == 1
    assert call.ui_state == "connected"


def test_a_call_outlives_its_page(browser_portal):
    call = browser_portal.initialized()
    call.click("Answer")
    browser_portal.navigate("/crm/deal/details/3/")
    assert "details" in browser_portal.playwright_page.url
    second = browser_portal.open_page()
    assert second.playwright_frame.evaluate("workerPy.stats().state") == "ready"


@pytest.mark.anyio
async def test_coroutines_run_after_synchronous_tests_whoever_runs_them(async_browser_portal):
    assert asyncio.get_running_loop()
    assert await async_browser_portal.playwright_page.title() == ""
    async_browser_portal.rest["crm.contact.get"] = {"NAME": "Mara"}
    call = await async_browser_portal.initialized(CRM_ENTITY_TYPE="CONTACT", CRM_ENTITY_ID=7, PHONE_NUMBER="+1202")
    assert await call.title == "Mara · +1202"
    card = await call.wait_for(lambda card: "Answer" in card.buttons)
    assert card.ui_state == "incoming"
    await call.click("Answer")
    assert (await call.timer).running
    await call.click("Hang up")
    assert await call.closed
    assert [name for name, _ in await call.commands][-1] == "CallCardClose"


@pytest.mark.anyio
async def test_a_coroutine_test_of_anybody_runs_too():
    await asyncio.sleep(0)


@pytest.mark.timeout(5)
def test_that_waits_in_vain(browser_portal):
    browser_portal.initialized().wait_for(lambda card: False)


def test_after_it(browser_portal):
    assert browser_portal.initialized().title
"""


@pytest.mark.timeout(300)
def test_the_tests_of_a_new_project_and_others_pass_in_one_process(tmp_path: Path) -> None:
    project = tmp_path / "cards"
    new_command.make(project)
    (project / "tests" / "test_more.py").write_text(MORE, encoding="utf-8")
    done = run_pytest(project, "-v", "-p", "no:xdist", "--worker-py-browser", engine().name)
    failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    assert failed == ["tests/test_more.py::test_that_waits_in_vain"], done.stdout + done.stderr
    assert "1 failed, 13 passed" in done.stdout
