"""The methods of the simulated REST: each takes a session and parameters, and gives its result."""

import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from worker_py_tool.portal_app import APP_METHODS
from worker_py_tool.portal_session import Params, Record, RestFault, Session

PAGE_SIZE: Final = 50
"""Records in one answer of a list method; ``next`` tells where the following page starts."""
SAME_CALL_S: Final = 30 * 60
"""For so long ``telephony.externalCall.register`` takes a call with the same parameters for the same call."""

_NOT_DIGITS: Final = re.compile(r"\D+")
_OPERATOR: Final = re.compile(r"^(!=|>=|<=|!|=|>|<|%)")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: its records, the place of the following page, and how many there are in all."""

    records: list[Record]
    following: int | None
    total: int


Method = Callable[[Session, Params], Any]


def _fields(params: Params, key: str = "fields") -> Mapping[str, Any]:
    value = params.get(key)
    return value if isinstance(value, Mapping) else {}


def _by_id(records: list[Record], params: Params) -> Record:
    wanted = str(params.get("id", params.get("ID", "")))
    if not wanted:
        raise RestFault(400, "", "ID is not defined or invalid.")
    for record in records:
        if record["ID"] == wanted:
            return record
    raise RestFault(400, "", "Not found")


def _page(records: list[Record], params: Params) -> Page:
    conditions = _fields(params, "filter")
    found = [one for one in records if all(_matches(one, key, value) for key, value in conditions.items())]
    start = int(params.get("start", 0) or 0)
    end = start + PAGE_SIZE
    selected = params.get("select")
    shown = [_selected(one, selected) for one in found[start:end]]
    return Page(shown, end if end < len(found) else None, len(found))


def _selected(record: Record, names: object) -> Record:
    if not isinstance(names, list) or not names or "*" in names:
        return dict(record)
    return {key: value for key, value in record.items() if key == "ID" or key in names}


def _matches(record: Record, key: str, wanted: object) -> bool:
    operator = _OPERATOR.match(key)
    name = key[operator.end() :] if operator else key
    value = record.get(name, "")
    if name == "PHONE":
        return any(_digits(one["VALUE"]) == _digits(wanted) for one in value)
    accepted = [str(one) for one in wanted] if isinstance(wanted, list) else [str(wanted)]
    match operator.group() if operator else "=":
        case "=":
            return value in accepted
        case "!" | "!=":
            return value not in accepted
        case "%":
            return any(one.casefold() in str(value).casefold() for one in accepted)
        case comparison:
            return _compare(comparison, str(value), accepted[0])


def _compare(comparison: str, value: str, limit: str) -> bool:
    try:
        left, right = float(value), float(limit)
    except ValueError:
        return False
    return {">": left > right, ">=": left >= right, "<": left < right, "<=": left <= right}[comparison]


def _digits(number: object) -> str:
    return _NOT_DIGITS.sub("", str(number))


def contact_get(session: Session, params: Params) -> Record:
    """``crm.contact.get``."""
    return _by_id(session.contacts, params)


def contact_list(session: Session, params: Params) -> Page:
    """``crm.contact.list``: filter, select, start."""
    return _page(session.contacts, params)


def deal_get(session: Session, params: Params) -> Record:
    """``crm.deal.get``."""
    return _by_id(session.deals, params)


def deal_list(session: Session, params: Params) -> Page:
    """``crm.deal.list``: filter, select, start."""
    return _page(session.deals, params)


def deal_update(session: Session, params: Params) -> bool:
    """``crm.deal.update``: values become strings, as the portal gives them back."""
    _by_id(session.deals, params).update({key: str(value) for key, value in _fields(params).items()})
    return True


def comment_add(session: Session, params: Params) -> int:
    """``crm.timeline.comment.add``: gives the comment's id."""
    fields = _fields(params)
    for name in ("ENTITY_ID", "ENTITY_TYPE", "COMMENT"):
        if not fields.get(name):
            raise RestFault(400, "ERROR_ARGUMENT", f"The field {name} is required")
    session.comments.append(dict(fields))
    return 5000 + len(session.comments)


