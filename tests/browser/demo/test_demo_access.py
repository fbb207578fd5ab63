"""The demo's page for everybody: by keyboard, by screen reader, small, enlarged, in the dark, without motion."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from worker_py_tool.demo import demo

GREETING = "Head of purchasing · open deals: 2"
TABS = ("What Python did", "Timeline", "Handlers")


@pytest.fixture
def address(demo_bundle: Path, serve_app: Callable[[Path], str], portal_url: str) -> str:
    """The demo's."""
    return demo.portal_url(portal_url, serve_app(demo_bundle), rest="page")


@pytest.fixture
def demo_page(warm_page: Page, address: str) -> Page:
    """The demo with a first call that Python has greeted."""
    page = warm_page
    page.goto(address)
    expect(page.locator("#card-status")).to_have_text(GREETING)
    return page


def open_groups(page: Page) -> None:
    """Open every group of controls."""
    closed = page.locator("details:not([open]) > summary")
    while closed.count() > 0:
        closed.first.click()


def serious(page: Page) -> list[str]:
    """What axe finds serious or critical on the page and in none of its hidden frames."""
    found = Axe().run(page, options={"iframes": False}).response["violations"]
    return [
        f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        ("light", 1280),
        ("dark", 390),
        pytest.param("light", 390, marks=pytest.mark.campaign),
        pytest.param("dark", 1280, marks=pytest.mark.campaign),
    ],
)
def test_axe_finds_nothing_serious_on_any_tab(
    warm_page: Page, address: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    page = warm_page
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.goto(address)
    expect(page.locator("#card-status")).to_have_text(GREETING)
    page.get_by_role("button", name="Answer").click()
    expect(page.locator("#card-status")).to_have_text("Answered by Python")
    open_groups(page)
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        assert serious(page) == [], tab


def test_axe_finds_nothing_serious_before_there_is_a_call(warm_page: Page, address: str) -> None:
    page = warm_page
    page.goto(f"{address}&plain=1")
    expect(page.locator("#served")).to_have_text("One interpreter serves one page.")
    assert serious(page) == []


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


def test_changes_of_state_are_announced(demo_page: Page) -> None:
    for name in ("#python-state", "#guide", "#served", "#card-status"):
        expect(demo_page.locator(name)).to_have_attribute("role", "status")
    expect(demo_page.locator("#guide")).to_have_text("It rings. Press Answer: Python takes the call.")
    demo_page.get_by_role("button", name="Answer").click()
    expect(demo_page.locator("#guide")).to_contain_text("You are on the call.")


def test_the_page_has_landmarks_and_one_main_heading(demo_page: Page) -> None:
    expect(demo_page.get_by_role("banner")).to_have_count(1)
    expect(demo_page.get_by_role("main")).to_have_count(1)
    expect(demo_page.get_by_role("navigation", name="Skip")).to_have_count(1)
    expect(demo_page.get_by_role("heading", level=1)).to_have_count(1)
    for region in ("Call card", "What Python does"):
        expect(demo_page.get_by_role("region", name=region)).to_have_count(1)


def test_nothing_is_wider_than_the_window(demo_page: Page) -> None:
    """640 px is a window of 1280 enlarged to 200 %."""
    demo_page.get_by_role("button", name="Answer").click()
    expect(demo_page.locator("#card-status")).to_have_text("Answered by Python")
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
