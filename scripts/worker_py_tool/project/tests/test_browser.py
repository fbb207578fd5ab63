"""The app as operators get it: built, in a browser, on a simulated call card. Needs `pip install 'worker-py[test]'`."""


def test_the_operator_answers_and_hangs_up(browser_portal) -> None:
    browser_portal.rest["crm.contact.get"] = {"ID": "7", "NAME": "Mara"}
    call = browser_portal.initialized(CRM_ENTITY_TYPE="CONTACT", CRM_ENTITY_ID=7, PHONE_NUMBER="+12025550123")
    assert call.title == "Mara · +12025550123"
    call.click("Answer")
    assert call.ui_state == "connected"
    assert call.timer.running
    call.click("Hang up")
    assert call.closed


async def test_a_call_outlives_its_interpreter(async_browser_portal) -> None:
    call = await async_browser_portal.initialized(CRM_ENTITY_TYPE="", CRM_ENTITY_ID=0, PHONE_NUMBER="hidden")
    assert await call.title == "Hidden number"
    await async_browser_portal.kill_interpreter()
    await call.click("Answer")
    assert await call.ui_state == "connected"