def comment_list(session: Session, params: Params) -> Page:
    """``crm.timeline.comment.list``."""
    records = [{"ID": str(5001 + index), **one} for index, one in enumerate(session.comments)]
    return _page([{key: str(value) for key, value in one.items()} for one in records], params)


def current_user(session: Session, _params: Params) -> Record:
    """``user.current`` and ``profile``: the operator."""
    found = [one for one in session.employees if one["ID"] == session.user_id]
    return (found or session.employees)[0] | {"ACTIVE": True, "ADMIN": False}


def user_get(session: Session, params: Params) -> Page:
    """``user.get``."""
    return _page(session.employees, params)


def call_register(session: Session, params: Params) -> Record:
    """``telephony.externalCall.register``: the same call again, unless its EXTERNAL_CALL_ID is another."""
    for name in ("USER_ID", "PHONE_NUMBER", "TYPE"):
        if not params.get(name):
            raise RestFault(400, "ERROR_ARGUMENT", f"The parameter {name} is required")
    key = [str(params.get(name, "")) for name in ("USER_ID", "PHONE_NUMBER", "TYPE", "LINE_NUMBER", "EXTERNAL_CALL_ID")]
    now = time.monotonic()
    for call in session.calls.values():
        if call["key"] == key and not call["finished"] and now - call["registered_at"] < SAME_CALL_S:
            return _registered(session, call)
    call = remember_call(session, {**params, "CALL_ID": _new_call_id()}, key)
    if str(params.get("SHOW", 1)) != "0":
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
        "CALL_ID": str(params["CALL_ID"]),
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
    return next((one for one in session.contacts if _matches(one, "PHONE", number)), None)


def _registered(session: Session, call: Record) -> Record:
    client = _client(session, call["params"]["PHONE_NUMBER"])
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
        "PHONE_NUMBER": str(params["PHONE_NUMBER"]),
        "TYPE": int(params["TYPE"]),
        "LINE_NUMBER": str(params.get("LINE_NUMBER", "")),
        "CRM_ENTITY_TYPE": registered["CRM_ENTITY_TYPE"],
        "CRM_ENTITY_ID": registered["CRM_ENTITY_ID"],
    }


def _call(session: Session, params: Params) -> Record:
    call = session.calls.get(str(params.get("CALL_ID", "")))
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
    call["finished"] = True
    return {
        "CALL_ID": call["CALL_ID"],
        "CALL_DURATION": int(params.get("DURATION", 0) or 0),
        "CALL_FAILED_CODE": str(params.get("STATUS_CODE", "200")),
        "PHONE_NUMBER": str(call["params"]["PHONE_NUMBER"]),
        "PORTAL_USER_ID": str(params.get("USER_ID", call["params"]["USER_ID"])),
    }


def attach_record(session: Session, params: Params) -> Record:
    """``telephony.externalCall.attachRecord``."""
    _call(session, params)
    if not params.get("FILENAME"):
        raise RestFault(400, "ERROR_ARGUMENT", "The parameter FILENAME is required")
    return {"FILE_ID": 800 + len(session.calls)}


METHODS: Final[Mapping[str, Method]] = {
    "crm.contact.get": contact_get,
    "crm.contact.list": contact_list,
    "crm.deal.get": deal_get,
    "crm.deal.list": deal_list,
    "crm.deal.update": deal_update,
    "crm.timeline.comment.add": comment_add,
    "crm.timeline.comment.list": comment_list,
    "profile": current_user,
    "user.current": current_user,
    "user.get": user_get,
    "telephony.externalcall.register": call_register,
    "telephony.externalcall.show": call_show,
    "telephony.externalcall.hide": call_hide,
    "telephony.externalcall.finish": call_finish,
    "telephony.externalcall.attachrecord": attach_record,
    **APP_METHODS,
}
"""By their names in lower case: the portal does not mind the case."""
