"""The app of the recorded call: one command or more for each thing that the operator does.

`tests/browser/delivery/test_call.py` runs it in a browser, where `call.json` was recorded; `tests/unit/test_golden.py`
replays that recording to it in CPython and inside Pyodide.
"""

from worker_py import App, CallCard, UiState
from worker_py.events import (
    AddCommentButtonClick,
    AnswerButtonClick,
    CancelTransferButtonClick,
    DialpadButtonClick,
    EntityChanged,
    HangupButtonClick,
    HoldButtonClick,
    Initialized,
    MuteButtonClick,
    QualityMeterClick,
    TransferButtonClick,
)

app = App()


async def show_client(card: CallCard) -> None:
    """Put the client's name into the title."""
    contact = await card.rest.call("crm.contact.get", {"id": card.state.crm_entity_id})
    await card.set_card_title(f"{contact['NAME']} {contact['LAST_NAME']}, {contact['COMPANY_TITLE']}")


@app.on(Initialized)
async def greet(event: Initialized, card: CallCard) -> None:
    """Give the operator something to press."""
    async with card.lock:
        states = await card.get_list_ui_states()
        await card.set_ui_state(UiState.INCOMING)
        await card.set_status_text(f"{event.line_name}: one of {len(states)} states")


@app.on(AnswerButtonClick)
async def answer(event: AnswerButtonClick, card: CallCard) -> None:
    """Take the call, with a clock of our own."""
    await card.set_ui_state(UiState.CONNECTED, disable_auto_start_timer=True)
    await card.start_timer()


@app.on(EntityChanged)
async def follow_the_crm(event: EntityChanged, card: CallCard) -> None:
    """Say who calls; each card begins with this event, and it may be somebody else after all."""
    async with card.lock:
        await show_client(card)


@app.on(MuteButtonClick)
async def mute(event: MuteButtonClick, card: CallCard) -> None:
    """Confirm what the portal shows already."""
    await card.set_mute(event.muted)


@app.on(HoldButtonClick)
async def hold(event: HoldButtonClick, card: CallCard) -> None:
    """Confirm what the portal shows already."""
    await card.set_hold(event.held)


@app.on(DialpadButtonClick)
async def dial(event: DialpadButtonClick, card: CallCard) -> None:
    """Show what was dialled."""
    await card.set_status_text(f"Dialled {card.state.digits}")


@app.on(TransferButtonClick)
async def transfer(event: TransferButtonClick, card: CallCard) -> None:
    """Ask the colleague."""
    await card.set_ui_state(UiState.TRANSFERRING)
    await card.set_status_text(f"Asking {event.target}")


@app.on(CancelTransferButtonClick)
async def come_back(event: CancelTransferButtonClick, card: CallCard) -> None:
    """Nobody there."""
    await card.set_ui_state(UiState.CONNECTED)


@app.on(AddCommentButtonClick)
async def comment(event: AddCommentButtonClick, card: CallCard) -> None:
    """Count what was written."""
    await card.set_status_text(f"{len(event.comment)} characters noted")


@app.on(QualityMeterClick)
async def quality(event: QualityMeterClick, card: CallCard) -> None:
    """Show the rating."""
    await card.set_status_text("★" * event.rating)


@app.on(HangupButtonClick)
async def hang_up(event: HangupButtonClick, card: CallCard) -> None:
    """Stop the clock and put the card away."""
    await card.stop_timer()
    await card.set_ui_state(UiState.REDIAL)
    await card.close()
