"""What axe-core finds in the card: nothing serious or critical, in no state, light or dark."""

from collections.abc import Iterator, Sequence
from typing import Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.support.cards import STATES, Desk, Scheme, desk_in

GRAVE: Final = {"serious", "critical"}
AXE: Final = Axe().axe_script
COLOURS: Final = ["color-contrast"]
"""The rules for what differs in the dark; the others have looked at the same card in the light."""
LOOKS: Final = ("incoming", "connected", "transferring", "error", "moneyError", "redial")
"""One of each of the colours in which states are shown: those of `static/portal/card/card.css`."""
RUN: Final = """([context, rules]) => axe.run(context, {
    resultTypes: ["violations"],
    ...(rules && { runOnly: rules }),
})"""


@pytest.fixture(scope="module", params=["light", "dark"])
def shared_desk(request: pytest.FixtureRequest, browser: Browser, portal_url: str) -> Iterator[Desk]:
    """A portal page in either colour scheme, for the cases of this module."""
    scheme: Scheme = request.param
    with desk_in(browser, portal_url, scheme=scheme) as desk:
        yield desk


@pytest.fixture
def coloured_desk(shared_desk: Desk) -> Iterator[Desk]:
    """The same without a call."""
    with shared_desk.case():
        yield shared_desk


def findings(desk: Desk, context: str = "#card") -> list[str]:
    """What is serious or critical: the rule, and where."""
    page = desk.page
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    dark = page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches")
    response = page.evaluate(RUN, [context, COLOURS if dark else None])
    assert response["passes"] or response["violations"], "axe looked at nothing"
    return [
        f"{violation['id']}: {violation['help']}: {node['html']}"
        for violation in response["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("states", [LOOKS, pytest.param(STATES, marks=pytest.mark.campaign)], ids=["looks", "all"])
def test_axe_finds_nothing_serious_in_any_state(coloured_desk: Desk, states: Sequence[str]) -> None:
    desk = coloured_desk
    desk.open()
    desk.send("CallCardSetStatusText", statusText="Head of purchasing")
    for state in states:
        desk.set_state(state)
        desk.settled()
        assert findings(desk) == [], state


def test_axe_finds_nothing_serious_in_what_the_card_opens(coloured_desk: Desk) -> None:
    desk = coloured_desk
    desk.open()
    desk.settled()
    for name in ("Hold", "Quality 3", "Save comment", "Dial pad"):
        desk.button(name).click()
    assert findings(desk) == []
    desk.button("Transfer").click()
    assert findings(desk) == []
    desk.card.get_by_role("textbox", name="number to transfer to").fill("nobody")
    assert findings(desk) == []
    desk.button("Fold").click()
    assert findings(desk) == []


def test_axe_finds_nothing_serious_in_a_long_call_list_and_in_the_desktop_app(coloured_desk: Desk) -> None:
    desk = coloured_desk
    desk.portal("(portal) => portal.callList(40)")
    desk.button("Next").click()
    desk.settled()
    assert findings(desk) == []
    desk.portal("(portal) => portal.configure({desktop: true})")
    assert findings(desk) == []


def test_axe_finds_nothing_serious_in_a_pane_without_an_answer(coloured_desk: Desk) -> None:
    desk = coloured_desk
    desk.portal("(portal) => portal.configure({rest: {down: true}})")
    desk.open("incoming")
    expect(desk.card.get_by_role("region", name="Client")).to_contain_text("did not answer")
    assert findings(desk) == []


def test_axe_would_find_a_button_without_a_name_and_one_that_can_hardly_be_read(coloured_desk: Desk) -> None:
    desk = coloured_desk
    desk.open()
    desk.button("Hold").evaluate("(button) => { button.style.cssText = 'color: #888; background: #777'; }")
    desk.button("Mute").evaluate("(button) => { button.textContent = ''; button.title = ''; }")
    found = {each.partition(":")[0] for each in findings(desk)}
    assert found >= {"color-contrast"}
    assert ("button-name" in found) == (desk.page.evaluate("() => matchMedia('(prefers-color-scheme: light)').matches"))
