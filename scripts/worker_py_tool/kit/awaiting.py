"""Lets code that was written for Playwright's synchronous objects work with its asynchronous ones.

Such code runs in a greenlet of its own, as Playwright's synchronous objects themselves do: what it has to wait for is
awaited by the coroutine that runs it, on the loop of the test.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

import greenlet

P = ParamSpec("P")
T = TypeVar("T")


async def run(function: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """Run a function that uses objects of `as_synchronous`."""
    parent = greenlet.getcurrent()
    child = greenlet.greenlet(function, parent)
    child.gr_context = parent.gr_context
    given: Any = child.switch(*args, **named)
    while not child.dead:
        try:
            value = await given
        except BaseException as error:  # noqa: BLE001 - it is the function's to handle
            given = child.throw(error)
        else:
            given = child.switch(value)
    result: T = given
    return result


def as_synchronous(thing: Any) -> Any:
    """An object of Playwright's asynchronous interface, as the synchronous one has it. Only within `run`."""
    if inspect.isawaitable(thing):
        return as_synchronous(_wait(thing))
    if isinstance(thing, list):
        return [as_synchronous(each) for each in thing]
    if not type(thing).__module__.startswith("playwright."):
        return thing
    return _Entered(thing) if hasattr(thing, "__aenter__") else _Synchronous(thing)


def original(thing: Any) -> Any:
    """The asynchronous object behind one that `as_synchronous` gave."""
    return thing._thing if isinstance(thing, _Synchronous) else thing


def _wait(awaitable: Awaitable[Any]) -> Any:
    """Has the coroutine that runs this greenlet await it."""
    parent = greenlet.getcurrent().parent
    assert parent is not None, "nothing awaits this: call it within `run`"
    return parent.switch(awaitable)


class _Synchronous:
    def __init__(self, thing: Any) -> None:
        self._thing = thing

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._thing, name)
        if not inspect.ismethod(value):
            return as_synchronous(value)
        return lambda *args, **named: as_synchronous(value(*map(original, args), **named))


class _Entered(_Synchronous):
    """One that is entered and left, such as what expects a navigation."""

    def __enter__(self) -> Any:
        return as_synchronous(self._thing.__aenter__())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _wait(self._thing.__aexit__(kind, error, trace))
