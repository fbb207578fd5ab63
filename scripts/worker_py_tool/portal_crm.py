"""The CRM and the people of the simulated REST.

Source: https://apidocs.bitrix24.com/api-reference/crm/
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any, Final

from worker_py_tool.portal_records import Page, by_id, first, named, page, text
from worker_py_tool.portal_session import CRM, Params, Record, RestFault, Session

ENTITIES: Final[Mapping[str, str]] = {
    "contact": "contacts",
    "company": "companies",
    "lead": "leads",
    "deal": "deals",
    "activity": "activities",
}
"""What the methods call a record, and where a session keeps its kind."""
COMMENTS_BEFORE: Final = 5000
"""The first comment has the number after this one."""

Method = Callable[[Session, Params], Any]


def entity_methods(entity: str, kind: str) -> Mapping[str, Method]:
    """Make the four methods of one kind of record.

    Args:
        entity: as in ``crm.ENTITY.get``.
        kind: the session's attribute that holds the records.
    """

    def get(session: Session, params: Params) -> Record:
        return by_id(session.records[kind], params)

    def listed(session: Session, params: Params) -> Page:
        return page(session.records[kind], params)

    def add(session: Session, params: Params) -> int:
        fields = _fields(params)
        for name in CRM["required"].get(kind, []):
            if not text(fields.get(name)):
                raise RestFault(400, "", f"The field {name} is required")
        records = session.records[kind]
        number = max((int(one["ID"]) for one in records), default=0) + 1
        records.append({**copy.deepcopy(CRM["new_records"][kind]), **_kept(fields), "ID": str(number)})
        return number

    def update(session: Session, params: Params) -> bool:
        by_id(session.records[kind], params).update(_kept(_fields(params)))
        return True

    prefix = f"crm.{entity}"
    return {f"{prefix}.get": get, f"{prefix}.list": listed, f"{prefix}.add": add, f"{prefix}.update": update}


def _fields(params: Params) -> Mapping[str, Any]:
    fields = params.get("fields")
    if not isinstance(fields, Mapping):
        raise RestFault(400, "", "Parameter 'fields' must be array.")
    return fields


def _kept(fields: Mapping[str, Any]) -> Record:
    """Give fields as the portal keeps them: values in words, but for lists such as phone numbers; the id is its own."""
    return {
        name: copy.deepcopy(value) if isinstance(value, dict | list) else text(value)
        for name, value in fields.items()
        if name != "ID"
    }


def comment_add(session: Session, params: Params) -> int:
    """``crm.timeline.comment.add``: gives the comment's id."""
    fields = named(params.get("fields"))
    for name in ("ENTITY_ID", "ENTITY_TYPE", "COMMENT"):
        if not text(fields.get(name)):
            raise RestFault(400, "ERROR_ARGUMENT", f"The field {name} is required")
    session.comments.append(dict(fields))
    return COMMENTS_BEFORE + len(session.comments)


def comment_list(session: Session, params: Params) -> Page:
    """``crm.timeline.comment.list``."""
    records = [
        {"ID": str(COMMENTS_BEFORE + 1 + index), **{name: text(value) for name, value in one.items()}}
        for index, one in enumerate(session.comments)
    ]
    return page(records, params)


def current_user(session: Session, _params: Params) -> Record:
    """``user.current`` and ``profile``: the operator."""
    found = [one for one in session.employees if one["ID"] == session.user_id]
    return (found or session.employees)[0] | {"ADMIN": False}


def user_get(session: Session, params: Params) -> Page:
    """``user.get``: all, or the one whose id is given."""
    wanted = text(first(params, "ID", "id"))
    return page([one for one in session.employees if wanted in ("", one["ID"])], params)


def user_search(session: Session, params: Params) -> Page:
    """``user.search``: by words of name or position."""
    conditions = named(first(params, "FILTER", "filter"))
    wanted = text(first(conditions, "FIND", absent=params.get("FIND"))).lower()
    found = [
        one for one in session.employees if wanted in f"{one['NAME']} {one['LAST_NAME']} {one['WORK_POSITION']}".lower()
    ]
    return page(found, {"start": params.get("start")})


CRM_METHODS: Final[Mapping[str, Method]] = {
    **{name: method for entity, kind in ENTITIES.items() for name, method in entity_methods(entity, kind).items()},
    "crm.timeline.comment.add": comment_add,
    "crm.timeline.comment.list": comment_list,
    "profile": current_user,
    "user.current": current_user,
    "user.get": user_get,
    "user.search": user_search,
}
"""By their names in lower case."""
