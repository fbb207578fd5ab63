"""The demo's page for everybody: by keyboard, by screen reader, small, enlarged, in the dark, without motion."""

from __future__ import annotations

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

TABS = ("What Python did", "Timeline", "Handlers")


def open_groups(page: Page) -> None:
    """Open every group of controls."""
    closed = page.locator("details:not([open]) > summary")
    while closed.count() > 0:
        closed.first.click()


def serious(page: Page, *rules: str, within: str | None = None) -> list[str]:
    """What axe finds serious or critical on the page or in a part, in no hidden frame; by these rules or by all."""
    options = {"iframes": False, **({"runOnly": list(rules)} if rules else {})}
    response = Axe().run(page, context=within, options=options).response
    assert response["passes"], "axe looked at nothing"
    return [
        f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}"
        for one in response["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def answered(page: Page) -> None:
    page.get_by_role("button", name="Answer").click()
    expect(page.locator("#card-status")).to_have_text("Answered by Python")


def test_axe_finds_nothing_serious_on_any_tab_nor_of_colours_and_sizes_in_the_dark_and_small(demo_page: Page) -> None:
    """Names, roles and states are the same there; below, and with `--all`: all rules."""
    demo_page.set_viewport_size({"width": 1280, "height": 900})
    answered(demo_page)
    open_groups(demo_page)
    part = None
    for tab in TABS:
        demo_page.get_by_role("tab", name=tab).click()
        assert serious(demo_page, within=part) == [], tab
        demo_page.emulate_media(color_scheme="dark")
        demo_page.set_viewport_size({"width": 390, "height": 900})
        found = serious(demo_page, "color-contrast", "scrollable-region-focusable", "target-size", within=part)
        assert found == [], tab
        demo_page.emulate_media(color_scheme="light")
        demo_page.set_viewport_size({"width": 1280, "height": 900})
        part = "#python"  # the rest is the same on each tab


@pytest.mark.campaign
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_tab(demo_page: Page, width: int, scheme: Literal["light", "dark"]) -> None:
    demo_page.set_viewport_size({"width": width, "height": 900})
    demo_page.emulate_media(color_scheme=scheme)
    answered(demo_page)
    open_groups(demo_page)
    for tab in TABS:
        demo_page.get_by_role("tab", name=tab).click()
        assert serious(demo_page) == [], tab


def test_axe_finds_nothing_serious_when_there_is_no_call(demo_page: Page) -> None:
    demo_page.evaluate("portal.act('closeButtonClick')")
    expect(demo_page.locator("#guide")).to_have_text("The card is closed. Start another call below.")
    assert serious(demo_page) == []


def test_the_first_call_can_be_taken_by_keyboard_alone(demo_page: Page) -> None:
    demo_page.keyboard.press("Tab")
    skip = demo_page.get_by_role("link", name="To the call card")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    demo_page.keyboard.press("Enter")
    expect(demo_page.locator("#card")).to_be_focused()
    demo_page.keyboard.press("Tab")
    while not demo_page.evaluate("document.activeElement.textContent.includes('Answer')"):
        assert demo_page.evaluate("document.activeElement.closest('#card') !== null"), "Answer was not reached"
        demo_page.keyboard.press("Tab")
    demo_page.keyboard.press("Enter")
    expect(demo_page.locator("#card-status")).to_have_text("Answered by Python")


def test_every_stop_of_the_tab_key_shows_where_it_is(demo_page: Page) -> None:
    open_groups(demo_page)
    demo_page.get_by_role("link", name="To the call card").focus()
    hidden = []
    stops = 0
    while True:
        demo_page.keyboard.press("Tab")
        stop = demo_page.evaluate(
            """() => {
                const at = document.activeElement;
                const {outlineStyle, outlineWidth} = getComputedStyle(at);
                const again = at.dataset.stop !== undefined;
                at.dataset.stop = "";
                const seen = outlineStyle !== "none" && parseFloat(outlineWidth) >= 1;
                return {end: at === document.body || again, seen, html: at.outerHTML.slice(0, 100)};
            }"""
        )
        if stop["end"]:
            break
        stops += 1
        if not stop["seen"]:
            hidden.append(stop["html"])
    assert hidden == []
    assert stops > 20


def test_groups_open_by_keyboard_and_stay_open_on_the_next_page(demo_page: Page) -> None:
    group = demo_page.locator("#group-pages")
    expect(group).not_to_have_attribute("open", "")
    group.locator("summary").focus()
    demo_page.keyboard.press("Enter")
    expect(demo_page.get_by_role("button", name="Go to another page")).to_be_visible()
    with demo_page.expect_navigation():
        demo_page.get_by_role("button", name="Go to another page").click()
    expect(demo_page.get_by_role("button", name="Go to another page")).to_be_visible()


def test_the_page_has_landmarks_one_main_heading_and_announces_changes_of_state(demo_page: Page) -> None:
    expect(demo_page.get_by_role("banner")).to_have_count(1)
    expect(demo_page.get_by_role("main")).to_have_count(1)
    expect(demo_page.get_by_role("navigation", name="Skip")).to_have_count(1)
    expect(demo_page.get_by_role("heading", level=1)).to_have_count(1)
    for region in ("Call card", "What Python does"):
        expect(demo_page.get_by_role("region", name=region)).to_have_count(1)
    for name in ("#python-state", "#guide", "#served", "#card-status"):
        expect(demo_page.locator(name)).to_have_attribute("role", "status")
    expect(demo_page.locator("#guide")).to_have_text("It rings. Press Answer: Python takes the call.")
    demo_page.get_by_role("button", name="Answer").click()
    expect(demo_page.locator("#guide")).to_contain_text("You are on the call.")


def test_nothing_is_wider_than_the_window(demo_page: Page) -> None:
    """640 px is a window of 1280 enlarged to 200 %."""
    answered(demo_page)
    open_groups(demo_page)
    for width in (1280, 640, 390, 320):
        demo_page.set_viewport_size({"width": width, "height": 800})
        for tab in TABS:
            demo_page.get_by_role("tab", name=tab).click()
            assert demo_page.evaluate("document.documentElement.scrollWidth") <= width, (tab, width)


def test_whoever_wants_no_motion_gets_none(demo_page: Page) -> None:
    demo_page.emulate_media(reduced_motion="reduce")
    demo_page.add_style_tag(content="@keyframes swing { to { rotate: 1turn } } #guide { animation: swing 1s infinite }")
    assert demo_page.evaluate("document.getAnimations().length") == 0
    demo_page.emulate_media(reduced_motion="no-preference")
    assert demo_page.evaluate("document.getAnimations().length") > 0
