"""A portal page that is attached to the interpreter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .cause import CAUSE
from .commands import SILENT_COMMANDS, Command
from .errors import (
    CommandFailed,
    CommandTimeout,
    PageCallFailed,
    PageCallTimeout,
    PageGone,
    RestError,
    WorkerPyError,
)
from .requests import Requests
from .rest import Rest, rest_error
from .settings import Settings, check_limit
from .wire import error_code

if TYPE_CHECKING:
    from .routing import Delivery
    from .session import Session


@dataclass(slots=True, eq=False)
class Inbox:
    """What a page has delivered, and what of it is not finished."""

    last_seq: int = 0
    running: set[int] = field(default_factory=set)
    early: list[Delivery] = field(default_factory=list)
    """Events that came before ``initialized`` and wait for it."""
    early_timer: asyncio.TimerHandle | None = None


class Page:
    """One page of the portal; commands, REST and functions of the page go through it.

    Attributes:
        id: unique for each load of the page.
        mode: how the page hosts the interpreter, such as ``dedicated``.
        rest: REST through this page.
    """

    def __init__(
        self,
        page_id: str,
        mode: str,
        requests: Requests,
        settings: Settings,
        clock: Callable[[], float],
        tell: Callable[[Page, Mapping[str, Any]], None],
    ) -> None:
        self.id = page_id
        self.mode = mode
        self.gone = False
        self.current: Session | None = None
        self.closed: Session | None = None
        """The call whose card was closed here, until another one is shown."""
        self.foreign: str | None = None
        self.inbox = Inbox()
        self._requests = requests
        self._settings = settings
        self._clock = clock
        self._tell = tell
        self.rest = Rest(self._ask_rest, lambda message: tell(self, message))

    def __repr__(self) -> str:
        return f"<Page {self.id}{' (gone)' if self.gone else ''}>"

    async def call(self, name: str, params: Any = None, *, timeout_s: float | None = 30) -> Any:
        """Call a function that the page provides (``workerPy.provide(name, fn)``).

        Args:
            name: the function's name.
            params: its argument: anything that JSON can carry.
            timeout_s: how long to wait for its answer; ``None`` for no limit. When the wait ends
                early, also because the handler was cancelled, the function's ``signal`` aborts.

        Returns:
            What the function returned, or what its promise resolved to.

        Raises:
            PageCallFailed: it threw, or nobody provides it.
            PageCallTimeout: it did not answer in time.
            PageGone: the page went away.
        """
        if not isinstance(name, str):
            raise TypeError(f"the name of a page function is a str, not {type(name).__name__}")
        check_limit("timeout_s", timeout_s)
        message = {"t": "call", "id": self._requests.next_id("page"), "name": name}
        message["params"] = params
        timeout_ms = None if timeout_s is None else timeout_s * 1000
        try:
            answer = await self._ask(
                message,
                timeout_ms=timeout_ms,
                expired=lambda: PageCallTimeout(name, timeout_s or 0),
            )
        except (asyncio.CancelledError, PageCallTimeout):
            self._tell(self, {"t": "cancel", "id": message["id"]})
            raise
        error = answer.get("error")
        if isinstance(error, dict):
            raise PageCallFailed(name, str(error.get("name")), str(error.get("message")))
        return answer.get("value")

    async def execute(self, command: Command) -> Any:
        """Carry out a command of the call card and return the portal's answer.

        Raises:
            CommandFailed: the portal answered with an error.
            CommandTimeout: it did not answer.
            PageGone: the page went away.
        """
        request_id = self._requests.next_id("command")
        limit = self._settings.command_timeout_ms
        message: dict[str, Any] = {"t": "command", "id": request_id, "command": command.name, "params": command.params}
        silent = command.name in SILENT_COMMANDS
        if silent:
            message["silent"] = True
        answer = await self._ask(
            message,
            timeout_ms=limit,
            expired=lambda: CommandTimeout(command.name, limit or 0, request_id),
            silent_ok_ms=self._settings.silent_ok_ms,
            silent=silent,
        )
        code = _refusal(answer) or error_code(answer.get("answer"))
        if code is not None:
            raise CommandFailed(command.name, code)
        return answer.get("answer")

    async def _ask_rest(self, message: dict[str, Any]) -> dict[str, Any]:
        limit = self._settings.rest_timeout_ms
        text = f"no answer within {limit or 0:g} ms"
        answer = await self._ask(
            {**message, "id": self._requests.next_id("rest")},
            timeout_ms=limit,
            expired=lambda: RestError("REQUEST_TIMEOUT", text),
        )
        if isinstance(answer.get("error"), dict):
            raise rest_error(answer["error"])
        return answer

    async def _ask(self, message: dict[str, Any], **limits: Any) -> dict[str, Any]:
        """Ask the page, and tell it afterwards how it ended, for its trace."""
        if self.gone:
            raise PageGone(self.id)
        started = self._clock()
        outcome = "cancelled"
        try:
            answer = await self._requests.ask(self.id, message, **limits)
            outcome = _outcome(answer)
            return answer
        except asyncio.CancelledError:
            raise
        except WorkerPyError as error:
            outcome = _named_outcome(error)
            raise
        except (TypeError, ValueError, RecursionError):
            outcome = "not sent"  # JSON cannot carry its parameters
            raise
        finally:
            self._tell(
                self,
                {
                    "t": "outcome",
                    "id": message["id"],
                    "kind": message["t"],
                    "name": message.get("command") or message.get("method") or message.get("name") or "",
                    "outcome": outcome,
                    "ms": round(self._clock() - started, 1),
                    "started": int(started),
                    "cause": CAUSE.get(),
                },
            )


def _refusal(answer: Mapping[str, Any]) -> str | None:
    """Why the page could not pass a command on, if so."""
    return str(answer.get("error")) if answer.get("t") == "refused" else None


def _outcome(answer: Mapping[str, Any]) -> str:
    if answer.get("t") == "silence":
        return "silence"
    error = answer.get("error")
    if isinstance(error, dict):
        return str(error.get("code") or error.get("name"))
    return str(error or error_code(answer.get("answer")) or "ok")


def _named_outcome(error: WorkerPyError) -> str:
    if isinstance(error, PageGone):
        return "page gone"
    if isinstance(error, RestError):
        return error.code
    return "timeout"
