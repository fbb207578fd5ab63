"""Running handlers: one after the other, each within its time, none able to stop the next."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypedDict

from . import failure
from .cause import TIME_LIMIT, TimeLimit
from .errors import HandlerTimeout, WorkerPyError
from .events import Event
from .registry import HandlerFailure, Registration, Registry, _Unset
from .settings import Settings
from .told import Told, told

_STUBBORN_S = 1.0
_CANCELLATIONS = 3
_REPORT_CHARS = 20_000

Enter = Callable[[str], None]
"""Told the handler's name whenever its code starts or goes on."""


class HandlerRun(TypedDict):
    """How one handler ended, as pages are told."""

    name: str
    duration_ms: float
    outcome: str
    """``ok``, ``failed`` or ``timeout``."""
    started: int
    """When it began, in milliseconds since the epoch."""


@dataclass(frozen=True, slots=True)
class FailureReport:
    """A failure as it is told to the page."""

    handler: str
    event: Event | None
    error: str
    """The exception's type."""
    text: str
    """The traceback, without this package's own frames among the app's."""
    exception: BaseException
    told: list[Told]
    """The same for the report sink: without a word of the exception's own."""


@dataclass(eq=False)
class Runner:
    """Runs handlers with the app's limits and turns every failure into a `HandlerFailure`."""

    registry: Registry
    """Where the error handlers are."""
    settings: Settings
    """The app's limits."""
    clock: Callable[[], float]
    """Milliseconds, for durations."""
    report: Callable[[FailureReport], None]
    """Told of every failure."""
    closing: bool = False
    """Whether a cancelled handler has not failed, but is being ended with its loop."""

    async def run(
        self,
        registrations: Iterable[Registration],
        args: tuple[Any, ...],
        event: Event | None,
        enter: Enter,
    ) -> list[HandlerRun]:
        """Run handlers of one event in their order, each to its end before the next."""
        runs = []
        for registration in tuple(registrations):
            started = self.clock()
            error = await self._attempt(registration, args, enter)
            took = round(self.clock() - started, 1)
            runs.append(
                HandlerRun(name=registration.name, duration_ms=took, outcome=_outcome(error), started=int(started))
            )
            if error is not None:
                await self._failed(registration, event, error, enter)
        return runs

    async def background_failed(self, error: BaseException, name: str, handler: Any) -> None:
        """Treat the failure of a task that a handler left behind like a handler's."""
        await self._failed(Registration(handler, name), None, error, lambda _: None)

    async def _attempt(self, registration: Registration, args: tuple[Any, ...], enter: Enter) -> BaseException | None:
        error = await self._call(registration, args, enter)
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            await _forget_cancellation(task)
        return error

    async def _call(self, registration: Registration, args: tuple[Any, ...], enter: Enter) -> BaseException | None:
        limited: _Limited | None = None
        try:
            enter(registration.name)
            result = registration.handler(*args, *registration.more)
            if inspect.iscoroutine(result) or inspect.isawaitable(result):
                limit = registration.timeout_s
                if isinstance(limit, _Unset):
                    limit = self.settings.handler_timeout_s
                limited = _Limited(_coroutine(result), registration.name, limit, enter)
                await limited
            elif inspect.isgenerator(result) or inspect.isasyncgen(result):
                raise TypeError(
                    f"{registration.name} gave a generator, which nobody runs; expected a function without `yield`, "
                    "also behind its decorators"
                )
        except GeneratorExit as error:
            if limited is not None and limited.torn_down:
                raise
            return error  # the handler's own
        except asyncio.CancelledError as error:
            if self.closing:
                raise
            return error
        except BaseException as error:  # noqa: BLE001 - SystemExit and the like are failures too
            return error
        return None

    async def _failed(
        self, registration: Registration, event: Event | None, error: BaseException, enter: Enter
    ) -> None:
        self.report(failure_report(registration.name, event, error))
        failed = HandlerFailure(event, registration.handler, error)
        for each in tuple(self.registry.error_handlers()):
            second = await self._attempt(each, (failed,), enter)
            if second is not None:
                self.report(failure_report(each.name, event, second))


