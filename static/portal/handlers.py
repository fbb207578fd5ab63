"""The demo's app: what happens on the call card, in Python.

Everything here goes through the public interface of ``worker_py``; the same file runs in a unit test in CPython.
A real app would also drive its telephony in these handlers, for instance the page's own WebRTC client:
``await card.page.call("phone.answer", {...})``.
"""

from worker_py import App, CallCard, HandlerFailure, RestError, UiState
from worker_py.events import (
    AddCommentButtonClick,
    AnswerButtonClick,
    CancelTransferButtonClick,
    CompleteTransferButtonClick,
    DialpadButtonClick,
    EntityChanged,
    HangupButtonClick,
    HoldButtonClick,
    Initialized,
    MakeCallButtonClick,
    MuteButtonClick,
    NextButtonClick,
    NotifyAdminButtonClick,
    QualityMeterClick,
    SkipButtonClick,
    TransferButtonClick,
)

app = App()


async def show_title(card: CallCard) -> None:
    """Put who it is in the title, by the best name known so far."""
    who = card.data.get("client") or card.state.phone_number or "Hidden number"
    await card.set_card_title(f"On the call: {who}" if card.state.ui_state is UiState.CONNECTED else who)


async def look_up(card: CallCard) -> str:
    """Ask the CRM for the client, and say in one line what it knows."""
    card.data["client"] = None
    if card.state.crm_entity_type != "CONTACT":
        return "Not in the CRM yet"
    contact_id = card.state.crm_entity_id
    try:
        contact = await card.rest.call("crm.contact.get", {"id": contact_id})
        deals = await card.rest.call("crm.deal.list", {"filter": {"CONTACT_ID": contact_id, "CLOSED": "N"}})
    except RestError as error:
        return f"The CRM did not answer: {error.code or error.status}"
    card.data["client"] = f"{contact['NAME']} {contact['LAST_NAME']} · {contact['COMPANY_TITLE']}"
    return f"{contact['POST']} · open deals: {len(deals)}"


@app.on(Initialized)
async def greet(event: Initialized, card: CallCard) -> None:
    """Say who is calling. Answering does not wait for this: handlers of different events overlap."""
    known = await look_up(card)
    await show_title(card)
    if card.state.ui_state is not UiState.CONNECTED:  # answered meanwhile: the answer's text stays
        await card.set_status_text(known)


@app.on(AnswerButtonClick)
async def answer(event: AnswerButtonClick, card: CallCard) -> None:
    """Take the call: the card shows the buttons of a call and starts its timer."""
    await card.set_ui_state(UiState.CONNECTED)
    await show_title(card)
    await card.set_status_text("Answered by Python")


@app.on(EntityChanged)
async def follow_the_crm(event: EntityChanged, card: CallCard) -> None:
    """The card's client was changed in the portal."""
    known = await look_up(card)
    await show_title(card)
    await card.set_status_text(known)


@app.on(SkipButtonClick)
async def skip(event: SkipButtonClick, card: CallCard) -> None:
    """Leave the call to somebody else."""
    await card.close()


@app.on(MakeCallButtonClick)
async def dial(event: MakeCallButtonClick, card: CallCard) -> None:
    """Call, or call again; the demo's other side picks up at once."""
    await card.set_ui_state(UiState.CONNECTING_OUTGOING)
    await card.set_ui_state(UiState.CONNECTED)
    await show_title(card)
    await card.set_status_text("They picked up")


@app.on(NextButtonClick)
async def next_in_list(event: NextButtonClick, card: CallCard) -> None:
    """The portal moves on by itself; only our text has to go."""
    await card.set_status_text("")


@app.on(MuteButtonClick)
async def mute(event: MuteButtonClick, card: CallCard) -> None:
    """The portal has switched the button already."""
    await card.set_status_text("They cannot hear you" if event.muted else "They can hear you")


@app.on(HoldButtonClick)
async def hold(event: HoldButtonClick, card: CallCard) -> None:
    """The same for hold."""
    await card.set_status_text("On hold" if event.held else "Back on the call")


@app.on(DialpadButtonClick)
async def tone(event: DialpadButtonClick, card: CallCard) -> None:
    """``card.state`` knows this key already: it is brought up to date before any handler runs."""
    await card.set_status_text(f"Tones sent: {card.state.digits}")


@app.on(TransferButtonClick)
async def transfer(event: TransferButtonClick, card: CallCard) -> None:
    """Ask the chosen colleague first; the client waits on hold."""
    await card.set_ui_state(UiState.TRANSFERRING)
    await card.set_status_text(f"Asking {event.target}")


@app.on(CompleteTransferButtonClick)
async def complete_transfer(event: CompleteTransferButtonClick, card: CallCard) -> None:
    """The colleague takes over."""
    await card.set_ui_state(UiState.TRANSFER_CONNECTED)
    await card.set_status_text("Handed over")


@app.on(CancelTransferButtonClick)
async def return_to_call(event: CancelTransferButtonClick, card: CallCard) -> None:
    """The client comes back to the operator."""
    await card.set_ui_state(UiState.CONNECTED)
    await card.set_status_text("Back with the client")


@app.on(HangupButtonClick)
async def hang_up(event: HangupButtonClick, card: CallCard) -> None:
    """Stop the clock, and offer to call again."""
    await card.stop_timer()
    await card.set_ui_state(UiState.REDIAL)
    await show_title(card)
    await card.set_status_text("The call has ended")


@app.on(AddCommentButtonClick)
async def comment(event: AddCommentButtonClick, card: CallCard) -> None:
    """Keep the operator's comment in the client's timeline."""
    if not event.comment or not card.state.crm_entity_id:
        await card.set_status_text("Nothing to save")
        return
    fields = {
        "ENTITY_ID": card.state.crm_entity_id,
        "ENTITY_TYPE": card.state.crm_entity_type.lower(),
        "COMMENT": event.comment,
    }
    await card.rest.call("crm.timeline.comment.add", {"fields": fields})
    await card.set_status_text("Comment saved in the CRM")


@app.on(QualityMeterClick)
async def quality(event: QualityMeterClick, card: CallCard) -> None:
    """Thank for the rating."""
    await card.set_status_text(f"Quality noted: {event.rating} of 5")


@app.on(NotifyAdminButtonClick)
async def notify_admin(event: NotifyAdminButtonClick, card: CallCard) -> None:
    """The line has no credit left."""
    await card.set_status_text("The administrator knows")


@app.on_error
def report(failure: HandlerFailure) -> None:
    """A failing handler stops nothing: the call goes on, and this only adds a line to the page's console."""
    print(f"A handler failed: {failure.exception!r}")
