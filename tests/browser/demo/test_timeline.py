"""The Timeline tab: what Python did as bars on a time axis, with keyboard, table and zoom."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, OpenPortal
from tests.support.timelines import APP, TimelinePage

SERIOUS = ("serious", "critical")


@pytest.fixture
def tab(shared_tab: TimelinePage, complaints: Complaints) -> Iterator[TimelinePage]:
    """The tab, with a call that Python has greeted and no bar of anything before it."""
    page = shared_tab.playwright_page
    page.emulate_media(color_scheme="light")
    with complaints.watching(page.context), shared_tab.case():
        yield greeted(shared_tab)
        shared_tab.close_call()


@pytest.fixture
def cold_tab(open_portal: OpenPortal) -> TimelinePage:
    """The same with an interpreter that has just started."""
    return greeted(open_portal(TimelinePage, APP, plain=""))


@pytest.fixture
def fresh_tab(shared_tab: TimelinePage, open_portal: OpenPortal, complaints: Complaints) -> Iterator[TimelinePage]:
    """The same in a page that has just been loaded, with the interpreter of the others."""
    context = shared_tab.playwright_page.context
    with complaints.watching(context):
        opened = greeted(open_portal(TimelinePage, APP, page=context.new_page(), plain=""))
        yield opened
        opened.close()


def greeted(opened: TimelinePage) -> TimelinePage:
    opened.open()
    opened.call()
    expect(opened.bar("handler", "greet", "ok")).to_have_count(1)
    return opened


def test_a_call_shows_event_handler_command_and_rest_below_each_other(tab: TimelinePage) -> None:
    tab.button("Fit").click()
    event, handler, rest, command = tab.each(
        ("event", "initialized"),
        ("handler", "greet"),
        ("rest", "crm.contact.get"),
        ("command", "CallCardSetCardTitle"),
    )

    assert {bar.outcome for bar in (event, handler, rest, command)} == {"ok"}
    assert event.x <= handler.x <= rest.x < command.x
    # The handler asked the CRM, then the card, and had nothing else to do.
    rounded = 2 * rest.width / rest.took_ms  # each begins and lasts for whole milliseconds
    assert rest.end <= command.x + rounded
    assert command.end <= handler.x + handler.width + rounded
    assert handler.end <= event.x + event.width + rounded


def test_a_bar_is_as_long_as_what_it_shows_took(tab: TimelinePage, complaints: Complaints) -> None:
    complaints.expect("endless .*0.8|HandlerTimeout")
    tab.raised("answerButtonClick")
    tab.raised("holdButtonClick")
    tab.until_handled("take")  # whichever ends first
    tab.until_handled("endless", outcome="timeout")
    tab.button("Fit").click()
    take, endless = tab.each(("handler", "take"), ("handler", "endless"))

    assert take.took_ms >= 400
    assert endless.took_ms >= 800
    assert take.width / endless.width == pytest.approx(take.took_ms / endless.took_ms, rel=0.03)


def test_failures_and_timeouts_have_a_colour_a_sign_and_words(tab: TimelinePage, complaints: Complaints) -> None:
    complaints.expect("no such luck")
    complaints.expect("CallCardSetUiState .* was not answered within 3000 ms")
    tab.raised("muteButtonClick")
    expect(tab.bar("event", "muteButtonClick", "failed")).to_have_count(1)
    tab.configure(silent=["*"])
    tab.raised("answerButtonClick")
    expect(tab.bar("handler", "take", "failed")).to_have_count(1)
    tab.button("Fit").click()

    assert tab.one("handler", "broken").label.startswith("Handler broken, failed, ")
    command = tab.one("command", "CallCardSetUiState")
    assert command.label.startswith("Command CallCardSetUiState, timed out (timeout), ")
    assert 3000 <= command.took_ms <= tab.one("handler", "take").took_ms + 10, "labels have two decimals of a second"
    signs = {
        outcome: tab.playwright_page.locator(f'.tl-bar[data-outcome="{outcome}"] .tl-sign').first.text_content()
        for outcome in ("ok", "failed", "timeout")
    }
    assert signs == {"ok": "✓", "failed": "✕", "timeout": "⧗"}
    assert tab.bar("note", "handler_failed").count() == 2


def test_a_boots_phases_have_the_milliseconds_of_diagnostics_and_what_its_end_took_along_is_delivered_again(
    cold_tab: TimelinePage, complaints: Complaints
) -> None:
    tab = cold_tab
    tab.button("Fit").click()
    frame = tab.playwright_frame
    phases = frame.evaluate("workerPy.diagnostics().boot")
    total = phases.pop("total")
    shown = {}
    tab.bar("boot", next(iter(phases))).focus()
    for name in phases:  # a short one lies on another where much is shown: the one that is selected is drawn
        label = re.compile(f"^Start {name}, ")
        expect(tab.playwright_page.locator(".tl-bar:focus")).to_have_attribute("aria-label", label)
        shown[name] = tab.one("boot", name).took_ms
        tab.playwright_page.keyboard.press("ArrowRight")
    assert shown == pytest.approx(phases, abs=5), "from a second on, labels have two decimals"
    assert abs(sum(shown.values()) - total) <= 5 * len(shown)

    complaints.expect("the worker ended")
    tab.button("Follow").click()
    tab.raised("qualityMeterClick", 4)
    expect(tab.bar("event", "qualityMeterClick", "running")).to_have_count(1)
    tab.playwright_page.evaluate("portal.endInterpreter()")
    again = tab.bar("event", "qualityMeterClick", "redelivered")
    expect(again).to_have_count(1)
    tab.button("Fit").click()

    expect(again.locator(".tl-mark")).to_have_count(1)
    expect(again.locator(".tl-sign")).to_have_text("↻")
    assert "delivered again, ok" in tab.one("event", "qualityMeterClick").label
    again.click()
    expect(tab.details).to_contain_text("Delivered again")
    boots = [bar.name for bar in tab.bars() if bar.lane == "boot"]
    assert boots.count("download") == 2, "each boot has its bars"


def test_which_page_shows_the_card_is_a_span_that_ends_when_the_page_goes(fresh_tab: TimelinePage) -> None:
    tab = fresh_tab
    showing = tab.bar("page", "shows the card")
    expect(showing).to_have_attribute("data-outcome", "running")
    tab.playwright_page.evaluate("portal.openFrame({ kind: 'slider' })")
    expect(tab.playwright_page.locator('[data-heading="Slider (frame2)"]')).to_have_count(1)
    assert showing.count() == 1, "the slider has no card"
    tab.playwright_page.evaluate("portal.reloadFrame()")
    expect(showing).to_have_attribute("data-outcome", "ok")
    tab.playwright_page.get_by_text("Pages of the portal").click()
    tab.playwright_page.get_by_role("button", name="Kill: Slider /").click()
    expect(tab.bar("page", "loaded", "ok")).to_have_count(2)


def test_arrow_keys_go_from_bar_to_bar_and_show_what_each_was(tab: TimelinePage) -> None:
    tab.raised("answerButtonClick")
    expect(tab.bar("handler", "take", "ok")).to_have_count(1)
    focused = tab.playwright_page.locator(":focus")
    assert tab.playwright_page.locator('.tl-bar[tabindex="0"]').count() == 1, "one bar in the tab order"
    tab.panel.get_by_label("Open recording").focus()
    tab.playwright_page.keyboard.press("Tab")
    expect(focused).to_have_class("tl-bar")

    tab.bar("event", "answerButtonClick").focus()
    expect(tab.details).to_contain_text("take, CallCardSetUiState")
    tab.playwright_page.keyboard.press("ArrowDown")
    expect(focused).to_have_attribute("aria-label", tab.one("handler", "take").label)
    expect(focused).to_have_attribute("aria-selected", "true")
    expect(tab.details.get_by_role("heading")).to_have_text("Handlers take")
    expect(tab.details).to_contain_text("answerButtonClick at ")
    tab.playwright_page.keyboard.press("ArrowLeft")
    expect(tab.details.get_by_role("heading")).to_have_text("Handlers greet")
    tab.playwright_page.keyboard.press("ArrowUp")
    expect(tab.details.get_by_role("heading")).to_have_text("Events initialized")
    assert tab.playwright_page.locator('.tl-bar[aria-selected="true"]').count() == 1
    tab.playwright_page.keyboard.press("End")
    expect(tab.details.get_by_role("heading")).to_have_text("Events answerButtonClick")
    tab.playwright_page.keyboard.press("Escape")
    expect(tab.details.get_by_role("heading")).to_have_count(0)


def test_a_bar_out_of_sight_is_brought_into_it_by_the_keys(tab: TimelinePage) -> None:
    for _ in range(12):
        tab.button("Zoom in").click()
    tab.playwright_page.keyboard.press("Escape")
    tab.bar("page", "shows the card").focus()
    tab.playwright_page.keyboard.press("ArrowDown")
    tab.playwright_page.keyboard.press("Home")
    first = tab.playwright_page.locator(".tl-bar:focus")
    expect(first).to_be_visible()
    chart = tab.playwright_page.locator(".tl-axis").bounding_box()
    bar = first.bounding_box()
    assert chart and bar
    assert chart["x"] <= bar["x"] + bar["width"]
    assert bar["x"] <= chart["x"] + chart["width"]


def test_pointing_at_a_bar_shows_its_details_and_leaving_it_those_of_the_selected_one(tab: TimelinePage) -> None:
    tab.button("Fit").click()
    tab.bar("handler", "greet").click()
    expect(tab.details.get_by_role("heading")).to_have_text("Handlers greet")
    tab.bar("event", "initialized").hover()
    expect(tab.details.get_by_role("heading")).to_have_text("Events initialized")
    tab.details.hover()
    expect(tab.details.get_by_role("heading")).to_have_text("Handlers greet")


GAP = """() => {
    const [page, event] = ["page", "event"].map((lane) => document.querySelector(`[data-lane=${lane}] .tl-bar`));
    return event.getBoundingClientRect().x - page.getBoundingClientRect().x;
}"""
"""From where the page began to its first event: of a page that loaded slowly the event's own bar is the narrowest."""


