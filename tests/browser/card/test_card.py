"""The call card in the page: its buttons in each state, folded, in a call list, its client, in the desktop app."""

import re
from typing import Final

import pytest
from playwright.sync_api import expect

from tests.support.cards import STATES, Desk, desk, shared_desk

__all__ = ["desk", "shared_desk"]

CONNECTED: Final = ["Hold", "Mute", "Dial pad", "Transfer", "Hang up", "Quality"]
BUTTONS: Final[dict[str, list[str]]] = {
    "incoming": ["Answer", "Skip"],
    "transferIncoming": ["Answer", "Skip"],
    "outgoing": ["Call"],
    "connectingIncoming": ["Hang up"],
    "connectingOutgoing": ["Hang up"],
    "connected": CONNECTED,
    "transferring": ["Complete transfer", "Return to call"],
    "transferFailed": ["Return to call"],
    "transferConnected": ["Hang up"],
    "error": ["Close"],
    "moneyError": ["Notify admin", "Close"],
    "redial": ["Call again"],
}
IN_A_LIST: Final = {"outgoing": ["Call", "Next", "Close"], "error": ["Call again", "Next"]}


def test_a_card_opens_with_close_and_fold_alone_until_an_app_sets_a_state(desk: Desk) -> None:
    desk.portal("(portal) => portal.endCall()")
    desk.portal("(portal) => portal.incomingCall()")
    expect(desk.card).to_have_attribute("data-state", "externalCard")
    assert desk.buttons() == ["Close"]
    for name in ("Close", "Fold"):
        expect(desk.button(name)).to_be_visible()
    desk.set_state("incoming")
    assert desk.buttons() == BUTTONS["incoming"]


def test_each_state_shows_its_buttons_by_name_and_no_other(desk: Desk) -> None:
    desk.open()
    for state in STATES:
        desk.set_state(state)
        assert desk.buttons() == BUTTONS[state]
        for name in BUTTONS[state]:
            if name != "Quality":
                expect(desk.button(name)).to_be_visible()


def test_a_call_list_changes_the_buttons_of_two_states(desk: Desk) -> None:
    desk.portal("(portal) => portal.callList(2)")
    for state in STATES:
        desk.set_state(state)
        assert desk.buttons() == IN_A_LIST.get(state, BUTTONS[state])


def test_the_timer_is_shown_on_the_call_alone_and_counts_on_behind_a_transfer(desk: Desk) -> None:
    timer = desk.card.get_by_role("timer")
    desk.open("incoming")
    expect(timer).to_be_hidden()
    desk.set_state("connected")
    expect(timer).to_have_text(re.compile("^00:(?!00)"))  # whichever second is seen first
    desk.set_state("transferring")
    expect(timer).to_be_hidden()
    desk.set_state("connected")
    expect(timer).not_to_have_text("00:00")


def test_stars_show_what_was_chosen_and_tell_it(desk: Desk) -> None:
    desk.open()
    desk.button("Quality 4").click()
    expect(desk.button("Quality 4")).to_have_attribute("aria-pressed", "true")
    expect(desk.card.locator(".quality .lit")).to_have_count(4)
    assert desk.heard() == [["qualityMeterClick", "4"]]


def test_a_comment_is_told_and_said_to_be_saved_until_it_is_changed(desk: Desk) -> None:
    desk.open("redial")
    comment = desk.card.get_by_role("textbox", name="Comment")
    comment.fill("Wants a call on Monday")
    desk.button("Save comment").click()
    expect(desk.card.get_by_text("Saved", exact=True)).to_be_visible()
    assert desk.heard() == [["addCommentButtonClick", "Wants a call on Monday"]]
    comment.press("End")
    comment.type(".")
    expect(desk.card.get_by_text("Saved", exact=True)).to_have_count(0)


# Folded ----------------------------------------------------------------------------------------------


def test_a_folded_card_is_a_strip_with_what_cannot_wait(desk: Desk) -> None:
    desk.open()
    whole = desk.card.bounding_box()
    desk.button("Fold").click()
    strip = desk.card.bounding_box()
    assert whole is not None and strip is not None and strip["height"] < whole["height"] / 3
    assert desk.buttons() == ["Hang up"]
    expect(desk.button("Hang up")).to_be_visible()
    for name in ("Dial pad", "Transfer", "Save comment", "Quality 1"):
        expect(desk.button(name)).to_be_hidden()
    expect(desk.card.get_by_role("region", name="Client")).to_be_hidden()
    desk.button("Hang up").click()
    assert desk.heard() == [["hangupButtonClick", []]]
    desk.button("Unfold").click()
    expect(desk.button("Transfer")).to_be_visible()


