"""Keypad menu: keys of the dial pad are commands, two levels deep.

Try it: load it, apply it, answer, open the dial pad, and press 1, then 2, then 0.
"""

from worker_py import App, CallCard, UiState
from worker_py.events import AnswerButtonClick, DialpadButtonClick, HangupButtonClick, Initialized

app = App()

MENUS = {
    "main": "1 deals · 2 notes · * main menu",
    "deals": "1 how many are open · 2 the newest · 0 back",
    "notes": "1 call back today · 2 send an offer · 0 back",
}
NOTES = {"1": "Call back today", "2": "Send an offer"}


async def open_deals(card: CallCard, key: str) -> str:
    """Answer with what the CRM knows."""
    conditions = {"CONTACT_ID": card.state.crm_entity_id, "CLOSED": "N"}
    deals = await card.rest.call("crm.deal.list", {"filter": conditions})
    if not deals:
        return "No open deal"
    return f"Open deals: {len(deals)}" if key == "1" else str(deals[-1]["TITLE"])


async def choose(card: CallCard, menu: str, key: str) -> tuple[str, str]:
    """What a key does in a menu: the menu that is open then, and what to show."""
    if key == "*" or (key == "0" and menu != "main"):
        return "main", MENUS["main"]
    match menu, key:
        case "main", "1":
            return "deals", MENUS["deals"]
        case "main", "2":
            return "notes", MENUS["notes"]
        case "deals", "1" | "2":
            return "deals", await open_deals(card, key)
        case "notes", "1" | "2":
            card.data.setdefault("notes", []).append(NOTES[key])
            return "main", f"Noted: {NOTES[key]}"
    return menu, f"No {key} here: {MENUS[menu]}"


@app.on(Initialized)
async def ring(event: Initialized, card: CallCard) -> None:
    """The portal opens a card with Close and Fold alone: give the operator Answer."""
    await card.set_ui_state(UiState.REDIAL if card.data.get("over") else UiState.INCOMING)  # it may be shown again


@app.on(AnswerButtonClick)
async def answer(event: AnswerButtonClick, card: CallCard) -> None:
    """Show what the keys do."""
    await card.set_ui_state(UiState.CONNECTED)
    await card.set_status_text(MENUS["main"])


@app.on(DialpadButtonClick)
async def press(event: DialpadButtonClick, card: CallCard) -> None:
    """One key after the other, however fast they come."""
    async with card.lock:
        card.data["menu"], text = await choose(card, card.data.get("menu", "main"), event.key)
        await card.set_status_text(text)


@app.on(HangupButtonClick)
async def hang_up(event: HangupButtonClick, card: CallCard) -> None:
    """The next call begins at the main menu."""
    card.data["menu"] = "main"
    card.data["over"] = True
    await card.set_ui_state(UiState.REDIAL)