def test_zoom_and_drag_change_what_is_seen_and_follow_goes_back_to_the_newest(fresh_tab: TimelinePage) -> None:
    tab = fresh_tab
    tab.button("Fit").click()
    follow = tab.button("Follow")
    expect(follow).to_have_attribute("aria-pressed", "false")
    gap = tab.playwright_page.evaluate(GAP)
    tab.button("Zoom out").click()
    tab.playwright_page.wait_for_function(f"(gap) => ({GAP})() < gap * 0.7", arg=gap)
    box = tab.playwright_page.locator('[data-lane="event"] .tl-track').bounding_box()
    assert box
    before = tab.one("event", "initialized")
    tab.playwright_page.mouse.move(box["x"] + box["width"] - 20, box["y"] + 8)
    tab.playwright_page.mouse.down()
    tab.playwright_page.mouse.move(box["x"] + box["width"] - 90, box["y"] + 8, steps=4)
    tab.playwright_page.mouse.up()
    moved = "(x) => Math.abs(document.querySelector('[data-lane=event] .tl-bar').getBoundingClientRect().x - x) < 2"
    tab.playwright_page.wait_for_function(moved, arg=before.x - 70)

    tab.button("Zoom in").click()
    follow.click()
    tab.raised("addCommentButtonClick", "new")
    expect(tab.bar("handler", "note", "ok")).to_have_count(1)
    newest = tab.bar("handler", "note").bounding_box()
    assert newest
    assert box["x"] <= newest["x"] <= box["x"] + box["width"]