@dataclass(slots=True, eq=False)
class _Limited:
    """Drives a handler's coroutine and ends it, from inside, when its time is over.

    First the handler sees `HandlerTimeout` where it awaits; if it goes on all the same, plain
    cancellations follow; if it swallows those too, it is closed and left.
    """

    coroutine: Coroutine[Any, Any, Any]
    name: str
    limit_s: float | None
    enter: Enter
    torn_down: bool = False
    """Whether the loop is ended, and the handler with it."""
    _cancelled: int = 0
    _seen: int = 0
    _thrown: int = 0
    _timer: asyncio.TimerHandle | None = None

    def __await__(self) -> Generator[Any, Any, Any]:
        task = asyncio.current_task()
        time_limit = None
        if self.limit_s is not None and task is not None:
            self._arm(task, self.limit_s)
            time_limit = TimeLimit(self.limit_s, asyncio.get_running_loop().time() + self.limit_s)
        before = TIME_LIMIT.get()
        TIME_LIMIT.set(time_limit)
        try:
            return (yield from self._drive(task))
        finally:
            TIME_LIMIT.set(before)  # and no reset: an abandoned handler may be closed in another context
            if time_limit:
                time_limit.ends = None
            if self._timer:
                self._timer.cancel()

    def _drive(self, task: asyncio.Task[Any] | None) -> Generator[Any, Any, Any]:
        thrown: BaseException | None = None
        while True:
            try:
                if thrown is None:
                    waited = self.coroutine.send(None)
                else:
                    waited = self.coroutine.throw(thrown)
            except StopIteration as stop:
                return stop.value
            except asyncio.CancelledError as error:
                if self._thrown and not isinstance(error, HandlerTimeout):
                    raise self._timeout() from error
                raise
            try:
                yield waited
                thrown = self._overdue(task)
            except GeneratorExit:
                self.torn_down = True
                self.coroutine.close()
                raise
            except BaseException as error:  # noqa: BLE001 - handed on to the handler
                thrown = self._translated(error, task)
            self.enter(self.name)

    def _overdue(self, task: asyncio.Task[Any] | None) -> BaseException | None:
        """What to throw when time is over, but what the handler waited for has swallowed the cancellation."""
        if self._cancelled == self._seen:
            return None
        return self._translated(asyncio.CancelledError(), task)

    def _arm(self, task: asyncio.Task[Any], delay_s: float) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(delay_s, self._expire, task)

    def _expire(self, task: asyncio.Task[Any]) -> None:
        self._cancelled += 1
        task.cancel()
        self._arm(task, _STUBBORN_S)

    def _translated(self, error: BaseException, task: asyncio.Task[Any] | None) -> BaseException:
        if not issubclass(type(error), asyncio.CancelledError) or self._cancelled == self._seen:
            return error
        while self._seen < self._cancelled:
            self._seen += 1
            if task is not None:
                task.uncancel()
        self._thrown += 1
        if self._thrown == 1:
            return self._timeout()
        if self._thrown <= _CANCELLATIONS:
            return error
        with suppress(RuntimeError):  # it ignores even that; nobody drives it any more
            self.coroutine.close()
        raise self._timeout()

    def _timeout(self) -> HandlerTimeout:
        return HandlerTimeout(self.name, (self.limit_s or 0) * 1000)


def failure_report(handler: str, event: Event | None, error: BaseException) -> FailureReport:
    """Describe a failure in text; never raises, whatever the exception's own methods do.

    A chain of causes that is too long is cut: freeing it could end the interpreter.
    """
    failure.shorten(error)
    try:
        text = text_of(error)
    except BaseException:  # noqa: BLE001 - what the app made of its exceptions may do anything
        text = failure.bare(error)
    if len(text) > _REPORT_CHARS:
        text = f"{text[: _REPORT_CHARS // 2]}\n…\n{text[-_REPORT_CHARS // 2 :]}"
    return FailureReport(handler, event, type(error).__name__, text, error, told(error))


def text_of(error: BaseException) -> str:
    """The traceback as Python prints it. Raises whatever the exception's own methods raise, and may be interrupted."""
    return failure.shown(error)


def _coroutine(awaitable: Awaitable[Any]) -> Coroutine[Any, Any, Any]:
    if inspect.iscoroutine(awaitable):
        return awaitable

    async def wait() -> Any:
        return await awaitable

    return wait()


def _outcome(error: BaseException | None) -> str:
    if error is None:
        return "ok"
    ours: Any = error if issubclass(type(error), WorkerPyError) else None  # `isinstance` would ask the app's object
    out_of_time = isinstance(ours, HandlerTimeout) or (ours is not None and ours.out_of_time)
    return "timeout" if out_of_time else "failed"


async def _forget_cancellation(task: asyncio.Task[Any]) -> None:
    """A handler that cancels its own task must not cancel the next handler with it."""
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(0)  # before Python 3.13, uncancel() does not take back what is still to be thrown
    while task.cancelling():
        task.uncancel()
