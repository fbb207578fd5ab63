"""What is read from the CRM, and what is written there."""

from worker_py import CallCard, RestError

OWNERS = {"LEAD": 1, "DEAL": 2, "CONTACT": 3, "COMPANY": 4}
CALL = 2


async def name_of(card: CallCard) -> str | None:
    """The name of the contact on the card, if the CRM has one and tells it."""
    if card.state.crm_entity_type != "CONTACT":
        return None
    try:
        contact = await card.rest.call("crm.contact.get", {"id": card.state.crm_entity_id})
    except RestError:
        return None
    return f"{contact['NAME']} {contact.get('LAST_NAME', '')}".strip()


async def log(card: CallCard, seconds: int) -> None:
    """Write the call down, once: its end may be told by each window, and again to another interpreter."""

    async def write() -> int:
        fields = {
            "OWNER_TYPE_ID": OWNERS.get(card.state.crm_entity_type),
            "OWNER_ID": card.state.crm_entity_id,
            "TYPE_ID": CALL,
            "SUBJECT": f"Call of {seconds} s",
            "COMPLETED": "Y",
        }
        return int(await card.rest.call("crm.activity.add", {"fields": fields}))

    if card.state.crm_entity_id:
        await card.once("activity", write)
    await card.once("finish", lambda: finish(card, seconds))


async def finish(card: CallCard, seconds: int) -> None:
    """Tell the portal's telephony that the call is over."""
    user = await card.rest.call("user.current")
    over = {"CALL_ID": card.call_id, "USER_ID": user["ID"], "DURATION": seconds}
    await card.rest.call("telephony.externalCall.finish", over)