def test_the_table_says_the_same_in_words(tab: TimelinePage, complaints: Complaints) -> None:
    complaints.expect("no such luck")
    tab.raised("muteButtonClick")
    expect(tab.bar("event", "muteButtonClick", "failed")).to_have_count(1)
    tab.button("Table").click()
    row = tab.panel.get_by_role("row", name="broken")
    took = re.compile(r"\d m?s")
    expect(row.get_by_role("cell")).to_contain_text(["s", "Handlers", "✕ failed", took, "Page (frame1)"])
    expect(tab.playwright_page.locator(".tl-bar").first).to_be_hidden()
    tab.raised("addCommentButtonClick", "more")
    expect(tab.panel.get_by_role("row", name="note").filter(has_text="Handlers")).to_have_count(1)


def test_clear_forgets_the_bars_and_how_near_one_looked_and_what_comes_later_is_shown(tab: TimelinePage) -> None:
    for _ in range(12):
        tab.button("Zoom in").click()
    tab.button("Clear").click()
    expect(tab.panel.get_by_text("Nothing has happened yet.")).to_be_visible()
    tab.raised("addCommentButtonClick", "later")
    expect(tab.bar("handler", "note", "ok")).to_have_count(1)
    expect(tab.bar("handler", "greet")).to_have_count(0)
    expect(tab.panel.locator(".tl-axis span").first).to_have_text(re.compile(r"^\W?\d+(\.\d)? s$"))  # not milliseconds


