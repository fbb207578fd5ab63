"""The card's transfer dialog: colleagues by id and by number, departments, numbers typed."""

import pytest
from playwright.sync_api import expect

from tests.support.cards import Desk, desk, shared_desk

__all__ = ["desk", "shared_desk"]


def open_dialog(desk: Desk, *, commanded: bool = False) -> None:
    """Open the dialog on a connected call, whose app has sent a command or not."""
    desk.open()
    if commanded:
        desk.send("CallCardSetStatusText", statusText="")
    desk.button("Transfer").click()
    expect(desk.card.get_by_role("dialog", name="Transfer to")).to_be_visible()


def test_a_colleague_is_chosen_by_id(desk: Desk) -> None:
    open_dialog(desk)
    desk.button("Transfer to Ines Hartmann").click()
    assert desk.heard() == [["transferButtonClick", {"phoneNumber": "+12025550143", "target": "2"}]]
    expect(desk.card.get_by_role("dialog")).to_be_hidden()


def test_a_colleague_is_chosen_by_extension_work_and_mobile_number(desk: Desk) -> None:
    numbers = {"extension": "102", "work": "+12025550121", "mobile": "+12025550161"}
    for kind, number in numbers.items():
        open_dialog(desk, commanded=True)
        desk.button(f"Transfer to Ines Hartmann, {kind} {number}").click()
        payload = {"phoneNumber": "+12025550143", "target": number}
        assert desk.heard() == [["transferButtonClick", payload]]


def test_a_department_is_the_portals_own_matter_and_raises_no_event(desk: Desk) -> None:
    open_dialog(desk)
    desk.button("Transfer to the department Technical support").click()
    expect(desk.card.get_by_role("dialog")).to_be_hidden()
    expect(desk.card).to_contain_text("Passed to Technical support by the portal")
    assert desk.heard() == []
    card = desk.portal("(portal) => portal.card()")
    assert (card["uiState"], card["department"]) == ("connected", "Technical support")
    desk.set_state("redial")
    expect(desk.card).not_to_contain_text("Passed to")


def test_a_number_is_typed_and_what_is_no_number_cannot_be_called(desk: Desk) -> None:
    open_dialog(desk)
    field = desk.card.get_by_role("textbox", name="number to transfer to")
    expect(desk.button("Transfer to this number")).to_be_disabled()
    field.fill("Inés 7")
    expect(desk.button("Transfer to this number")).to_be_disabled()
    expect(desk.card.get_by_text("Nobody of that name")).to_be_visible()
    field.fill(" +1 202 555 0166 ")
    desk.button("Transfer to this number").click()
    assert desk.heard() == [["transferButtonClick", {"phoneNumber": "+12025550143", "target": "+1 202 555 0166"}]]


def test_what_is_typed_leaves_those_whom_it_names(desk: Desk) -> None:
    open_dialog(desk)
    field = desk.card.get_by_role("textbox", name="number to transfer to")
    entries = desk.card.get_by_role("list", name="Colleagues and departments").get_by_role("listitem")
    expect(entries).to_have_count(5)
    field.fill("support")
    expect(entries).to_have_count(2)  # Samir's position, and the department
    field.fill("0161")
    expect(entries).to_have_count(1)
    expect(entries).to_contain_text("Ines Hartmann")


def test_the_dialog_opens_without_what_was_typed_on_another_call(desk: Desk) -> None:
    open_dialog(desk)
    desk.card.get_by_role("textbox", name="number to transfer to").fill("Samir")
    open_dialog(desk)
    expect(desk.card.get_by_role("textbox", name="number to transfer to")).to_have_value("")
    expect(desk.button("Transfer to Ines Hartmann")).to_be_visible()


@pytest.mark.parametrize("how", ["Escape", "the button"])
def test_the_dialog_opens_without_what_was_typed_before_it_was_closed(desk: Desk, how: str) -> None:
    open_dialog(desk)
    desk.card.get_by_role("textbox", name="number to transfer to").fill("Samir")
    if how == "Escape":
        desk.page.keyboard.press("Escape")
    else:
        desk.button("Transfer").click()
    expect(desk.card.get_by_role("dialog")).to_be_hidden()
    desk.button("Transfer").click()
    expect(desk.card.get_by_role("textbox", name="number to transfer to")).to_have_value("")
    expect(desk.button("Transfer to Ines Hartmann")).to_be_visible()


def test_a_driver_transfers_by_id_by_number_and_by_name(desk: Desk) -> None:
    desk.open()
    desk.portal("""(portal) => {
        portal.click("Transfer", 3);
        portal.click("Transfer", "+12025550166");
        portal.click("Transfer to the department Sales");
        portal.click("Transfer to Samir Novak, extension 103");
    }""")
    targets = [payload["target"] for _, payload in desk.heard()]
    assert targets == ["3", "+12025550166", "103"]
    assert desk.portal("(portal) => portal.card().department") == "Sales"
