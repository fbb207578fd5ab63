"""What was asked of a page and awaits its answer: commands, REST, functions of the page."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .deadline import Deadline
from .errors import PageGone, WorkerPyError
from .wire import word

Send = Callable[[str, Mapping[str, Any]], None]
"""Hands one message to the page with this id; raises when it is not JSON."""

SILENCE: dict[str, Any] = {}
"""Stands for an answer where silence is success."""

PROVEN: dict[str, Any] = {}
"""The same where it is proven that no answer will come."""

UNTOLD = "?"
"""What the ids of questions begin with whose answers nobody misses, and nobody counts."""

_REMEMBERED = 500


@dataclass(slots=True, eq=False)
class _Pending(Deadline):
    """A question, and the deadline of its answer."""

    id: str
    page_id: str
    future: asyncio.Future[dict[str, Any]]
    expired: Callable[[], WorkerPyError]
    silent: bool
    silent_ok_ms: float | None
    sent: bool = False


class Requests:
    """Gives every question an id and a deadline, and every answer to its question.

    An answer that comes late, or a second time, changes nothing and is told to ``stray``.
    """

    def __init__(self, send: Send, stray: Callable[[str, str, str], None]) -> None:
        """Create an empty register.

        Args:
            send: hands a message to a page.
            stray: told of an answer that nobody awaits: page id, request id, ``late`` or
                ``second`` or ``unknown``.
        """
        self._send = send
        self._stray = stray
        self._count = 0
        self._pending: dict[str, _Pending] = {}
        self._listeners: dict[str, tuple[str, Callable[[dict[str, Any]], None]]] = {}
        self._ended: OrderedDict[str, str] = OrderedDict()

    def next_id(self, kind: str) -> str:
        """A new id, such as ``c12``."""
        self._count += 1
        return f"{kind[0]}{self._count}"

    async def ask(
        self,
        page_id: str,
        message: dict[str, Any],
        *,
        timeout_ms: float | None,
        expired: Callable[[], WorkerPyError],
        silent_ok_ms: float | None = None,
        silent: bool = False,
        overdue_ms: float = 0,
        overdue: Callable[[], None] | None = None,
    ) -> dict[str, Any]:
        """Send a question, which must hold an ``id``, and return the message that answers it.

        Args:
            page_id: whom to ask.
            message: the question.
            timeout_ms: the deadline, counted from now; ``None`` for none.
            expired: makes the error for a missing answer.
            silent_ok_ms: with ``silent``, how long the silence is that counts as an answer,
                from the moment at which the page passed the question on.
            silent: silence is success.
            overdue_ms: how long an answer may take before ``overdue`` is called; 0: that is called once the question is
                on its way.
            overdue: told that there is no answer yet.

        Raises:
            PageGone: the page went away meanwhile.
        """
        loop = asyncio.get_running_loop()
        request_id: str = message["id"]
        self._send(page_id, message)
        pending = _Pending(request_id, page_id, loop.create_future(), expired, silent, silent_ok_ms)
        self._pending[request_id] = pending
        if overdue is not None and overdue_ms and (timeout_ms is None or overdue_ms < timeout_ms):
            ends = None if timeout_ms is None else loop.time() + timeout_ms / 1000
            pending.begin(overdue_ms / 1000, self._overdue, pending, overdue, ends)
        else:
            self._set_timer(pending, timeout_ms)
            if overdue is not None and not overdue_ms:
                overdue()
        try:
            return await pending.future
        finally:
            pending.stop()
            self._pending.pop(request_id, None)
            self._ended[request_id] = "second" if _answered(pending.future) else "late"
            if len(self._ended) > _REMEMBERED:
                self._ended.popitem(last=False)

    def listen(self, page_id: str, message: dict[str, Any], heard: Callable[[dict[str, Any]], None]) -> None:
        """Send a question that nobody waits for; ``heard`` gets the first answer, if one ever comes."""
        self._listeners[message["id"]] = (page_id, heard)
        self._send(page_id, message)

    def ignore(self, request_id: str) -> None:
        """Listen no more for the answer to such a question."""
        self._listeners.pop(request_id, None)

    def settle(self, request_id: str, outcome: dict[str, Any] | WorkerPyError) -> None:
        """End a question without an answer of the page."""
        pending = self._pending.get(request_id)
        if pending is None or pending.future.done():
            return
        if isinstance(outcome, WorkerPyError):
            pending.future.set_exception(outcome)
        else:
            pending.future.set_result(outcome)

    def passed_on(self, page_id: str, request_id: str) -> None:
        """The page reports that it handed the question to the portal: silence counts from now."""
        pending = self._mine(page_id, request_id)
        if pending and not pending.sent:
            pending.sent = True
            if pending.silent and pending.silent_ok_ms is not None:
                self._set_timer(pending, pending.silent_ok_ms)

    def answered(self, page_id: str, message: dict[str, Any]) -> None:
        """Give an answer to its question."""
        request_id = word(message, "id")
        listener = self._listeners.get(request_id)
        if listener is not None and listener[0] == page_id:
            del self._listeners[request_id]
            listener[1](message)
            return
        if request_id.startswith(UNTOLD):
            return
        pending = self._mine(page_id, request_id)
        if pending is None or pending.future.done():
            ended = "second" if pending else self._ended.get(request_id, "unknown")
            self._stray(page_id, request_id, ended)
        else:
            pending.future.set_result(message)

    def page_gone(self, page_id: str) -> None:
        """End every question to this page."""
        for pending in list(self._pending.values()):
            if pending.page_id == page_id and not pending.future.done():
                pending.future.set_exception(PageGone(page_id))
        for request_id, (of, _) in list(self._listeners.items()):
            if of == page_id:
                del self._listeners[request_id]

    def _mine(self, page_id: str, request_id: str) -> _Pending | None:
        pending = self._pending.get(request_id)
        return pending if pending and pending.page_id == page_id else None

    def _set_timer(self, pending: _Pending, delay_ms: float | None) -> None:
        if delay_ms is not None:
            pending.begin(delay_ms / 1000, self._expire, pending)

    def _overdue(self, pending: _Pending, overdue: Callable[[], None], ends: float | None) -> None:
        if not pending.future.done():
            if ends is not None:
                pending.begin(ends - asyncio.get_running_loop().time(), self._expire, pending)
            overdue()

    def _expire(self, pending: _Pending) -> None:
        if not pending.future.done():
            if pending.sent and pending.silent:
                pending.future.set_result(SILENCE)
            else:
                pending.future.set_exception(pending.expired())


def _answered(future: asyncio.Future[dict[str, Any]]) -> bool:
    """Whether a real answer came; a further one is then the second, otherwise it is late."""
    if not future.done() or future.cancelled() or future.exception() is not None:
        return False
    return future.result() is not SILENCE and future.result() is not PROVEN