def test_two_thousand_entries_are_panned_without_a_halt(fresh_tab: TimelinePage) -> None:
    tab = fresh_tab  # nobody else wants so many
    frame = tab.playwright_frame
    frame.evaluate("() => { for (let n = 0; n < 1000; n++) workerPy.emit('tick', n); }")
    frame.wait_for_function("() => workerPy.stats().waiting === 0", polling=50)
    tab.button("Table").click()
    expect(tab.panel.get_by_role("caption")).to_contain_text(re.compile("The newest 500 of 10[0-9]{2} bars"))
    tab.button("Table").click()
    tab.button("Fit").click()
    # From one picture to the next, by turns with nothing to do and with the whole timeline moved.
    idle, panned = tab.playwright_page.evaluate(
        """async () => {
            const chart = document.querySelector(".tl-chart");
            const gaps = [[], []];
            for (let n = 0; n < 24; n++) {
                const before = performance.now();
                if (n % 2) {
                    chart.dispatchEvent(new WheelEvent("wheel", { deltaX: n % 4 > 1 ? 40 : -30, cancelable: true }));
                }
                await new Promise((resolve) => setTimeout(() => requestAnimationFrame(resolve), 45));
                gaps[n % 2].push(performance.now() - before);
            }
            return gaps;
        }"""
    )
    assert min(panned) - min(idle) < 40, (idle, panned)  # what else runs here makes some of them slower


def test_axe_finds_nothing_serious_in_the_tab_nor_in_its_colours_in_the_dark(
    tab: TimelinePage, complaints: Complaints
) -> None:
    complaints.expect("no such luck")
    page = tab.playwright_page
    tab.raised("muteButtonClick")
    expect(tab.bar("event", "muteButtonClick", "failed")).to_have_count(1)
    tab.record()
    tab.button("Fit").click()
    tab.bar("event", "muteButtonClick").click()
    check(page)
    page.emulate_media(color_scheme="dark")
    check(page, "color-contrast")  # nothing else depends on it
    tab.raised("addCommentButtonClick", "recorded")
    expect(page.locator("#card-status")).to_have_text("recorded")
    tab.save("Stop and save")
    tab.open_text("[]")
    tab.play("Infinity")
    tab.button("Table").click()
    expect(tab.panel.get_by_role("region", name="Table of the bars")).to_be_visible()
    check(page, "color-contrast")
    page.emulate_media(color_scheme="light")
    check(page)


def test_axe_would_find_a_choice_without_a_name(tab: TimelinePage) -> None:
    tab.playwright_page.evaluate("document.querySelector('.rec-player').hidden = false")
    speed = tab.panel.get_by_role("combobox", name="Speed of the replay")
    name = speed.get_attribute("aria-label")
    choice = tab.playwright_page.locator(".rec-player select")
    choice.evaluate("(choice) => choice.removeAttribute('aria-label')")
    with pytest.raises(AssertionError, match="select-name"):
        check(tab.playwright_page)
    choice.evaluate("(choice, name) => choice.setAttribute('aria-label', name)", name)


def check(page: Page, *rules: str) -> None:
    """Fail for what axe takes for serious, in the tab; by these rules, or by all."""
    options = {"runOnly": list(rules)} if rules else {}
    response = Axe().run(page, context="#view-timeline", options=options).response
    assert response["passes"], "axe looked at nothing"
    found = [
        f"{violation['id']}: {violation['help']}: {[node['html'] for node in violation['nodes']]}"
        for violation in response["violations"]
        if violation["impact"] in SERIOUS
    ]
    assert not found, "\n".join(found)
