"""Transfer policy: calls go to colleagues and to numbers on a list; nobody is left on hold for long.

Try it: load it, apply it, answer, and transfer to a colleague, then to any number.
"""

import asyncio

from worker_py import App, CallCard, RestError, UiState
from worker_py.events import (
    AnswerButtonClick,
    CancelTransferButtonClick,
    CompleteTransferButtonClick,
    HangupButtonClick,
    Initialized,
    TransferButtonClick,
)

app = App()

ALLOWED_PREFIXES = ("+1202555",)
"""Numbers of ours that are not colleagues: the warehouse, the lawyers."""
PATIENCE_S = 20


@app.on(Initialized)
async def ring(event: Initialized, card: CallCard) -> None:
    """The portal opens a card with Close and Fold alone: give the operator Answer."""
    await card.set_ui_state(UiState.REDIAL if card.data.get("over") else UiState.INCOMING)  # it may be shown again


@app.on(AnswerButtonClick)
async def answer(event: AnswerButtonClick, card: CallCard) -> None:
    """The call begins."""
    await card.set_ui_state(UiState.CONNECTED)


async def colleague(card: CallCard, user_id: str) -> str | None:
    """A colleague's name; `None` when there is none with this id."""
    try:
        found = await card.rest.call("user.get", {"filter": {"ID": user_id}})
    except RestError:
        return None
    return f"{found[0]['NAME']} {found[0]['LAST_NAME']}" if found else None


async def permitted(card: CallCard, target: str) -> str | None:
    """Whom the target stands for, if calls may go there."""
    if target.startswith("+") or len(target) > 6:
        return target if target.startswith(ALLOWED_PREFIXES) else None
    return await colleague(card, target)


async def transfer(event: TransferButtonClick, card: CallCard) -> None:
    """Refuse what the policy does not allow; come back to the client when nobody takes over in time."""
    name = await permitted(card, event.target)
    if name is None:
        await card.set_ui_state(UiState.CONNECTED)
        await card.set_status_text(f"No transfers to {event.target}")
        return
    card.data["asked"] = event.meta.id
    await card.set_ui_state(UiState.TRANSFERRING)
    await card.set_status_text(f"Asking {name}")
    await asyncio.sleep(PATIENCE_S)
    if card.state.ui_state is UiState.TRANSFERRING and card.data["asked"] == event.meta.id:
        await card.set_ui_state(UiState.TRANSFER_FAILED)
        await card.set_status_text(f"{name} did not take over within {PATIENCE_S} s: return to the client")


app.add_handler(TransferButtonClick, transfer, timeout_s=PATIENCE_S + 15)


@app.on(CompleteTransferButtonClick)
async def complete(event: CompleteTransferButtonClick, card: CallCard) -> None:
    """They took over."""
    await card.set_ui_state(UiState.TRANSFER_CONNECTED)
    await card.set_status_text("Handed over")


@app.on(CancelTransferButtonClick)
async def come_back(event: CancelTransferButtonClick, card: CallCard) -> None:
    """The client again."""
    await card.set_ui_state(UiState.CONNECTED)
    await card.set_status_text("Back with the client")


@app.on(HangupButtonClick)
async def hang_up(event: HangupButtonClick, card: CallCard) -> None:
    """The call is over."""
    card.data["over"] = True
    await card.set_ui_state(UiState.REDIAL)
