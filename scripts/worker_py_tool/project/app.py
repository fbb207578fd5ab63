"""The call card of our telephony app."""

from worker_py import App, CallCard, RestError, UiState
from worker_py.events import AnswerButtonClick, HangupButtonClick, Initialized

app = App()


@app.on(Initialized)
async def greet(event: Initialized, card: CallCard) -> None:
    """Give the operator *Answer*, and show who calls.

    A card begins with Close and Fold only: its buttons come with the state that the app sets. So that comes first,
    and does not wait for the CRM.
    """
    await card.set_ui_state(UiState.INCOMING)
    title = event.phone_number or "Hidden number"
    if event.crm_entity_type == "CONTACT":
        try:
            contact = await card.rest.call("crm.contact.get", {"id": event.crm_entity_id})
        except RestError:
            await card.set_status_text("The CRM did not answer")
        else:
            title = f"{contact['NAME']} · {title}"
    await card.set_card_title(title)


@app.on(AnswerButtonClick)
async def answer(event: AnswerButtonClick, card: CallCard) -> None:
    """Connect the call; your phone would be answered here: ``await card.page.call("phone.answer")``."""
    await card.set_ui_state(UiState.CONNECTED)


@app.on(HangupButtonClick)
async def hang_up(event: HangupButtonClick, card: CallCard) -> None:
    """End the call."""
    await card.close()
