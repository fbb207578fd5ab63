"""The card without a mouse."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.support.cards import Desk, shared_desk

__all__ = ["shared_desk"]


@pytest.fixture
def desk(shared_desk: Desk) -> Iterator[Desk]:
    """A page that was just loaded: groups of buttons remember which of them had the focus."""
    shared_desk.reload()
    with shared_desk.case():
        yield shared_desk


def tab_to(desk: Desk, name: str) -> None:
    """Press Tab until the card's button of this name has the focus."""
    wanted = desk.button(name)
    for _ in range(60):
        desk.page.keyboard.press("Tab")
        if wanted.evaluate("(button) => button === document.activeElement"):
            return
    raise AssertionError(f"Tab does not reach {name!r}")


def test_every_control_of_a_call_is_reached_in_the_order_in_which_it_is_seen(desk: Desk) -> None:
    desk.open()
    desk.settled()
    tab_to(desk, "Fold")
    reached = []
    while "client" not in reached:
        reached.append(
            desk.page.evaluate("""() => {
                const one = document.activeElement;
                return one.id === "card-client" ? "client" : one.ariaLabel ?? one.textContent;
            }""")
        )
        assert len(reached) < 20, reached
        desk.page.keyboard.press("Tab")
    buttons = ["Hold", "Mute", "Dial pad", "Transfer", "Hang up"]
    rest = ["Quality 1", "Comment", "Save comment", "Ask the CRM again", "client"]
    assert reached == ["Fold", *buttons, *rest]


def test_a_call_is_taken_muted_and_rated_by_keys(desk: Desk) -> None:
    desk.open("incoming")
    tab_to(desk, "Answer")
    desk.page.keyboard.press("Enter")
    desk.set_state("connected")
    tab_to(desk, "Mute")
    desk.page.keyboard.press("Space")
    expect(desk.button("Mute")).to_be_focused()
    tab_to(desk, "Quality 1")
    desk.page.keyboard.press("ArrowRight")
    desk.page.keyboard.press("ArrowRight")
    desk.page.keyboard.press("Enter")
    assert desk.heard() == [["answerButtonClick", []], ["muteButtonClick", True], ["qualityMeterClick", "3"]]


def test_a_second_enter_does_not_press_what_came_in_place_of_the_button(desk: Desk) -> None:
    desk.open("incoming")
    tab_to(desk, "Answer")
    desk.page.keyboard.press("Enter")
    desk.set_state("connectingIncoming")
    desk.page.keyboard.press("Enter")
    assert desk.heard() == [["answerButtonClick", []]]
    desk.page.keyboard.press("Tab")
    expect(desk.button("Hang up")).to_be_focused()


def test_the_dial_pad_takes_digits_arrows_and_escape(desk: Desk) -> None:
    desk.open()
    tab_to(desk, "Dial pad")
    desk.page.keyboard.press("Enter")
    pad = desk.card.get_by_role("group", name="Dial pad keys")
    expect(pad.get_by_role("button", name="1", exact=True)).to_be_focused()
    for key in ("4", "2", "#"):
        desk.page.keyboard.press(key)
    desk.page.keyboard.press("ArrowDown")
    desk.page.keyboard.press("ArrowRight")
    expect(pad.get_by_role("button", name="5", exact=True)).to_be_focused()
    desk.page.keyboard.press("Enter")
    expect(desk.card.get_by_label("Digits dialled")).to_have_text("42#5")
    desk.page.keyboard.press("Escape")
    expect(pad).to_be_hidden()
    expect(desk.button("Dial pad")).to_be_focused()
    expect(desk.button("Dial pad")).to_have_attribute("aria-expanded", "false")
    assert desk.heard() == [["dialpadButtonClick", key] for key in "42#5"]


def test_a_call_is_transferred_by_typing_a_name(desk: Desk) -> None:
    desk.open()
    tab_to(desk, "Transfer")
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.type("samir")
    desk.page.keyboard.press("Tab")
    expect(desk.button("Transfer to Samir Novak")).to_be_focused()
    desk.page.keyboard.press("Enter")
    expect(desk.button("Transfer")).to_be_focused()
    assert desk.heard() == [["transferButtonClick", {"phoneNumber": "+12025550143", "target": "3"}]]


def test_a_number_is_transferred_to_with_enter_in_its_field(desk: Desk) -> None:
    desk.open()
    tab_to(desk, "Transfer")
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.type("+12025550166")
    desk.page.keyboard.press("Enter")
    assert desk.heard() == [["transferButtonClick", {"phoneNumber": "+12025550143", "target": "+12025550166"}]]


def test_a_card_is_folded_and_unfolded_with_the_focus_staying(desk: Desk) -> None:
    desk.open()
    tab_to(desk, "Fold")
    desk.page.keyboard.press("Enter")
    expect(desk.button("Unfold")).to_be_focused()
    desk.page.keyboard.press("Enter")
    expect(desk.button("Fold")).to_be_focused()


def test_a_comment_is_saved_with_control_and_enter(desk: Desk) -> None:
    desk.open("redial")
    desk.card.get_by_role("textbox", name="Comment").focus()
    desk.page.keyboard.type("Two lines")
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.press("Control+Enter")
    assert desk.heard() == [["addCommentButtonClick", "Two lines\n"]]


def test_a_long_call_list_scrolls_by_keys(desk: Desk) -> None:
    desk.portal("(portal) => portal.callList(40)")
    entries = desk.card.locator("#card-list")
    entries.focus()
    desk.page.keyboard.press("End")
    desk.page.wait_for_function("() => document.querySelector('#card-list').scrollTop > 500")


def test_what_has_the_focus_is_seen_to_have_it(desk: Desk) -> None:
    desk.open()
    for name in ("Fold", "Hold", "Hang up", "Quality 1", "Save comment"):
        tab_to(desk, name)
        outline = desk.button(name).evaluate("(one) => getComputedStyle(one).outlineStyle")
        assert outline == "solid", name
