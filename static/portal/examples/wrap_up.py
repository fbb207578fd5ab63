"""Wrap-up timer: after the call the operator has half a minute for notes, then the card closes by itself.

Try it: load it, apply it, answer, hang up, and watch; a saved comment gives the time anew.
"""

import asyncio

from worker_py import App, CallCard, UiState
from worker_py.events import (
    AddCommentButtonClick,
    AnswerButtonClick,
    HangupButtonClick,
    Initialized,
    MakeCallButtonClick,
)

app = App()

WRAP_UP_S = 30
STEP_S = 5


@app.on(Initialized)
async def ring(event: Initialized, card: CallCard) -> None:
    """The portal opens a card with Close and Fold alone: give the operator Answer."""
    await card.set_ui_state(UiState.REDIAL if card.data.get("over") else UiState.INCOMING)  # it may be shown again


@app.on(AnswerButtonClick)
async def answer(event: AnswerButtonClick, card: CallCard) -> None:
    """The call begins."""
    await card.set_ui_state(UiState.CONNECTED)


async def hang_up(event: HangupButtonClick, card: CallCard) -> None:
    """Count down; whoever sets `left_s` meanwhile changes the time that is left."""
    card.data["over"] = True
    await card.set_ui_state(UiState.REDIAL)
    card.data["left_s"] = WRAP_UP_S
    while (left_s := card.data["left_s"]) > 0:
        await card.set_status_text(f"Wrap-up: {left_s} s left")
        await asyncio.sleep(STEP_S)
        if card.state.closed or card.state.ui_state is not UiState.REDIAL:
            return  # closed, or the next call has begun
        if card.data["left_s"] == left_s:
            card.data["left_s"] = left_s - STEP_S
    await card.close()


# It waits for longer than any handler may that has no limit of its own.
app.add_handler(HangupButtonClick, hang_up, timeout_s=None)


@app.on(AddCommentButtonClick)
async def comment(event: AddCommentButtonClick, card: CallCard) -> None:
    """Somebody who writes needs time."""
    if "left_s" in card.data:
        card.data["left_s"] = WRAP_UP_S + STEP_S
    await card.set_status_text("Comment noted")


@app.on(MakeCallButtonClick)
async def call_again(event: MakeCallButtonClick, card: CallCard) -> None:
    """No wrap-up while a call goes on: the countdown sees it and ends."""
    card.data["over"] = False
    await card.set_ui_state(UiState.CONNECTED)
    await card.set_status_text("Calling again")
