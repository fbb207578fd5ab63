"""The REST of the simulated portal, without HTTP: a method's name and parameters in, a status and an answer out.

Every portal page asks for a session of its own (``simulation.session``), with its own tokens, its own copy of the
data and its own faults, so that pages that share a server don't disturb each other. The ``simulation.*`` methods
are the portal page's; an app has no business with them.

Source: https://apidocs.bitrix24.com/api-reference/
"""

import json
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from worker_py_tool import php_query
from worker_py_tool.portal_app import check_scope, take_registration_away
from worker_py_tool.portal_calls import remember_call
from worker_py_tool.portal_methods import METHODS, Method
from worker_py_tool.portal_records import Page
from worker_py_tool.portal_session import Params, Record, RestFault, Session

BATCH_LIMIT: Final = 50
SESSIONS_KEPT: Final = 500


def parameters(content_type: str, body: bytes) -> dict[str, Any]:
    """Read a request's body.

    Args:
        content_type: the header; anything but JSON is taken for a form.
        body: the body; what cannot be read gives no parameters.

    Returns:
        The parameters, nested as PHP nests them.
    """
    text = body.decode("utf-8", errors="replace")
    if "json" not in content_type:
        return php_query.parse(text)
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


class PortalRest:
    """All sessions of one server. Safe to call from several threads."""

    def __init__(self) -> None:
        self._sessions: list[Session] = []
        self._lock = threading.Lock()

    def handle(self, method: str, params: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Answer one request.

        Args:
            method: as in ``/rest/METHOD.json``, with or without the ending.
            params: the parameters, the access token under ``auth``.

        Returns:
            The HTTP status and the answer, which is plain JSON.
        """
        started = time.time()
        name = method.removesuffix(".json").lower()
        try:
            if name.startswith("simulation."):
                with self._lock:
                    return 200, {"result": self._simulation(name, params)}
            with self._lock:
                session = self._authorised(params)
            time.sleep(session.faults.delay_s(name))
            with self._lock:
                session.faults.check(name)
                answer = self._batch(session, params) if name == "batch" else _call(session, name, params)
        except RestFault as fault:
            return fault.status, fault.answer()
        except (TypeError, ValueError) as error:
            return 400, {"error": "ERROR_ARGUMENT", "error_description": str(error)}
        return 200, {**answer, "time": _timing(started)}

    def _simulation(self, name: str, params: Params) -> object:
        if name == "simulation.session":
            session = Session.new(str(params.get("user", "")))
            self._make_room()
            self._sessions.append(session)
            return session.tokens()
        if name == "simulation.refresh":
            session = self._refreshable(str(params.get("refresh_token", "")))
            session.renew()
            return session.tokens()
        session = self._of_token(str(params.get("auth", "")))
        if name == "simulation.configure":
            session.configure(params)
            return True
        if name == "simulation.opened":
            remember_call(session, params)
            return True
        if name == "simulation.placements":
            return session.placements
        if name == "simulation.overtime":
            return take_registration_away(session)
        if name == "simulation.installed":
            session.installed = True
            return True
        if name == "simulation.ask":
            return _asked(session, params)
        if name == "simulation.notices":
            notices, session.notices = session.notices, []
            return notices
        raise RestFault(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")

    def _make_room(self) -> None:
        """Forget the session that is missed least: one that was never used, else the one whose use is longest ago."""
        while len(self._sessions) >= SESSIONS_KEPT:
            self._sessions.remove(min(self._sessions, key=lambda session: session.used_at))

    def _refreshable(self, refresh_token: str) -> Session:
        for session in self._sessions:
            if session.refresh_token == refresh_token:
                return session
        raise RestFault(400, "invalid_grant", "The refresh token is not known")

    def _of_token(self, token: str) -> Session:
        for session in self._sessions:
            if token and (token == session.access_token or token in session.former_tokens):
                session.used_at = time.monotonic()
                return session
        raise RestFault(401, "invalid_token", "Unable to get application by token")

    def _authorised(self, params: Params) -> Session:
        token = str(params.get("auth", ""))
        if not token:
            raise RestFault(401, "NO_AUTH_FOUND", "Wrong authorization data")
        session = self._of_token(token)
        if not session.accepts(token):
            raise RestFault(401, "expired_token", "The access token provided has expired.")
        return session

    def _batch(self, session: Session, params: Params) -> Record:
        commands = _keyed(params.get("cmd"))
        if len(commands) > BATCH_LIMIT:
            raise RestFault(400, "ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
        parts: dict[str, dict[str, Any]] = {
            name: {} for name in ("result", "result_error", "result_total", "result_next")
        }
        for key, command in commands.items():
            name, _, query = str(command).partition("?")
            try:
                answer = _call(session, name.lower(), php_query.parse(query))
            except RestFault as fault:
                parts["result_error"][key] = fault.answer()
                if _is_true(params.get("halt")):
                    break
                continue
            for part in ("result", "next", "total"):
                if part in answer:
                    parts["result" if part == "result" else f"result_{part}"][key] = answer[part]
        as_list = isinstance(params.get("cmd"), list)
        return {"result": {name: _php_array(part, as_list) for name, part in parts.items()}}


def _asked(session: Session, params: Params) -> Record:
    """Answer the portal's own card: its method's answer or error, whatever the app may ask and however often."""
    if session.faults.down:
        return {"error": "INTERNAL_SERVER_ERROR"}
    given = params.get("params")
    try:
        method = _method(str(params.get("method", "")).lower())
        return _answer(method(session, given if isinstance(given, Mapping) else {}))
    except RestFault as fault:
        return fault.answer()


def _call(session: Session, name: str, params: Params) -> Record:
    for stub in session.faults.stub(name):
        return _stubbed(stub)
    method = _method(name)
    if name in session.faults.deny:
        raise RestFault(403, "ACCESS_DENIED", "Access denied!")
    check_scope(session, name)
    return _answer(method(session, params))


def _stubbed(stub: object) -> Record:
    """Give the answer that somebody wants of a method, whatever the portal has."""
    if isinstance(stub, Mapping) and isinstance(stub.get("error"), str):
        raise RestFault(400, stub["error"], str(stub.get("error_description", "")))
    return {"result": stub}


def _method(name: str) -> Method:
    method = METHODS.get(name)
    if method is None:
        raise RestFault(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")
    return method


def _answer(result: object) -> Record:
    if not isinstance(result, Page):
        return {"result": result}
    answer: Record = {"result": result.records, "total": result.total}
    if result.following is not None:
        answer["next"] = result.following
    return answer


def _keyed(commands: object) -> dict[str, Any]:
    if isinstance(commands, Mapping):
        return {str(key): command for key, command in commands.items()}
    if isinstance(commands, list):
        return {str(index): command for index, command in enumerate(commands)}
    return {}


def _php_array(part: dict[str, Any], as_list: bool) -> object:
    """Give a part of a batch as PHP writes it: an empty array is a list, whatever its keys would have been."""
    if not part or (as_list and list(part) == [str(index) for index in range(len(part))]):
        return list(part.values())
    return part


def _is_true(flag: object) -> bool:
    return str(flag).lower() in {"1", "true", "y"}


def _timing(started: float) -> Record:
    finished = time.time()
    return {
        "start": started,
        "finish": finished,
        "duration": finished - started,
        "processing": finished - started,
        "date_start": datetime.fromtimestamp(started, UTC).isoformat(),
        "date_finish": datetime.fromtimestamp(finished, UTC).isoformat(),
    }
