"""The portal's REST, called through a page: the tokens stay there and never come here."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from . import outbox
from .cause import once_name, time_left_s
from .errors import RestError
from .rest_params import check_batched, check_call

RestCall = tuple[str] | tuple[str, Mapping[str, Any]] | list[Any]
"""A method and its parameters, which may be left out."""
Request = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""Sends one request through a page and returns its answer, or raises."""
Tell = Callable[[dict[str, Any]], None]
"""Tells the page something that has no answer."""

RATE_LIMITED = "QUERY_LIMIT_EXCEEDED"
LOST = "NETWORK_ERROR"
"""The page's code for a connection that was lost: the portal may have carried the request out or not."""

_LIMITED_S = (0.5, 1.0, 2.0, 4.0, 8.0)
_LOST_S = (0.5, 1.0, 2.0)
_BATCH_SIZE = 50
_MAX_CODE = 200
_MAX_TEXT = 2000

_READING = frozenset({"count", "current", "fields", "get", "list", "search", "types"})
"""What a method's name ends with that reads and does nothing else."""
_READING_WHOLE = frozenset({"app.info", "events", "methods", "profile", "scope", "server.time", "user.admin"})
_NOT_READING = frozenset({"event.offline.get"})
"""It takes the events that it gives out of the queue."""
_NAME = re.compile(r"[\w-]+(\.[\w-]+)*", re.ASCII)
"""What a method is called: it becomes a part of an address, and of a batch's text."""


class Rest:
    """REST of the portal.

    Every method raises `RestError(code, description, status)` for the portal's refusals and for a
    missing answer (``REQUEST_TIMEOUT``, after ``rest_timeout_ms`` or what the handler's time leaves),
    and `PageGone` when the page that carried the request went away. A token that expired is
    refreshed by the page; the portal's rate limit is waited out.

    After a lost connection (``NETWORK_ERROR``) or an answer of status 5xx nobody knows whether the
    portal carried the request out. So it is repeated, up to three times, only when it does nothing
    but read (`reads`) or is ``idempotent``: when doing it twice is the same as doing it once.

    Source: https://apidocs.bitrix24.com/sdk/bx24-js-sdk/how-to-call-rest-methods/index.html
    """

    def __init__(self, request: Request, tell: Tell) -> None:
        self._request = request
        self._tell = tell

    async def call(self, method: str, params: Mapping[str, Any] | None = None, *, idempotent: bool = False) -> Any:
        """Call one method and return its ``result``.

        Args:
            method: such as ``crm.contact.get``.
            params: anything that JSON can carry; whole numbers beyond 2**53 as text.
            idempotent: it may be sent again after a lost connection or an error of status 5xx.

        Raises:
            TypeError: parameters that JSON cannot carry.
            ValueError: no name of a method; a whole number that would be rounded on the way, or too many levels.
        """
        checked = _params(params)
        answer = await self._ask(
            outbox.rest(_method(method), checked, once=once_name()), again=idempotent or reads(method)
        )
        return answer.get("result")

    async def batch(
        self,
        calls: Mapping[str, RestCall],
        *,
        halt: bool = False,
        return_errors: bool = False,
        idempotent: bool = False,
    ) -> dict[str, Any]:
        """Call many methods in as few requests as the portal allows (50 a request).

        Args:
            calls: ``{"any key": ("crm.contact.get", {"id": 1}), …}``.
            halt: stop at the first one that fails.
            return_errors: put a `RestError` in the place of a result instead of raising.
            idempotent: none of the calls does harm when it is sent again after a lost connection or an error of
                status 5xx. What only reads is sent again in any case, if all calls of a request do.

        Returns:
            The results by the same keys, without those that ``halt`` left out.

        Raises:
            RestError: of the first call that failed, in the order given; of the request, when the portal refused
                it as a whole.
            ValueError: two keys are the same as text, such as ``1`` and ``"1"``; or an empty list or object within a
                parameter, which the calls of a batch cannot carry.
        """
        if not isinstance(calls, Mapping):
            raise TypeError(f"a batch is a mapping of calls, not {type(calls).__name__}")
        rows = _rows(calls)
        results: dict[str, Any] = {}
        keys = list(rows)
        for start in range(0, len(keys), _BATCH_SIZE):
            part = {key: rows[key] for key in keys[start : start + _BATCH_SIZE]}
            again = idempotent or all(reads(method) for method, _ in part.values())
            answer = await self._ask(outbox.rest_batch(part, halt=bool(halt), once=once_name()), again=again)
            failed = _read_batch(part, answer.get("result"), results, bool(halt))
            if failed is not None and not return_errors:
                raise failed
            if failed is not None and halt:
                break
        return results

    async def list(
        self, method: str, params: Mapping[str, Any] | None = None, *, idempotent: bool = False
    ) -> AsyncIterator[Any]:
        """Iterate over all items of a list method, page by page as they are needed.

        Args:
            method: such as ``crm.contact.list``.
            params: filter, order and select as the method documents them; ``start`` for where to begin.
            idempotent: as for `call`, for a method that `reads` does not know.
        """
        checked = _params(params)
        message = outbox.rest(_method(method), checked, paged=True)
        again = idempotent or reads(method)
        cursor: str | None = None
        try:
            while True:
                answer = await self._ask(message, again=again)
                cursor = answer.get("cursor")
                for item in _items(answer.get("result")):
                    yield item
                if not cursor:
                    return
                message = outbox.rest_next(cursor)
        finally:
            if cursor:
                self._tell(outbox.rest_done(cursor))

    async def _ask(self, message: dict[str, Any], *, again: bool) -> dict[str, Any]:
        """Send a request, waiting out the portal's rate limit, and lost connections where it may be sent ``again``."""
        attempt = 0
        while True:
            answer, error = {}, None
            try:
                answer = await self._request(message)
                if message["t"] == "rest_batch":
                    error = _refused_whole(answer.get("result"))
            except RestError as refusal:
                error = refusal
            delays = _delays(error, again)
            left_s = time_left_s()
            if attempt < len(delays) and (left_s is None or delays[attempt] < left_s):
                await asyncio.sleep(delays[attempt])
                attempt += 1
            elif error is None or answer:
                return answer
            else:
                raise error


