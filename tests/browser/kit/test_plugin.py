"""The plugin's browser portals, in projects of their own: both kinds in one process, also beside each other."""

import re
from pathlib import Path

import pytest

from tests.support.browsers import engine
from tests.support.projects import IN_BROWSERS, run_pytest
from worker_py_tool.commands import new as new_command

HANDLERS = """

from worker_py.events import CardClosed, DialpadButtonClick, EntityChanged, HoldButtonClick, MuteButtonClick
from worker_py.events import SkipButtonClick


@app.on(EntityChanged)
async def entity(event, card):
    card.data["entity"] = [event.crm_entity_type, event.crm_entity_id]


@app.on(DialpadButtonClick)
async def dialled(event, card):
    await card.set_status_text(f"{card.data['entity']} {await card.page.call('phone.name')}")


@app.on(HoldButtonClick)
async def hold(event, card):
    raise KeyError("no line to hold")


@app.on(MuteButtonClick)
async def mute(event, card):
    card.set_status_text("forgotten")


async def skip(event, card):
    await card.set_status_text("skipped")


app.add_handler(SkipButtonClick, skip, timeout_s=0.3)


@app.on(CardClosed)
async def closed(event, card):
    app.data["why"] = event.reason


@app.on_page_event("why")
async def why(payload, page):
    await page.call("tell", app.data["why"])
"""
MORE = """
import asyncio

import pytest

from worker_py import RestError
from worker_py.events import DialpadButtonClick, HoldButtonClick, SkipButtonClick
from worker_py.testing import ForgottenAwait


def test_rest_is_answered_by_values_functions_and_errors_and_what_is_not_there_is_refused_in_words(browser_portal):
    with pytest.raises(ValueError, match="CRM_ENTITY_TYP"):
        browser_portal.initialized(CRM_ENTITY_TYP="CONTACT")
    with pytest.raises(ValueError, match="answerButonClick"):
        browser_portal.raise_event("answerButonClick")
    with pytest.raises(ValueError, match="'silence' is no fault of the portal's; there are silent, "):
        browser_portal.fault("silence")
    browser_portal.rest["crm.contact.get"] = lambda params: {"NAME": f"Number {params['id']}"}
    call = browser_portal.initialized(CRM_ENTITY_TYPE="CONTACT", CRM_ENTITY_ID=9, PHONE_NUMBER="+1202")
    assert call.title == "Number 9 · +1202"
    call.finish()
    browser_portal.rest["crm.contact.get"] = RestError("GONE", "no more", 404)
    call = browser_portal.initialized(CRM_ENTITY_TYPE="CONTACT", CRM_ENTITY_ID=9)
    assert call.status == "The CRM did not answer"
    with pytest.raises(AssertionError, match='The card shows no "Anser". It shows: .*Answer'):
        call.click("Anser")


def test_a_call_that_the_portal_ends_is_over_and_in_the_next_one_failures_may_be_expected(browser_portal):
    told = []
    browser_portal.provide("tell", told.append)
    call = browser_portal.initialized()
    assert call.ui_state == "incoming"
    call.finish()
    assert call.closed
    with pytest.raises(AssertionError, match="is closed: there is no 'Answer'"):
        call.click("Answer")
    browser_portal.emit("why")
    call = browser_portal.initialized()
    assert call.title
    assert told == ["closed_by_portal"]
    with browser_portal.expect_failure(LookupError) as expected:
        browser_portal.raise_event(HoldButtonClick(held=True))
    assert 'raise KeyError("no line to hold")' in str(expected.exception)
    with browser_portal.expect_failure(ForgottenAwait):
        browser_portal.raise_event("muteButtonClick", True)
    browser_portal.fault("silent")
    assert browser_portal.raise_event(SkipButtonClick()) == 1  # an event as itself
    assert call.status == "skipped"  # and HandlerTimeout is what the test has made


def test_that_fails_where_its_handler_has_failed(browser_portal):
    call = browser_portal.initialized()
    browser_portal.raise_event(HoldButtonClick(held=True))
    assert call.title
    raise RuntimeError("came too far")


def test_that_fails_at_its_end(browser_portal):
    browser_portal.initialized()
    browser_portal.raise_event(HoldButtonClick(held=True))


def test_that_has_expected_another_failure(browser_portal):
    browser_portal.initialized()
    with browser_portal.expect_failure(ZeroDivisionError):
        browser_portal.raise_event(HoldButtonClick(held=True))


@pytest.mark.anyio
async def test_that_is_a_coroutine_runs_after_synchronous_ones_and_fails_at_its_end(async_browser_portal):
    assert asyncio.get_running_loop()
    assert await async_browser_portal.playwright_page.title() == ""
    async_browser_portal.rest["crm.contact.get"] = {"NAME": "Mara"}
    call = await async_browser_portal.initialized(CRM_ENTITY_TYPE="CONTACT", CRM_ENTITY_ID=7, PHONE_NUMBER="+1202")
    assert await call.title == "Mara · +1202"
    card = await call.wait_for(lambda card: "Answer" in card.buttons)
    assert card.ui_state == "incoming"
    await call.click("Answer")
    assert (await call.timer).running
    async with async_browser_portal.expect_failure(LookupError):
        await async_browser_portal.raise_event(HoldButtonClick(held=True))
    await call.click("Hang up")
    assert await call.closed
    assert [name for name, _ in await call.commands][-1] == "CallCardClose"
    await async_browser_portal.initialized()
    await async_browser_portal.raise_event(HoldButtonClick(held=True))  # it came this far: the second one in its report


@pytest.mark.anyio
async def test_a_coroutine_test_of_anybody_runs_too():
    await asyncio.sleep(0)


@pytest.mark.timeout(4, func_only=True)
def test_that_waits_in_vain(browser_portal):
    browser_portal.initialized().wait_for(lambda card: False)


def test_after_it_pages_have_what_was_provided_and_events_tell_of_one_entity(browser_portal):
    browser_portal.provide("phone.name", "() => 'first'")
    call = browser_portal.initialized(CRM_ENTITY_TYPE="DEAL", CRM_ENTITY_ID=3)
    assert call.ui_state == "incoming"
    browser_portal.raise_event(DialpadButtonClick("5"))
    assert call.status == "['DEAL', 3] first"
    second = browser_portal.open_page()
    second.provide("phone.name", lambda params: "second")
    again = second.initialized(CALL_ID=call.call_id, CRM_ENTITY_TYPE="DEAL", CRM_ENTITY_ID=3)
    second.raise_event(DialpadButtonClick("5"))
    assert again.status == "['DEAL', 3] second"
    second.playwright_page.close()
    browser_portal.navigate("/crm/deal/details/3/")
    assert "details" in browser_portal.playwright_page.url
    call = browser_portal.initialized(CRM_ENTITY_TYPE="", CRM_ENTITY_ID=0)
    with browser_portal.expect_failure(KeyError):
        browser_portal.raise_event(DialpadButtonClick("5"))  # a call without an entity
    assert call.status == ""
"""


