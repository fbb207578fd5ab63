"""Pictures of the card in each of its states, as artefacts: `.cache/artifacts/card/`."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.cards import STATES, Desk, Scheme, desk_in
from worker_py_tool.paths import CACHE

PICTURES = CACHE / "artifacts" / "card"
WIDTHS = {"wide": 1280, "narrow": 390}
VIEWS = [
    pytest.param(("light", "wide"), marks=pytest.mark.campaign),
    pytest.param(("dark", "wide"), marks=pytest.mark.campaign),
    pytest.param(("light", "narrow"), marks=pytest.mark.campaign),
    ("dark", "narrow"),
]
"""Pictures are looked at by people; what can be checked of a view is in `test_card.py` and `test_card_axe.py`."""
NOTHING_DRAWN = 3000
"""A card of one colour has fewer bytes than this."""


def take(desk: Desk, name: str) -> None:
    """Take the picture of the card."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    desk.page.mouse.move(0, 0)
    path = PICTURES / f"{name}.png"
    desk.card.screenshot(path=path)
    assert path.stat().st_size > NOTHING_DRAWN


@pytest.fixture(scope="module", params=VIEWS, ids="-".join)
def view(request: pytest.FixtureRequest, browser: Browser, portal_url: str) -> Iterator[tuple[Desk, str]]:
    """A portal page as it is looked at, and what its pictures' names end in."""
    scheme: Scheme
    scheme, width = request.param
    with desk_in(browser, portal_url, scheme=scheme, width=WIDTHS[width]) as desk:
        yield desk, f"{scheme}-{width}"


def test_every_state_of_the_card_has_its_picture(view: tuple[Desk, str]) -> None:
    desk, ending = view
    with desk.case():
        for state in ("externalCard", *STATES):
            desk.open(state)
            desk.settled()
            take(desk, f"{state}-{ending}")


def test_what_the_card_opens_has_its_pictures(view: tuple[Desk, str]) -> None:
    desk, ending = view
    with desk.case():
        desk.open()
        desk.set_state("connected")
        desk.settled()
        desk.portal("(portal) => { portal.click('Hold'); portal.click('Quality 4'); }")
        desk.portal("(portal) => ['2', '0', '#'].forEach((key) => portal.click('Key ' + key))")
        take(desk, f"dial-pad-{ending}")
        desk.button("Transfer").click()
        take(desk, f"transfer-{ending}")
        desk.button("Fold").click()
        take(desk, f"folded-connected-{ending}")
        desk.open("incoming", phoneNumber="+12025550199")
        desk.settled()
        take(desk, f"unknown-{ending}")
        desk.button("Fold").click()
        take(desk, f"folded-incoming-{ending}")
        desk.portal("(portal) => portal.callList(12)")
        desk.portal("(portal) => [1, 2, 3, 4].forEach(() => portal.click('Next'))")
        desk.settled()
        take(desk, f"list-{ending}")
        desk.portal("(portal) => portal.configure({desktop: true})")
        desk.open()
        desk.settled()
        take(desk, f"desktop-{ending}")
