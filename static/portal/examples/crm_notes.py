"""Notes to the CRM: what the operator writes during the call becomes one entry of the client's timeline at hang-up.

Try it: load it, apply it, save two comments, rate the line, and hang up.
"""

from worker_py import App, CallCard, RestError, UiState
from worker_py.events import AddCommentButtonClick, AnswerButtonClick, HangupButtonClick, Initialized, QualityMeterClick

app = App()


@app.on(Initialized)
async def ring(event: Initialized, card: CallCard) -> None:
    """The portal opens a card with Close and Fold alone: give the operator Answer."""
    await card.set_ui_state(UiState.REDIAL if card.data.get("over") else UiState.INCOMING)  # it may be shown again


@app.on(AnswerButtonClick)
async def answer(event: AnswerButtonClick, card: CallCard) -> None:
    """The call begins."""
    await card.set_ui_state(UiState.CONNECTED)


@app.on(AddCommentButtonClick)
async def note(event: AddCommentButtonClick, card: CallCard) -> None:
    """Keep it with the card: `card.data` stays when the card is shown again, and over edits of this file."""
    notes = card.data.setdefault("notes", [])
    if event.comment and event.comment not in notes:  # an event can come twice
        notes.append(event.comment)
    await card.set_status_text(f"Notes for the CRM: {len(notes)}")


@app.on(QualityMeterClick)
async def rate(event: QualityMeterClick, card: CallCard) -> None:
    """`card.state.rating` knows it already; only say so."""
    await card.set_status_text(f"Line: {event.rating} of 5")


@app.on(HangupButtonClick)
async def hang_up(event: HangupButtonClick, card: CallCard) -> None:
    """Write one comment for the whole call; the notes stay when the CRM refuses it."""
    card.data["over"] = True
    await card.set_ui_state(UiState.REDIAL)
    notes = card.data.get("notes", [])
    if not notes:
        await card.set_status_text("No notes")
        return
    if not card.state.crm_entity_id:
        await card.set_status_text(f"{len(notes)} notes, and no client to save them for")
        return
    rating = [f"Line: {card.state.rating} of 5"] if card.state.rating else []
    fields = {
        "ENTITY_ID": card.state.crm_entity_id,
        "ENTITY_TYPE": card.state.crm_entity_type.lower(),
        "COMMENT": "\n".join([*(f"- {text}" for text in notes), *rating]),
    }
    try:
        await card.rest.call("crm.timeline.comment.add", {"fields": fields})
    except RestError as error:
        await card.set_status_text(f"Not saved ({error.code or error.status}): hang up again to retry")
        return
    card.data["notes"] = []
    await card.set_status_text(f"{len(notes)} notes saved in the CRM")
