"""The demo's app: what happens on the call card, in Python.

Everything here goes through the public interface of ``worker_py``; the same file runs in a unit test in CPython.
The sound is the matter of a phone in the page (docs/phone.md), which is JavaScript: handlers tell it what to do by
``await card.page.call("phone.answer", {...})``, and hear of it by page events. Where the page has no phone, the card
works alone.
"""

import asyncio
from contextlib import suppress
from typing import Any

from worker_py import (
    App,
    CallCard,
    CallDirection,
    CommandFailed,
    HandlerFailure,
    Page,
    PageCallFailed,
    PageGone,
    RestError,
    UiState,
)
from worker_py.events import (
    AddCommentButtonClick,
    AnswerButtonClick,
    CancelTransferButtonClick,
    CardClosed,
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

ringing = asyncio.Lock()
"""One card after the other looks for a call of the phone's."""
GOES_ON = {UiState.CONNECTING_OUTGOING, UiState.CONNECTED, UiState.TRANSFERRING, UiState.TRANSFER_FAILED}
GONE = "The page with the phone went, and the call with it"

# The demo's other side: a number that is busy when it is called first, one that costs, a colleague who is away.
BUSY_AT_FIRST = "+12025550186"
COSTS = "+19005550123"
AWAY = ["3"]


# What several handlers do ----------------------------------------------------------------------------


async def show_title(card: CallCard) -> None:
    """Put who it is in the title, by the best name known so far."""
    who = card.data.get("client") or card.state.phone_number or "Hidden number"
    await card.set_card_title(who)


async def show(card: CallCard, state: UiState, words: str) -> None:
    """Buttons, title and text change together: none of them may speak of another moment of the call."""
    await card.set_ui_state(state)
    await show_title(card)
    await card.set_status_text(words)


async def look_up(card: CallCard) -> str:
    """Ask the CRM for the client, and say in one line what it knows. A name that is known outlives a failure."""
    contact_id = card.state.crm_entity_id
    whom = [card.state.crm_entity_type, contact_id]
    if card.data.get("whom") != whom:
        card.data |= {"whom": whom, "client": None}
    if card.state.crm_entity_type != "CONTACT":
        return "Not in the CRM yet"
    try:
        contact = await card.rest.call("crm.contact.get", {"id": contact_id})
        if card.data["whom"] == whom:  # else another client was chosen meanwhile
            card.data["client"] = f"{contact['NAME']} {contact['LAST_NAME']} · {contact['COMPANY_TITLE']}"
        deals = await card.rest.call("crm.deal.list", {"filter": {"CONTACT_ID": contact_id, "CLOSED": "N"}})
    except RestError as error:
        return f"The CRM did not answer: {error.code or error.status}"
    return f"{contact['POST']} · open deals: {len(deals)}"


async def talk(card: CallCard, words: str) -> None:
    """The call goes: the card shows the buttons of a call and starts its timer."""
    card.data["talking"] = True
    card.data.pop("ended", None)
    await show(card, UiState.CONNECTED, words)


async def over(card: CallCard, words: str) -> None:
    """The call is over: offer to call again; in a call list, to go on to the next. Nothing of it stays on the card."""
    card.data |= {"talking": False, "ended": words}
    for name in ("tones", "mos", "poor"):
        card.data.pop(name, None)
    await card.stop_timer()
    if card.state.muted:
        await card.set_mute(False)
    if card.state.held:
        await card.set_hold(False)
    await show(card, UiState.OUTGOING if card.data.get("in_list") else UiState.REDIAL, words)


async def phone(card: CallCard, function: str, **params: Any) -> dict[str, Any] | None:
    """Have the page's phone do something; what it returns, or None where the page has no phone."""
    try:
        answer: dict[str, Any] = await card.page.call(f"phone.{function}", params)
    except PageCallFailed as error:
        if error.name == "NotProvided":
            return None
        raise
    return answer


def card_of(call: str) -> CallCard | None:
    """The card of this call of the phone: `data`, which outlives the interpreter, has the phone's own id of it."""
    return app.find(lambda card: card.data.get("call") == call)


async def do(card: CallCard, function: str, words: str, **params: Any) -> bool:
    """Have the phone do something to this card's call, and say so on the card; False when the call goes on without."""
    call = card.data.get("call", "")
    try:
        await phone(card, function, call=call, **params)
    except PageCallFailed as error:
        if error.name == "NoSuchCall":
            await over(card, GONE)
        else:
            await card.set_status_text(error.message)
            return False
    else:
        await card.set_status_text(words)
    return True


def is_taken(call: str) -> bool:
    """Whether the phone's call is that of a card that is there."""
    return card_of(call) is not None


async def free(card: CallCard) -> dict[str, Any] | None:
    """Have the demo's phone let go of a call that no card has any more, as when other handlers ran while its card went.

    A real phone's calls are those of people: none is ended here.
    """
    state = await phone(card, "state")
    if state and state["call"] and state.get("kind") == "loopback" and state["call"] != card.data.get("call"):
        return state if is_taken(state["call"]) else await phone(card, "hangup", call=state["call"])
    return state


async def ring(card: CallCard) -> None:
    """Let the demo's phone ring for this card, unless it does. A real phone rings by itself."""
    async with ringing:
        state = await free(card)
        if state is None or (state["call"] and state["call"] == card.data.get("call")):
            return
        if state["phase"] == "idle":
            number = card.state.phone_number or ""
            await phone(card, "simulate", does="call", number=number, refuses_transfer=AWAY)
            state = await phone(card, "state") or {}
        if state["phase"] == "ringing" and not is_taken(state["call"]):
            card.data["call"] = state["call"]


async def leave(card: CallCard) -> None:
    """End the phone's call, whatever its phase; another card's call stays."""
    await phone(card, "hangup", call=card.data.pop("call", ""))


# The call begins -------------------------------------------------------------------------------------


@app.on(Initialized)
async def greet(event: Initialized, card: CallCard) -> None:
    """Give the card buttons, and say who is calling. Answering does not wait: handlers of different events overlap."""
    card.data["in_list"] = event.call_list_mode
    if event.meta.resumed and await take_up(card):
        return
    incoming = event.call_direction is CallDirection.INCOMING
    # The portal opens a card with Close and Fold alone.
    await card.set_ui_state(UiState.INCOMING if incoming else UiState.OUTGOING)
    if incoming:
        await ring(card)
    known = await look_up(card)
    if event.call_direction is CallDirection.CALLBACK:
        known = f"Asked to be called back · {known}"
    await show_title(card)
    if card.state.ui_state in {UiState.INCOMING, UiState.OUTGOING}:  # answered meanwhile: its text stays
        await card.set_status_text(known)


async def take_up(card: CallCard) -> bool:
    """A fresh card for a call that went on without one. Media cannot move: if its page went, the call is over."""
    if "ended" in card.data:
        await over(card, card.data["ended"])
        return True
    if not card.data.get("talking"):
        return False  # it rings: as if it were new
    state = await phone(card, "state")
    if state is None or (state["call"] and state["call"] == card.data.get("call")):
        await talk(card, "Back on the call")
        if state and state.get("muted"):
            await card.set_mute(True)
        if state and state.get("held"):
            await card.set_hold(True)
    else:
        await over(card, GONE)
    return True


@app.on(AnswerButtonClick)
async def answer(event: AnswerButtonClick, card: CallCard) -> None:
    """Take the call."""
    await ring(card)  # the page with the phone may have been loaded anew since
    call = card.data.get("call", "")
    try:
        await phone(card, "answer", call=call)
    except PageCallFailed as error:
        why = error.message if call else "the phone is in another call"
        await card.set_status_text(f"Not answered: {why}")
        return
    await talk(card, "Answered by Python")


@app.on(MakeCallButtonClick)
async def dial(event: MakeCallButtonClick, card: CallCard) -> None:
    """Call, or call again. The phone says later whether they picked up."""
    card.data.pop("ended", None)
    await card.set_ui_state(UiState.CONNECTING_OUTGOING)
    try:
        await free(card)
        state = await phone(card, "call", number=card.state.phone_number or "", **other_side(card))
    except PageCallFailed as error:
        await over(card, f"Not called: {error.message}")
        return
    if state is None:
        await talk(card, "They picked up")  # nobody can, without a phone
    else:
        card.data["call"] = state["call"]
        await card.set_status_text("Dialling")


def other_side(card: CallCard) -> dict[str, Any]:
    """How the demo's other side takes a call. With a real phone there is nothing to say."""
    number = card.state.phone_number
    again = card.data.get("dialled") == number
    card.data["dialled"] = number
    then = "refuses" if number == COSTS else "busy" if number == BUSY_AT_FIRST and not again else "answers"
    return {"then": then, "refuses_transfer": AWAY}


@app.on_page_event("phone.progress")
async def getting_there(payload: dict[str, Any], page: Page) -> None:
    """The other side's telephone rings, or its exchange lets us hear something."""
    card = card_of(payload["call"])
    if card and card.state.ui_state is UiState.CONNECTING_OUTGOING:
        rings = payload["stage"] == "ringing"
        await card.set_status_text("It rings at the other side" if rings else "There is something to be heard")


@app.on_page_event("phone.connected")
async def picked_up(payload: dict[str, Any], page: Page) -> None:
    """The other side took our call."""
    card = card_of(payload["call"])
    if card and payload["direction"] == "outgoing":
        await talk(card, "They picked up")


@app.on(EntityChanged)
async def follow_the_crm(event: EntityChanged, card: CallCard) -> None:
    """The card's client was changed in the portal."""
    known = await look_up(card)
    if card.state.closed:
        return  # the CRM took longer than the call
    await show_title(card)
    await card.set_status_text(known)
    for text in card.data.pop("comments", []) if event.crm_entity_id else []:
        await save(card, text)


# During the call -------------------------------------------------------------------------------------


# Change this text and press Ctrl-Enter; then press Mute on the card.
@app.on(MuteButtonClick)
async def mute(event: MuteButtonClick, card: CallCard) -> None:
    """The portal has switched the button already."""
    text = "They cannot hear you" if event.muted else "They can hear you"
    await do(card, "mute", text, muted=event.muted)


@app.on(HoldButtonClick)
async def hold(event: HoldButtonClick, card: CallCard) -> None:
    """The same for hold."""
    if not await do(card, "hold", "On hold" if event.held else "Back on the call", held=event.held):
        await card.set_hold(not event.held)  # the other side refused: the button must not say otherwise


@app.on(DialpadButtonClick)
async def tone(event: DialpadButtonClick, card: CallCard) -> None:
    """``card.state.digits`` has all keys that the card ever heard; these are of this call."""
    card.data["tones"] = card.data.get("tones", "") + event.key
    await do(card, "dtmf", f"Tones sent: {card.data['tones']}", keys=event.key)


@app.on(TransferButtonClick)
async def transfer(event: TransferButtonClick, card: CallCard) -> None:
    """Ask the chosen colleague first; the client waits on hold."""
    card.data["target"] = event.target
    await card.set_ui_state(UiState.TRANSFERRING)
    await show_title(card)
    await do(card, "hold", f"Asking {await colleague(card, event.target)}", held=True)


async def colleague(card: CallCard, target: str) -> str:
    """The name of an employee; a phone number stays one."""
    if not target.isdigit():
        return target
    try:
        [employee] = await card.rest.call("user.get", {"filter": {"ID": target}})
    except (RestError, ValueError):
        return target
    return f"{employee['NAME']} {employee['LAST_NAME']}"


@app.on(CompleteTransferButtonClick)
async def complete_transfer(event: CompleteTransferButtonClick, card: CallCard) -> None:
    """The colleague takes over, or does not."""
    target = card.data.get("target", "")
    try:
        await phone(card, "transfer", call=card.data.get("call", ""), target=target)
    except PageCallFailed:
        await show(card, UiState.TRANSFER_FAILED, f"{await colleague(card, target)} did not take the call")
        return
    card.data.pop("call", None)  # the phone is free: there is nothing left to hang up
    await over(card, f"Handed over to {await colleague(card, target)}")


@app.on(CancelTransferButtonClick)
async def return_to_call(event: CancelTransferButtonClick, card: CallCard) -> None:
    """The client comes back to the operator."""
    await card.set_ui_state(UiState.CONNECTED)
    await show_title(card)
    await do(card, "hold", "Back with the client", held=card.state.held)


@app.on_page_event("phone.stats")
async def measure(payload: dict[str, Any], page: Page) -> None:
    """Every five seconds the phone tells how the call sounds."""
    card = card_of(payload["call"])
    if card and payload["mos"] is not None:
        is_poor, was_poor = payload["level"] <= 2, card.data.get("poor", False)
        card.data |= {"mos": payload["mos"], "poor": is_poor}
        if is_poor and not was_poor:  # said once, beside what the card says
            said = f"{card.state.status_text} · " if card.state.status_text else ""
            await card.set_status_text(f"{said}The connection is poor")


@app.on(QualityMeterClick)
async def quality(event: QualityMeterClick, card: CallCard) -> None:
    """Thank for the rating, and put what was measured beside it."""
    measured = f"; measured: {card.data['mos']:.1f}" if "mos" in card.data else ""
    await card.set_status_text(f"Quality noted: {event.rating} of 5{measured}")


@app.on(AddCommentButtonClick)
async def comment(event: AddCommentButtonClick, card: CallCard) -> None:
    """Keep the operator's comment in the client's timeline; without a client, until there is one."""
    if not event.comment:
        await card.set_status_text("Nothing to save")
    elif card.state.crm_entity_id:
        await save(card, event.comment)
    else:
        card.data.setdefault("comments", []).append(event.comment)
        await card.set_status_text("Comment not saved yet: choose the client it is for")


async def save(card: CallCard, text: str) -> None:
    """Write one comment to the client's timeline."""
    fields = {
        "ENTITY_ID": card.state.crm_entity_id,
        "ENTITY_TYPE": card.state.crm_entity_type.lower(),
        "COMMENT": text,
    }
    try:
        await card.rest.call("crm.timeline.comment.add", {"fields": fields})
    except RestError as error:
        await card.set_status_text(f"Comment not saved in the CRM: {error.code or error.status}")
    else:
        await card.set_status_text("Comment saved in the CRM")


# The call ends ---------------------------------------------------------------------------------------


@app.on(HangupButtonClick)
async def hang_up(event: HangupButtonClick, card: CallCard) -> None:
    """The operator has had enough."""
    await leave(card)
    await over(card, "The call has ended")


ENDINGS = {
    "far_hung_up": "They hung up",
    "missed": "They gave up",
    "busy": "The line is busy",
    "failed": "The connection broke",
    "holder_gone": GONE,
}
"""What the phone says of calls that we did not end ourselves."""


@app.on_page_event("phone.ended")
async def ended(payload: dict[str, Any], page: Page) -> None:
    """The other side ended the call, or did not take it; what we ended, the button's handler has shown."""
    card = card_of(payload["call"])
    reason = payload["reason"]
    if card is None:
        return
    # The card is on its way to another page, where `greet` sees what became of the call, or the portal took it away.
    with suppress(PageGone, CommandFailed):
        if reason == "refused":  # the demo's exchange refuses for one reason only
            await show(card, UiState.MONEY_ERROR, "The line has no credit for this number")
        elif reason == "missed" or (reason in ENDINGS and card.state.ui_state in GOES_ON):
            await over(card, ENDINGS[reason])


@app.on(NotifyAdminButtonClick)
async def notify_admin(event: NotifyAdminButtonClick, card: CallCard) -> None:
    """The line has no credit left."""
    await card.set_status_text("The administrator knows")


@app.on(NextButtonClick)
async def next_in_list(event: NextButtonClick, card: CallCard) -> None:
    """The portal moves on by itself; only what was of the call before has to go."""
    for name in ("ended", "comments"):
        card.data.pop(name, None)
    await card.set_status_text("")


@app.on(SkipButtonClick)
async def skip(event: SkipButtonClick, card: CallCard) -> None:
    """Leave the call to somebody else."""
    await card.close()


@app.on(CardClosed)
async def hang_up_with_the_card(event: CardClosed, card: CallCard) -> None:
    """Whoever closed the card: its call is over."""
    with suppress(PageGone):
        await leave(card)


# What goes wrong -------------------------------------------------------------------------------------


@app.on_error
def report(failure: HandlerFailure) -> None:
    """A failing handler stops nothing: the call goes on, and this only adds a line to the page's console."""
    print(f"A handler failed: {failure.exception!r}")


@app.on_page_event("demo.fault")
def misbehave(payload: dict[str, Any], page: Page) -> None:
    """The demo's buttons for a handler that raises, and for one that never ends."""
    if payload["does"] == "raise":
        raise LookupError("this handler was told to fail")
    while True:
        pass
