"""The handlers of docs/phone.md, on the call card: what the operator clicks reaches the media."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.conftest import BundleFor
from tests.support.phones import AUDIBLE, PhoneDesk, PhoneTab
from tests.tool.test_docs import python_of
from worker_py_tool.paths import DOCS

REACH = """async () => {
  const start = document.querySelector("script[src$='phone/start.js']").src;
  const { Phone } = await import(start.replace("start.js", "phone.js"));
  const run = Phone.prototype.run;
  Phone.prototype.run = function (...call) {
    window.phone = this;
    return run.apply(this, call);
  };
}"""
"""Lets the test ask the phone itself."""


@pytest.fixture
def tab(
    context: BrowserContext, bundle_for: BundleFor, serve_app: Callable[[object], str], portal_url: str
) -> PhoneTab:
    """A tab with the example's handlers."""
    bundle = bundle_for(python_of(DOCS / "phone.md"), phone="loopback")
    tab = PhoneDesk(context, portal_url, serve_app(bundle)).phone_tab()
    tab.until_holds()
    tab.evaluate(REACH)
    return tab


def until(tab: PhoneTab, condition: str) -> None:
    """Wait until an expression of the phone's `state` holds."""
    script = f"""async () => {{
      const state = await window.phone?.run("state");
      return state !== undefined && {condition};
    }}"""
    tab.until_evaluates(script)


def test_the_buttons_of_the_card_drive_the_phone(tab: PhoneTab) -> None:
    tab.incoming_call()
    tab.until_evaluates("async () => window.phone && (await phone.run('state')).phase === 'ringing'")
    tab.click("answerButtonClick")
    tab.until_card(uiState="connected")
    until(tab, f"state.far_level > {AUDIBLE}")

    tab.click("muteButtonClick")
    until(tab, f"state.far_level < {AUDIBLE / 10}")
    tab.click("muteButtonClick")
    until(tab, f"state.far_level > {AUDIBLE}")

    tab.click("dialpadButtonClick", "5")
    tab.until(
        "workerPy.trace().some(({ kind, name }) => kind === argument[0] && name === argument[1])",
        ["emit", "phone.heard"],
    )

    tab.click("holdButtonClick")
    until(tab, "state.held")
    tab.click("holdButtonClick")
    until(tab, "!state.held")

    tab.click("hangupButtonClick")
    tab.until_card(uiState="redial", statusText="The call is over: hung_up")


def test_a_client_who_hangs_up_is_seen_on_the_card(tab: PhoneTab) -> None:
    tab.incoming_call()
    tab.until_evaluates("async () => window.phone && (await phone.run('state')).phase === 'ringing'")
    tab.click("answerButtonClick")
    tab.until_card(uiState="connected")

    tab.evaluate("() => phone.run('simulate', { does: 'hang_up' })")

    tab.until_card(uiState="redial", statusText="The call is over: far_hung_up")
