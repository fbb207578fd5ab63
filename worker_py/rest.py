"""The portal's REST, called through a page: the tokens stay there and never come here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from . import outbox
from .errors import RestError

RestCall = tuple[str] | tuple[str, Mapping[str, Any]] | list[Any]
"""A method and its parameters, which may be left out."""
Request = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""Sends one request through a page and returns its answer, or raises."""
Tell = Callable[[dict[str, Any]], None]
"""Tells the page something that has no answer."""

RATE_LIMITED = "QUERY_LIMIT_EXCEEDED"
_BACK_OFF_S = (0.5, 1.0, 2.0, 4.0, 8.0)
_BATCH_SIZE = 50


class Rest:
    """REST of the portal.

    Every method raises `RestError(code, description, status)` for the portal's refusals and for a
    missing answer (``REQUEST_TIMEOUT``, after ``rest_timeout_ms``), and `PageGone` when the page
    that carried the request went away. A token that expired is refreshed by the page; the portal's
    rate limit is waited out.

    Source: https://apidocs.bitrix24.com/sdk/bx24-js-sdk/how-to-call-rest-methods/index.html
    """

    def __init__(self, request: Request, tell: Tell) -> None:
        self._request = request
        self._tell = tell

    async def call(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        """Call one method and return its ``result``.

        Args:
            method: such as ``crm.contact.get``.
            params: anything that JSON can carry.
        """
        answer = await self._ask(outbox.rest(_method(method), _dict(params)))
        return answer.get("result")

    async def batch(
        self,
        calls: Mapping[str, RestCall],
        *,
        halt: bool = False,
        return_errors: bool = False,
    ) -> dict[str, Any]:
        """Call many methods in as few requests as the portal allows (50 a request).

        Args:
            calls: ``{"any key": ("crm.contact.get", {"id": 1}), …}``.
            halt: stop at the first one that fails.
            return_errors: put a `RestError` in the place of a result instead of raising.

        Returns:
            The results by the same keys, without those that ``halt`` left out.

        Raises:
            RestError: of the first call that failed, in the order given.
            ValueError: two keys are the same as text, such as ``1`` and ``"1"``.
        """
        if not isinstance(calls, Mapping):
            raise TypeError(f"a batch is a mapping of calls, not {type(calls).__name__}")
        rows = _rows(calls)
        results: dict[str, Any] = {}
        keys = list(rows)
        for start in range(0, len(keys), _BATCH_SIZE):
            part = {key: rows[key] for key in keys[start : start + _BATCH_SIZE]}
            answer = await self._ask(outbox.rest_batch(part, halt=bool(halt)))
            failed = _read_batch(part, answer.get("result"), results, bool(halt))
            if failed is not None and not return_errors:
                raise failed
            if failed is not None and halt:
                break
        return results

    async def list(self, method: str, params: Mapping[str, Any] | None = None) -> AsyncIterator[Any]:
        """Iterate over all items of a list method, page by page as they are needed.

        Args:
            method: such as ``crm.contact.list``.
            params: filter, order and select as the method documents them.
        """
        first = outbox.rest(_method(method), _dict(params), paged=True)
        answer = await self._ask(first)
        while True:
            cursor = answer.get("cursor")
            try:
                for item in _items(answer.get("result")):
                    yield item
                following, cursor = cursor, None
            finally:
                if cursor:
                    self._tell(outbox.rest_done(cursor))
            if not following:
                return
            answer = await self._ask(outbox.rest_next(following))

    async def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """Send a request, waiting out the portal's rate limit."""
        for delay in _BACK_OFF_S:
            try:
                answer = await self._request(message)
                if not _all_rate_limited(answer.get("result") if message["t"] == "rest_batch" else None):
                    return answer
            except RestError as error:
                if error.code != RATE_LIMITED:
                    raise
            await asyncio.sleep(delay)
        return await self._request(message)


def _rows(calls: Mapping[str, RestCall]) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = {}
    for key, call in calls.items():
        if str(key) in rows:
            raise ValueError(f"two calls of the batch have the key {str(key)!r}; give each a key of its own")
        rows[str(key)] = _row(key, call)
    return rows


def _row(key: object, call: object) -> list[Any]:
    """One call of a batch as the page takes it."""
    if not isinstance(call, tuple | list) or not 1 <= len(call) <= 2:
        raise TypeError(f"call {key!r} of a batch should be (method, parameters), not {type(call).__name__}")
    return [_method(call[0]), _dict(call[1] if len(call) == 2 else None)]


def _all_rate_limited(answered: object) -> bool:
    """Whether the portal refused a batch as a whole: the client says so of each call."""
    rows = answered.values() if isinstance(answered, dict) else ()
    errors = [row.get("error") for row in rows if isinstance(row, dict)]
    return bool(errors) and all(isinstance(each, dict) and each.get("code") == RATE_LIMITED for each in errors)


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
    """A `RestError` from the page's ``{code, description, status}``."""
    status = fields.get("status")
    return RestError(
        str(fields.get("code") or "UNKNOWN_ERROR"),
        str(fields.get("description") or ""),
        status if isinstance(status, int) else 0,
    )


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
    return method


def _dict(params: object) -> dict[str, Any]:
    if params is None:
        return {}
    if not isinstance(params, Mapping):
        raise TypeError(f"REST parameters are a mapping, not {type(params).__name__}")
    return dict(params)
