"""Screen pop: who calls, and what is open with them, before and during the call.

Try it: load it, apply it, and choose another client on the card.
"""

from worker_py import App, CallCard, RestError, UiState
from worker_py.events import AnswerButtonClick, EntityChanged, HangupButtonClick, Initialized

app = App()


async def pop(card: CallCard) -> None:
    """Show name and company as the title, and the largest open deal below."""
    entity_id = card.state.crm_entity_id
    if card.state.crm_entity_type != "CONTACT":
        await card.set_card_title(card.state.phone_number or "Hidden number")
        await card.set_status_text("Not in the CRM: ask for the name")
        return
    try:
        answers = await card.rest.batch(
            {
                "contact": ("crm.contact.get", {"id": entity_id}),
                "deals": ("crm.deal.list", {"filter": {"CONTACT_ID": entity_id, "CLOSED": "N"}}),
            }
        )
    except RestError as error:
        await card.set_status_text(f"The CRM did not answer: {error.code or error.status}")
        return
    contact, deals = answers["contact"], answers["deals"]
    if card.state.crm_entity_id != entity_id:
        return  # another client was chosen meanwhile: the pop for that one is on its way
    await card.set_card_title(f"{contact['NAME']} {contact['LAST_NAME']}, {contact['COMPANY_TITLE']}")
    if not deals:
        await card.set_status_text("No open deal")
        return
    largest = max(deals, key=lambda deal: float(deal["OPPORTUNITY"]))
    await card.set_status_text(f"{largest['TITLE']} ({float(largest['OPPORTUNITY']):,.0f} {largest['CURRENCY_ID']})")


@app.on(Initialized)
async def ring(event: Initialized, card: CallCard) -> None:
    """The card is there, with Close and Fold alone: give the operator Answer, and pop."""
    await card.set_ui_state(UiState.REDIAL if card.data.get("over") else UiState.INCOMING)  # it may be shown again
    await pop(card)


@app.on(EntityChanged)
async def another_client(event: EntityChanged, card: CallCard) -> None:
    """The operator chose another client: pop again."""
    await pop(card)


@app.on(AnswerButtonClick)
async def answer(event: AnswerButtonClick, card: CallCard) -> None:
    """What was popped stays."""
    await card.set_ui_state(UiState.CONNECTED)


@app.on(HangupButtonClick)
async def hang_up(event: HangupButtonClick, card: CallCard) -> None:
    """The call is over."""
    card.data["over"] = True
    await card.set_ui_state(UiState.REDIAL)