def test_folding_tells_the_app_nothing_and_a_folded_card_can_be_managed(desk: Desk) -> None:
    desk.open()
    desk.button("Fold").click()
    assert desk.heard() == []
    desk.set_state("redial")
    assert desk.send("CallCardSetCardTitle", title="Later") == []
    expect(desk.card.get_by_role("heading", name="Later")).to_be_visible()
    assert desk.buttons() == []
    desk.set_state("moneyError")
    assert desk.buttons() == ["Close"]


def test_a_new_call_comes_with_a_whole_card(desk: Desk) -> None:
    desk.open()
    desk.portal("(portal) => portal.click('Fold')")
    assert desk.portal("(portal) => portal.card().folded") is True
    desk.open("incoming")
    expect(desk.button("Fold")).to_be_visible()
    expect(desk.button("Save comment")).to_be_visible()


def test_a_driver_that_wants_what_is_folded_away_unfolds_the_card(desk: Desk) -> None:
    desk.open()
    desk.portal("(portal) => { portal.click('Fold'); portal.click('Hang up'); }")
    assert desk.portal("(portal) => portal.card().folded") is True
    desk.portal("(portal) => portal.click('Dial pad 7')")
    assert desk.portal("(portal) => portal.card().folded") is False
    assert desk.heard() == [["hangupButtonClick", []], ["dialpadButtonClick", "7"]]


def test_a_navigation_leaves_the_card_behind_and_a_folded_one_comes_back_out_of_reach(desk: Desk) -> None:
    for folded in (False, True):
        desk.portal("(portal) => { portal.endCall(); portal.incomingCall(); }")
        if folded:
            desk.button("Fold").click()
        with desk.page.expect_navigation():
            desk.portal("(portal) => portal.navigate('/tasks/')")
        desk.page.wait_for_function("() => window.portal?.ready.then(() => true)")
        desk.app.evaluate("listener.ready")
        assert (desk.portal("(portal) => portal.card()") is not None) == folded
    expect(desk.card.get_by_text("Regular call: not open to apps")).to_be_hidden()
    desk.button("Unfold").click()
    expect(desk.card.get_by_text("Regular call: not open to apps")).to_be_visible()
    assert desk.send("CallCardSetMute", muted=True) == [{"result": "error", "errorCode": "Call card is undefined"}]
    desk.button("Close").click()
    assert desk.app.evaluate("listener.heard") == []


# Call list -------------------------------------------------------------------------------------------


def test_a_call_list_of_any_length_is_shown_with_its_current_entry(desk: Desk) -> None:
    for length in (1, 5, 40):
        desk.portal("(portal, length) => portal.callList(length)", length)
        entries = desk.card.get_by_role("list", name=f"Call list: 1 of {length}").get_by_role("listitem")
        expect(entries).to_have_count(length)
        expect(entries.first).to_have_attribute("aria-current", "true")
        expect(desk.card.locator("[aria-current]")).to_have_count(1)


def test_next_goes_on_to_the_following_entry_keeps_it_in_sight_and_tells_whom(desk: Desk) -> None:
    desk.portal("(portal) => portal.callList(40)")
    names = desk.card.locator("#card-list strong").all_inner_texts()
    for _ in range(7):
        desk.button("Next").click()
    current = desk.card.locator("#card-list [aria-current]")
    expect(current).to_contain_text(names[7])
    expect(desk.card.get_by_role("heading", name=names[7], exact=True)).to_be_visible()
    inside = """(entry) => {
        const [list, box] = [entry.parentElement, entry].map((one) => one.getBoundingClientRect());
        return box.top >= list.top && box.bottom <= list.bottom;
    }"""
    assert current.evaluate(inside), "the current entry is scrolled out of the list"
    assert [event for event, _ in desk.heard()] == ["nextButtonClick", "entityChanged"] * 7


def test_a_card_without_a_list_shows_none(desk: Desk) -> None:
    desk.portal("(portal) => portal.callList(3)")
    expect(desk.card.get_by_text("Call list: 1 of 3")).to_be_visible()
    desk.open()
    expect(desk.card.locator("#card-list")).to_be_hidden()


# The client ------------------------------------------------------------------------------------------


def test_the_pane_shows_contact_company_and_open_deals_of_the_crm(desk: Desk) -> None:
    desk.open("incoming")
    pane = desk.card.get_by_role("region", name="Client")
    expect(pane).to_contain_text("Mara Lindqvist")
    expect(pane).to_contain_text("Head of purchasing · +12025550143")
    expect(pane).to_contain_text("Nordwind Bicycles")
    deals = pane.get_by_role("list", name="Open deals").get_by_role("listitem")
    expect(deals).to_have_count(2)
    expect(deals.first).to_contain_text("€18,400")