@pytest.mark.timeout(300)
def test_the_tests_of_a_new_project_and_others_pass_in_one_process(tmp_path: Path) -> None:
    project = tmp_path / "cards"
    new_command.make(project)
    (project / "tests" / "test_more.py").write_text(MORE, encoding="utf-8")
    with (project / "app.py").open("a", encoding="utf-8") as app:
        app.write(HANDLERS)
    done = run_pytest(project, "-v", *IN_BROWSERS, engine().name)
    failed = re.findall(r"^(FAILED|ERROR) tests/test_more.py::test_that_(\w+)(.*)", done.stdout, re.MULTILINE)
    assert [(kind, name) for kind, name, _ in failed] == [
        ("ERROR", "fails_at_its_end"),
        ("FAILED", "fails_where_its_handler_has_failed"),
        ("FAILED", "has_expected_another_failure"),
        ("FAILED", "is_a_coroutine_runs_after_synchronous_ones_and_fails_at_its_end"),
        ("FAILED", "waits_in_vain"),
    ], done.stdout + done.stderr
    assert done.stdout.count("KeyError: 'no line to hold'") == 4
    assert "came too far" not in done.stdout.rpartition("short test summary info")[2]
    counts = re.findall(r"(\d+) (failed|passed|error)\b", done.stdout.splitlines()[-1])
    assert counts == [("4", "failed"), ("11", "passed"), ("1", "error")], done.stdout
