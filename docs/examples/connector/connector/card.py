"""What the operator does on the card."""

from connector import crm
from connector.application import app
from connector.exchange import rings, tell
from connector.numbers import written
from worker_py import CallCard, UiState
from worker_py.events import (
    AnswerButtonClick,
    CloseButtonClick,
    HangupButtonClick,
    HoldButtonClick,
    Initialized,
    MakeCallButtonClick,
    SkipButtonClick,
)


@app.on(Initialized)
async def greet(event: Initialized, card: CallCard) -> None:
    """Give the operator buttons first, then say who calls."""
    await card.set_ui_state(UiState.INCOMING)
    legs = app.data.get("legs", {})
    if card.call_id in legs:
        await rings(card, legs[card.call_id])
        app.data["legs"] = {call: leg for call, leg in legs.items() if call != card.call_id}
    number = written(event.phone_number)
    await card.set_card_title(number)
    name = await crm.name_of(card)
    if name is not None:
        await card.set_card_title(f"{name} · {number}")


@app.on(AnswerButtonClick)
async def answer(event: AnswerButtonClick, card: CallCard) -> None:
    """The exchange says when they talk."""
    await tell(card, "answer")


@app.on(HoldButtonClick)
async def hold(event: HoldButtonClick, card: CallCard) -> None:
    """The portal has switched the button already."""
    if await tell(card, "hold" if event.held else "resume"):
        await card.set_status_text("On hold" if event.held else "Talking")


@app.on(HangupButtonClick, SkipButtonClick)
async def hang_up(event: HangupButtonClick | SkipButtonClick, card: CallCard) -> None:
    """The exchange says when it is over."""
    await tell(card, "hang_up")


@app.on(MakeCallButtonClick)
async def call_again(event: MakeCallButtonClick, card: CallCard) -> None:
    """Have the exchange call them."""
    await tell(card, "call")


@app.on(CloseButtonClick)
async def closed(event: CloseButtonClick, card: CallCard) -> None:
    """The operator does not want to see the call."""
    print(f"{card.call_id}: closed by the operator")
