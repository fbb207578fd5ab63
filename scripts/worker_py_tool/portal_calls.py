"""``telephony.externalCall.*`` of the simulated REST.

Source: https://apidocs.bitrix24.com/api-reference/telephony/
"""

import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Final

from worker_py_tool.portal_crm import Method
from worker_py_tool.portal_records import first, matches, text, whole_number
from worker_py_tool.portal_session import Params, Record, RestFault, Session

SAME_CALL_S: Final = 30 * 60
"""For so long ``telephony.externalCall.register`` takes a call with the same parameters for the same call."""


def call_register(session: Session, params: Params) -> Record:
    """``telephony.externalCall.register``: the same call again, unless its EXTERNAL_CALL_ID is another."""
    for name in ("USER_ID", "PHONE_NUMBER", "TYPE"):
        if not text(params.get(name)):
            raise RestFault(400, "ERROR_ARGUMENT", f"The parameter {name} is required")
    whole_number(params, "TYPE")
    key = [text(params.get(name)) for name in ("USER_ID", "PHONE_NUMBER", "TYPE", "LINE_NUMBER", "EXTERNAL_CALL_ID")]
    now = time.monotonic()
    for call in session.calls.values():
        if call["key"] == key and not call["finished"] and now - call["registered_at"] < SAME_CALL_S:
            return _registered(session, call)
    call = remember_call(session, {**params, "CALL_ID": _new_call_id()}, key)
    if text(first(params, "SHOW", absent=1)) != "0":
        session.notices.append({"what": "show", "CALL_ID": call["CALL_ID"], **_shown(session, call)})
    return _registered(session, call)


def remember_call(session: Session, params: Params, key: Sequence[str] = ()) -> Record:
    """Keep a call, so that it can be shown, hidden and finished.

    Args:
        session: whose call it is.
        params: its CALL_ID and what it was registered with.
        key: what makes another registration the same call; nothing does when empty.

    Returns:
        The call.
    """
    call: Record = {
        "CALL_ID": text(params.get("CALL_ID")),
        "key": list(key),
        "registered_at": time.monotonic(),
        "finished": False,
        "params": {"USER_ID": 1, **params},
    }
    session.calls[call["CALL_ID"]] = call
    return call


def _new_call_id() -> str:
    return f"{secrets.token_hex(8).upper()}.{int(time.time())}.{secrets.randbelow(10**6):06d}"


def _client(session: Session, number: object) -> Record | None:
    return next((one for one in session.records["contacts"] if matches(one, "PHONE", number)), None)


def _registered(session: Session, call: Record) -> Record:
    client = _client(session, call["params"].get("PHONE_NUMBER"))
    return {
        "CALL_ID": call["CALL_ID"],
        "CRM_CREATED_LEAD": None,
        "CRM_CREATED_ENTITIES": [],
        "CRM_ENTITY_TYPE": "CONTACT" if client else "",
        "CRM_ENTITY_ID": int(client["ID"]) if client else 0,
        "LEAD_CREATION_ERROR": "",
    }


def _shown(session: Session, call: Record) -> Record:
    registered = _registered(session, call)
    params = call["params"]
    return {
        "PHONE_NUMBER": text(params.get("PHONE_NUMBER")),
        "TYPE": whole_number(params, "TYPE"),
        "LINE_NUMBER": text(params.get("LINE_NUMBER")),
        "CRM_ENTITY_TYPE": registered["CRM_ENTITY_TYPE"],
        "CRM_ENTITY_ID": registered["CRM_ENTITY_ID"],
    }


def _call(session: Session, params: Params) -> Record:
    call = session.calls.get(text(params.get("CALL_ID")))
    if call is None:
        raise RestFault(400, "ERROR_NOT_FOUND", "Call is not found")
    return call


def call_show(session: Session, params: Params) -> bool:
    """``telephony.externalCall.show``."""
    call = _call(session, params)
    session.notices.append({"what": "show", "CALL_ID": call["CALL_ID"], **_shown(session, call)})
    return True


def call_hide(session: Session, params: Params) -> bool:
    """``telephony.externalCall.hide``."""
    session.notices.append({"what": "hide", "CALL_ID": _call(session, params)["CALL_ID"]})
    return True


def call_finish(session: Session, params: Params) -> Record:
    """``telephony.externalCall.finish``."""
    call = _call(session, params)
    duration = whole_number(params, "DURATION")
    call["finished"] = True
    session.notices.append({"what": "hide", "CALL_ID": call["CALL_ID"]})
    return {
        "CALL_ID": call["CALL_ID"],
        "CALL_DURATION": duration,
        "CALL_FAILED_CODE": text(first(params, "STATUS_CODE", absent=200)),
        "PHONE_NUMBER": text(call["params"].get("PHONE_NUMBER")),
        "PORTAL_USER_ID": text(first(params, "USER_ID", absent=call["params"]["USER_ID"])),
    }


def attach_record(session: Session, params: Params) -> Record:
    """``telephony.externalCall.attachRecord``."""
    _call(session, params)
    if not text(params.get("FILENAME")):
        raise RestFault(400, "ERROR_ARGUMENT", "The parameter FILENAME is required")
    return {"FILE_ID": 800 + len(session.calls)}


CALL_METHODS: Final[Mapping[str, Method]] = {
    "telephony.externalcall.register": call_register,
    "telephony.externalcall.show": call_show,
    "telephony.externalcall.hide": call_hide,
    "telephony.externalcall.finish": call_finish,
    "telephony.externalcall.attachrecord": attach_record,
}
"""By their names in lower case."""