def reads(method: str) -> bool:
    """Whether a method does nothing but read, so that it may be sent again without harm.

    Those whose name ends with ``count``, ``current``, ``fields``, ``get``, ``list``, ``search`` or ``types``, but for
    ``event.offline.get``; and ``app.info``, ``events``, ``methods``, ``profile``, ``scope``, ``server.time`` and
    ``user.admin``.
    """
    name = method.lower()
    if name in _READING_WHOLE:
        return True
    return "." in name and name.rpartition(".")[2] in _READING and name not in _NOT_READING


def _delays(error: RestError | None, again: bool) -> tuple[float, ...]:
    """After which pauses a request that ended so is sent again."""
    if error is None or error.final:
        return ()
    if error.code == RATE_LIMITED:
        return _LIMITED_S
    return _LOST_S if again and (error.code == LOST or 500 <= error.status <= 599) else ()


def _rows(calls: Mapping[str, RestCall]) -> dict[str, list[Any]]:
    """The calls of a batch as the page takes them."""
    rows: dict[str, list[Any]] = {}
    for key, call in calls.items():
        if str(key) in rows:
            raise ValueError(f"two calls of the batch have the key {str(key)!r}; give each a key of its own")
        if not isinstance(call, tuple | list) or not 1 <= len(call) <= 2:
            raise TypeError(f"call {key!r} of a batch should be (method, parameters), not {type(call).__name__}")
        params = _dict(call[1] if len(call) == 2 else None)
        check_batched(str(key), params)
        rows[str(key)] = [_method(call[0]), params]
    return rows


def _refused_whole(answered: object) -> RestError | None:
    """Why the portal refused a batch as a whole: then the page says the same of each call."""
    rows = list(answered.values()) if isinstance(answered, dict) else []
    errors = [row.get("error") if isinstance(row, dict) else None for row in rows]
    found = [rest_error(each) for each in errors if isinstance(each, dict)]
    if len(found) < len(rows) or len({(error.code, error.status) for error in found}) != 1:
        return None
    return found[0]


def _read_batch(part: Mapping[str, Any], answered: object, results: dict[str, Any], halt: bool) -> RestError | None:
    """Put a batch's answers into ``results``; returns the first error among them."""
    rows = answered if isinstance(answered, dict) else {}
    first: RestError | None = None
    for key in part:
        row = rows.get(key)
        if isinstance(row, dict) and not isinstance(row.get("error"), dict):
            results[key] = row.get("result")
        elif isinstance(row, dict):
            results[key] = rest_error(row["error"])
            first = first or results[key]
        elif first is None or not halt:
            results[key] = RestError("NO_RESULT", f"the answer to the batch lacks call {key!r}")
            first = first or results[key]
    return first


def rest_error(fields: Mapping[str, Any]) -> RestError:
    """A `RestError` from the page's ``{code, description, status}``; what is too long of it is cut."""
    status = fields.get("status")
    error = RestError(
        str(fields.get("code") or "UNKNOWN_ERROR")[:_MAX_CODE],
        str(fields.get("description") or "")[:_MAX_TEXT],
        status if isinstance(status, int) else 0,
    )
    error.final = fields.get("final") is True
    return error


def _items(result: object) -> list[Any]:
    """The items of a list method's page: a list, or an object with one list in it."""
    if isinstance(result, list):
        return result
    if isinstance(result, dict):
        lists = [value for value in result.values() if isinstance(value, list)]
        if len(lists) == 1:
            return lists[0]
    if result is None:
        return []
    raise RestError("NOT_A_LIST", "the method's result holds no list to iterate over")


def _method(method: object) -> str:
    if not isinstance(method, str) or not method:
        raise TypeError(f"a REST method is a non-empty str, not {type(method).__name__}")
    if not _NAME.fullmatch(method):
        raise ValueError(f"{method!r} is no name of a REST method: such as 'crm.contact.get'")
    return method


def _dict(params: object) -> dict[str, Any]:
    if params is None:
        return {}
    if not isinstance(params, Mapping):
        raise TypeError(f"REST parameters are a mapping, not {type(params).__name__}")
    return dict(params)


def _params(params: object) -> dict[str, Any]:
    given = _dict(params)
    check_call(given)
    return given
