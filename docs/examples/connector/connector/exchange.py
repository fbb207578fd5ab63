"""What the exchange says by way of `pbx.js`, and what it is told.

It calls a call by a name of its own, the leg. Whose card that is stands in `card.data` and, until there is a card, in
`app.data`: a table in this module would end with the interpreter.
"""

from typing import Any

from connector import crm
from connector.application import app
from worker_py import CallCard, Page, RestError, UiState
from worker_py.events import PageAttached


@app.on(PageAttached)
async def connect(event: PageAttached, page: Page) -> None:
    """Let the page connect to the operator's exchange; it goes on where it is connected already."""
    try:
        url = await page.rest.call("user.option.get", {"option": "pbx"})
    except RestError as error:
        print(f"no exchange: {error.code}")
    else:
        await page.call("pbx.connect", {"url": url})


async def tell(card: CallCard, what: str) -> bool:
    """Have the exchange do something to this call; whether it has been told which call that is."""
    leg = card.data.get("leg")
    if leg is None:
        await card.set_status_text("The exchange does not know this call yet")
        return False
    await card.page.call(f"pbx.{what}", {"leg": leg})
    return True


async def rings(card: CallCard, leg: str) -> None:
    """The exchange's call and the portal's card have found each other, whichever came first."""
    card.data["leg"] = leg
    await card.set_status_text("Ringing")


def card_of(leg: str) -> CallCard | None:
    """The card of a call of the exchange, also in an interpreter that has seen neither begin."""
    return app.find(lambda card: card.data.get("leg") == leg)


@app.on_page_event("pbx.ringing")
async def ringing(payload: dict[str, Any], page: Page) -> None:
    """A call: its card may be there, or be about to come. Each window tells of it."""
    card = app.card(payload["call"])
    if card is None:
        app.data["legs"] = {**app.data.get("legs", {}), payload["call"]: payload["leg"]}
    elif "leg" not in card.data:
        await rings(card, payload["leg"])


@app.on_page_event("pbx.answered")
async def answered(payload: dict[str, Any], page: Page) -> None:
    """The operator talks: the card gets a call's buttons, and its timer runs."""
    card = card_of(payload["leg"])
    if card is not None:
        await card.set_ui_state(UiState.CONNECTED)
        await card.set_status_text("Talking")


@app.on_page_event("pbx.ended")
async def ended(payload: dict[str, Any], page: Page) -> None:
    """The call is over, on the card and in the CRM; then the exchange need not tell of it to windows that come."""
    card = card_of(payload["leg"])
    if card is None:
        return
    minutes, seconds = divmod(payload["seconds"], 60)
    await card.set_ui_state(UiState.REDIAL)
    await crm.log(card, payload["seconds"])
    await card.set_status_text(f"Ended after {minutes}:{seconds:02}")
    await tell(card, "forget")
