"""The REST methods by which an app installs itself, with the rules and refusals of the portal.

Source: https://apidocs.bitrix24.com/api-reference/widgets/placement/placement-bind.html
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from worker_py_tool.portal_records import text
from worker_py_tool.portal_session import Params, Record, RestFault, Session

SCOPES: Final = ("crm", "placement", "telephony", "user")
"""What the simulated app was granted, unless a fault takes some of it away."""
SCOPELESS: Final = frozenset({"user.admin"})
"""Methods that need no scope although their name begins like one."""
_WHOLE: Final = re.compile(r"-?[0-9]+")
WORKER: Final = "PAGE_BACKGROUND_WORKER"
PLACEMENTS: Final = ("CALL_CARD", "CRM_CONTACT_DETAIL_TAB", "CRM_DEAL_DETAIL_TAB", WORKER)


def scopes(session: Session) -> list[str]:
    """What this session's app may use."""
    return [name for name in SCOPES if name not in session.faults.missing_scopes]


def check_scope(session: Session, method: str) -> None:
    """Refuse a method whose scope the app does not have.

    Args:
        session: whose app calls.
        method: the method's name in lower case.

    Raises:
        RestFault: ``insufficient_scope``.
    """
    wanted = method.split(".")[0]
    if wanted in SCOPES and wanted not in scopes(session) and method not in SCOPELESS:
        raise RestFault(
            403,
            "insufficient_scope",
            "The request requires higher privileges than provided by the access token",
        )


def scope(session: Session, _params: Params) -> list[str]:
    """``scope``: what the app may use."""
    return scopes(session)


def app_info(session: Session, _params: Params) -> Record:
    """``app.info``."""
    return {"ID": 1, "CODE": "local.worker-py", "VERSION": 1, "STATUS": "L", "INSTALLED": session.installed}


def user_admin(session: Session, _params: Params) -> bool:
    """``user.admin``: whether this user may install apps."""
    return not session.faults.not_admin


def placement_list(_session: Session, _params: Params) -> list[str]:
    """``placement.list``: the placements that there are."""
    return list(PLACEMENTS)


def placement_get(session: Session, _params: Params) -> list[Record]:
    """``placement.get``: what the app has registered."""
    _check_installer(session)
    return [dict(one) for one in session.placements]


def placement_bind(session: Session, params: Params) -> bool:
    """``placement.bind``: once for a user, once for all."""
    _check_installer(session)
    placement, handler = _required(params, "PLACEMENT").upper(), _required(params, "HANDLER")
    if placement not in PLACEMENTS:
        raise RestFault(400, "ERROR_PLACEMENT_NOT_FOUND", "Placement not found")
    _check_handler(session, handler)
    given = params.get("OPTIONS")
    options = dict(given) if isinstance(given, Mapping) else {}
    if placement == WORKER and not options.get("errorHandlerUrl"):
        raise RestFault(400, "EMPTY_ERROR_HANDLER_URL", "The option errorHandlerUrl is required for this placement")
    user_id = _user_id(params) or 0
    # One for all is in the way of one for a user; one for a user is not in the way of one for all.
    if any(one["placement"] == placement and one["userId"] in {0, user_id} for one in session.placements):
        raise RestFault(400, "ERROR_PLACEMENT_MAX_COUNT", "Placement max count")
    session.placements.append(
        {
            "placement": placement,
            "userId": user_id,
            "handler": handler,
            "title": text(params.get("TITLE")),
            "description": "",
            "options": options,
            "langAll": {},
        }
    )
    return True


def take_registration_away(session: Session) -> list[str]:
    """What the portal does about an app whose hidden frames load too slowly; returns the addresses to be told of it."""
    taken = [one for one in session.placements if one["placement"] == WORKER]
    session.placements = [one for one in session.placements if one["placement"] != WORKER]
    return [one["options"]["errorHandlerUrl"] for one in taken]


def placement_unbind(session: Session, params: Params) -> Record:
    """``placement.unbind``: tells how many registrations that ended."""
    _check_installer(session)
    placement, user_id = _required(params, "PLACEMENT").upper(), _user_id(params)
    handler = text(params.get("HANDLER"))
    kept = [
        one
        for one in session.placements
        if one["placement"] != placement
        or (handler and one["handler"] != handler)
        or (user_id is not None and one["userId"] != user_id)
    ]
    count = len(session.placements) - len(kept)
    session.placements = kept
    return {"count": count}


def _check_installer(session: Session) -> None:
    if session.faults.webhook:
        raise RestFault(403, "WRONG_AUTH_TYPE", "Current authorization type is denied for this method")
    if session.faults.not_admin:
        raise RestFault(403, "ACCESS_DENIED", "Access denied!")


def _required(params: Params, name: str) -> str:
    value = text(params.get(name))
    if not value:
        raise RestFault(400, "ERROR_ARGUMENT", f"Argument '{name}' is null or empty", name)
    return value


def _user_id(params: Params) -> int | None:
    given = text(params.get("USER_ID"))
    if not given:
        return None
    if not _WHOLE.fullmatch(given):
        raise RestFault(400, "ERROR_ARGUMENT", "Argument 'USER_ID' is not a number", "USER_ID")
    return int(given)


def _check_handler(session: Session, handler: str) -> None:
    parts = urlsplit(handler)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host:
        raise RestFault(400, "ERROR_UNSUPPORTED_PROTOCOL", "Unsupported event handler protocol")
    is_local = session.faults.public_handlers and host.endswith(".localhost")
    if _is_address(host) or "." not in host or is_local:
        raise RestFault(400, "ERROR_WRONG_HANDLER_URL", "Wrong handler URL")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


APP_METHODS: Final[Mapping[str, Callable[[Session, Params], Any]]] = {
    "app.info": app_info,
    "placement.bind": placement_bind,
    "placement.get": placement_get,
    "placement.list": placement_list,
    "placement.unbind": placement_unbind,
    "scope": scope,
    "user.admin": user_admin,
}
"""By their names in lower case."""
