"""A portal page that is attached to the interpreter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from . import inbox, outbox
from .cause import CAUSE, time_left_s
from .commands import SILENT_COMMANDS, Command, may_be_silent
from .errors import (
    CommandFailed,
    CommandTimeout,
    PageCallFailed,
    PageCallTimeout,
    PageGone,
    RestError,
    WorkerPyError,
)
from .outbox import Outbox, Purpose
from .probes import Probes
from .requests import PROVEN, SILENCE, UNTOLD, Requests
from .rest import Rest, rest_error
from .settings import Settings, check_limit
from .wire import error_code

PROBE_AFTER_MS = 50
"""How long a command may be unanswered before the probe is sent behind it."""

INTERFACE_S = 0.3
"""How long to wait for the portal's list of commands; it answers when it answers at all."""

UNANSWERED = "UNANSWERED"
"""The error code of a command that the portal has worked off without an answer."""

UNKNOWN_COMMAND = "UNKNOWN_COMMAND"
"""The same when the portal does not list the command."""


class Carried(NamedTuple):
    """A command that was carried out."""

    answer: Any
    proven: bool
    """There was no answer: what was sent behind it proves that none will come."""


class Page:
    """One page of the portal; commands, REST and functions of the page go through it.

    Attributes:
        id: unique for each load of the page.
        mode: how the page hosts the interpreter, such as ``dedicated``.
        rest: REST through this page.
        probes: asks the page whether it shows a card.
    """

    def __init__(
        self,
        page_id: str,
        mode: str,
        requests: Requests,
        settings: Callable[[], Settings],
        clock: Callable[[], float],
        out: Outbox,
        probed: Callable[[Page, bool], None] = lambda _, __: None,
    ) -> None:
        self.id = page_id
        self.mode = mode
        self.gone = False
        self._requests = requests
        self._settings = settings
        self._clock = clock
        self._out = out
        self.rest = Rest(self._ask_rest, lambda message: out.tell(self, message))
        self.probes = Probes(page_id, requests, lambda shown: probed(self, shown))

    def __repr__(self) -> str:
        return f"<Page {self.id}{' (gone)' if self.gone else ''}>"

    def probe(self, answered: Callable[[], None] = lambda: None) -> None:
        """Ask whether the page shows a card, if it is still there; what it has been told before that, came before."""
        if not self.gone:
            self.probes.send(answered)

    async def call(self, name: str, params: Any = None, *, timeout_s: float | None = 30) -> Any:
        """Call a function that the page provides (``workerPy.provide(name, fn)``).

        Args:
            name: the function's name.
            params: its argument: anything that JSON can carry.
            timeout_s: how long to wait for its answer, at most what remains of the handler's time; ``None`` for no
                limit but that. When the wait ends early, also because the handler was cancelled, the function's
                ``signal`` aborts.

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
        message = outbox.call(self._requests.next_id("page"), name, params)
        timeout_ms = None if timeout_s is None else timeout_s * 1000
        answer = await self._ask_for(message, timeout_ms, lambda after_ms: PageCallTimeout(name, after_ms / 1000))
        error = answer.get("error")
        if isinstance(error, dict):
            raise PageCallFailed(name, str(error.get("name")), str(error.get("message")))
        return answer.get("value")

    async def execute(self, command: Command, purpose: Purpose | None = None) -> Carried:
        """Carry out a command of the call card in this window.

        Args:
            command: the command.
            purpose: what it is for when it is not the app's own.

        Raises:
            CommandFailed: the portal answered with an error, or has worked it off without an answer.
            CommandTimeout: it answered neither this nor the probe behind it.
            PageGone: the page went away.
        """
        request_id = self._requests.next_id("command")
        silent = command.name in SILENT_COMMANDS

        def overdue() -> None:
            self.probes.watch(request_id, lambda: self._proven(request_id, command))
            self.probe()

        try:
            answer = await self._ask(
                outbox.command(request_id, command.name, command.params, silent=silent, purpose=purpose),
                timeout_ms=self._settings().command_timeout_ms,
                expired=lambda after_ms: CommandTimeout(command.name, after_ms, request_id),
                silent_ok_ms=self._settings().silent_ok_ms,
                silent=silent,
                overdue_ms=0 if may_be_silent(command) else PROBE_AFTER_MS,
                overdue=overdue,
            )
        finally:
            self.probes.unwatch(request_id)
        code = _refusal(answer) or error_code(answer.get("answer"))
        if code is not None:
            raise CommandFailed(command.name, code)
        return Carried(answer.get("answer"), answer is PROVEN)

    def _proven(self, request_id: str, command: Command) -> None:
        """No answer will come: a success where silence is known to be one, else a failure whose reason is asked for."""
        if may_be_silent(command):
            self._requests.settle(request_id, PROVEN)
            return
        question = outbox.interface(self._requests.next_id(UNTOLD))

        def failed(code: str) -> None:
            self._requests.ignore(question["id"])
            self._requests.settle(request_id, CommandFailed(command.name, code))

        def heard(answer: dict[str, Any]) -> None:
            names = inbox.read_commands(answer)
            failed(UNANSWERED if names is None or command.name in names else UNKNOWN_COMMAND)

        self._requests.listen(self.id, question, heard)
        asyncio.get_running_loop().call_later(INTERFACE_S, failed, UNANSWERED)

    async def _ask_rest(self, message: dict[str, Any]) -> dict[str, Any]:
        answer = await self._ask_for(
            {**message, "id": self._requests.next_id("rest")},
            self._settings().rest_timeout_ms,
            lambda after_ms: RestError("REQUEST_TIMEOUT", f"no answer within {after_ms:.0f} ms"),
        )
        if isinstance(answer.get("error"), dict):
            raise rest_error(answer["error"])
        return answer

    async def _ask_for(
        self, message: dict[str, Any], timeout_ms: float | None, expired: Callable[[float], WorkerPyError]
    ) -> dict[str, Any]:
        """Ask for something that the page stops working on when nobody waits for it any more."""
        try:
            return await self._ask(message, timeout_ms=timeout_ms, expired=expired)
        except (asyncio.CancelledError, PageCallTimeout, RestError):
            self._out.tell(self, outbox.cancel(message["id"]))
            raise

    async def _ask(
        self,
        message: dict[str, Any],
        *,
        timeout_ms: float | None,
        expired: Callable[[float], WorkerPyError],
        **limits: Any,
    ) -> dict[str, Any]:
        """Ask the page, within the handler's time, and tell it afterwards how it ended, for its trace."""
        if self.gone:
            raise PageGone(self.id)
        left_s = time_left_s()
        out_of_time = left_s is not None and (timeout_ms is None or left_s * 1000 < timeout_ms)
        limit_ms = left_s * 1000 if left_s is not None and out_of_time else timeout_ms

        def too_late() -> WorkerPyError:
            error = expired(limit_ms or 0)
            if out_of_time:
                error.out_of_time = True
            return error

        started = self._clock()
        outcome = "cancelled"
        try:
            answer = await self._requests.ask(self.id, message, timeout_ms=limit_ms, expired=too_late, **limits)
            outcome = _outcome(answer)
            return answer
        except asyncio.CancelledError:
            raise
        except WorkerPyError as error:
            outcome = _named_outcome(error)
            raise
        except (TypeError, ValueError, RecursionError):
            outcome = "not_sent"  # JSON cannot carry its parameters
            raise
        finally:
            took = self._clock() - started
            also = {"purpose": message["purpose"]} if "purpose" in message else {}
            ended = outbox.outcome(message, outcome, ms=took, started=started, cause=CAUSE.get(), also=also)
            self._out.tell(self, ended)


def _refusal(answer: Mapping[str, Any]) -> str | None:
    """Why the page could not pass a command on, if so."""
    return str(answer.get("error")) if answer.get("t") == "refused" else None


def _outcome(answer: Mapping[str, Any]) -> str:
    if answer is PROVEN:
        return "proven"
    if answer is SILENCE:
        return "silence"
    error = answer.get("error")
    if isinstance(error, dict):
        return str(error.get("code") or error.get("name"))
    return str(error or error_code(answer.get("answer")) or "ok")


def _named_outcome(error: WorkerPyError) -> str:
    if isinstance(error, PageGone):
        return "page_gone"
    if isinstance(error, RestError):
        return error.code
    if isinstance(error, CommandFailed):
        return error.error_code
    return "cancelled" if error.out_of_time else "timeout"