def test_another_client_of_the_card_is_looked_up_and_told(desk: Desk) -> None:
    desk.open("incoming")
    pane = desk.card.get_by_role("region", name="Client")
    expect(pane).to_contain_text("Nordwind Bicycles")
    pane.get_by_role("combobox", name="Client in the CRM").select_option("Tomás Okafor")
    expect(pane).to_contain_text("Okafor & Daughters")
    expect(pane).to_contain_text("No open deals")  # the one there is has been won
    pane.get_by_role("combobox", name="Client in the CRM").select_option("Not in the CRM")
    expect(pane).to_contain_text("Choose a client below")
    expect(pane.get_by_role("button", name="Ask the CRM again")).to_be_hidden()
    told = [(event, payload["CRM_ENTITY_ID"]) for event, payload in desk.heard()]
    assert told == [("entityChanged", 12), ("entityChanged", 0)]


def test_a_crm_that_is_out_of_order_is_said_so_and_can_be_asked_again(desk: Desk) -> None:
    desk.portal("(portal) => portal.configure({rest: {down: true}})")
    desk.open("incoming")
    pane = desk.card.get_by_role("region", name="Client")
    expect(pane).to_contain_text("The CRM did not answer: INTERNAL_SERVER_ERROR")
    expect(desk.button("Answer")).to_be_enabled()
    desk.portal("(portal) => portal.configure({rest: {down: false}})")
    pane.get_by_role("button", name="Ask the CRM again").click()
    expect(pane).to_contain_text("Nordwind Bicycles")


def test_the_limits_and_rights_of_the_app_do_not_concern_the_pane(desk: Desk) -> None:
    desk.portal("(portal) => portal.configure({rest: {limit: 1, deny: ['crm.contact.get']}})")
    desk.open("incoming")
    expect(desk.card.get_by_role("region", name="Client")).to_contain_text("Nordwind Bicycles")


def test_a_client_of_a_kind_that_the_card_does_not_know_leaves_the_card_usable(desk: Desk) -> None:
    desk.open("incoming", crmEntityType="DYNAMIC_177", crmEntityId=5, phoneNumber="+12025550199")
    expect(desk.card.get_by_role("region", name="Client")).to_contain_text("no view of a DYNAMIC_177")
    expect(desk.card.get_by_role("combobox", name="Client in the CRM")).to_have_value("DYNAMIC_177:5")
    desk.button("Answer").click()
    assert desk.heard() == [["answerButtonClick", []]]


# Desktop ---------------------------------------------------------------------------------------------


def test_in_the_desktop_app_the_card_is_a_window_that_tells_every_page_of_its_opening_alone(desk: Desk) -> None:
    desk.portal("(portal) => portal.openFrame({kind: 'slider'})")
    desk.page.wait_for_function("() => portal.frames().every(({bound}) => bound.length === 17)")
    page, slider = (frame for frame in desk.page.frames if frame.url.startswith("http://app."))
    desk.open()
    expect(desk.card.get_by_text("Call window of the desktop app")).to_be_hidden()
    desk.button("Mute").click()
    assert [len(desk.heard(frame=frame)) for frame in (page, slider)] == [1, 0]
    desk.portal("(portal) => portal.configure({desktop: true})")
    expect(desk.card.get_by_text("Call window of the desktop app")).to_be_visible()
    for frame in (page, slider):
        frame.evaluate("listener.heard.length = 0")
    desk.portal("(portal) => portal.incomingCall({uiState: 'connected'})")
    desk.button("Mute").click()
    for frame in (page, slider):
        frame.evaluate("listener.send('CallCardGetListUiStates', {})")
        assert frame.evaluate("listener.heard.map(([event]) => event)") == ["initialized"]


OUT_OF_THE_CARD: Final = """() => {
    const card = document.querySelector("#card");
    const { left, right } = card.getBoundingClientRect();
    const out = [...card.querySelectorAll("*")].filter((one) => {
        const box = one.getBoundingClientRect();
        // A label for screen readers alone is one pixel wide.
        return box.width > 1 && (box.right > right + 0.5 || box.left < left - 0.5);
    });
    return out.map((one) => one.outerHTML.slice(0, 120));
}"""


@pytest.mark.parametrize(
    "width", [320, pytest.param(390, marks=pytest.mark.campaign), pytest.param(820, marks=pytest.mark.campaign), 1280]
)
def test_nothing_sticks_out_of_the_card_in_any_state_and_width(desk: Desk, width: int) -> None:
    desk.page.set_viewport_size({"width": width, "height": 900})
    for desktop in (False, True):
        desk.portal("(portal, desktop) => portal.configure({desktop})", desktop)
        desk.open(name="Maximiliane von Hohenstein-Quellenthal")
        for state in STATES:
            desk.set_state(state)
            assert desk.page.evaluate(OUT_OF_THE_CARD) == [], (state, desktop)
        desk.open()
        for name in ("Dial pad", "Transfer", "Fold"):
            desk.button(name).click()
            assert desk.page.evaluate(OUT_OF_THE_CARD) == [], (name, desktop)
        desk.portal("(portal) => portal.callList(12)")
        assert desk.page.evaluate(OUT_OF_THE_CARD) == [], desktop
