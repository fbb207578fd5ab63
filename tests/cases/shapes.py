"""Handlers of every shape that Python has, each of a page event of its name: run in the kit and in a browser alike.

What each should come to stands in `handlers.json`. A shape that works tells its name.
"""

import asyncio
import contextlib
import functools
import types
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterator
from typing import Any

from worker_py import App
from worker_py.errors import RegistrationError
from worker_py.page import Page

app = App()
Shape = Callable[..., Any]


def shape(function: Shape, name: str = "") -> Shape:
    app.on_page_event(name or function.__name__)(function)
    return function


async def tell(name: str, page: Page) -> None:
    await page.call("tell", name)


def wrapped(function: Shape) -> Shape:
    @functools.wraps(function)
    def wrapper(*args: Any, **options: Any) -> Any:
        return function(*args, **options)

    return wrapper


# What works -------------------------------------------------------------------------------------


@shape
def plain_def(payload: str, page: Page) -> None:
    told.append(asyncio.get_running_loop().create_task(tell(payload, page)))


told: list[asyncio.Task[None]] = []


@shape
async def async_def(payload: str, page: Page) -> None:
    await tell(payload, page)


@shape
async def with_a_default(payload: str, page: Page, more: int = 1, *, other: int = 2) -> None:
    await tell(payload, page)


@shape
async def with_any_number(*args: Any, **options: Any) -> None:
    await tell(*args)


@shape
@wrapped
async def decorated(payload: str, page: Page) -> None:
    await tell(payload, page)


@shape
def gives_a_task(payload: str, page: Page) -> Awaitable[None]:
    return asyncio.ensure_future(tell(payload, page))


@shape
def gives_several_at_once(payload: str, page: Page) -> Awaitable[Any]:
    return asyncio.gather(asyncio.sleep(0), tell(payload, page))


@shape
@wrapped
@types.coroutine
def coroutine_of_a_generator(payload: str, page: Page) -> Generator[Any, Any, None]:
    yield from tell(payload, page).__await__()


class Shapes:
    def __init__(self, payload: str = "", page: Page | None = None) -> None:
        self.told = (payload, page)

    def __await__(self) -> Generator[Any, Any, None]:
        return tell(*self.told).__await__()  # type: ignore[arg-type]

    async def __call__(self, payload: str, page: Page) -> None:
        await tell(payload, page)

    def method(self, payload: str, page: Page) -> Coroutine[Any, Any, None]:
        return tell(payload, page)

    @classmethod
    async def of_class(cls, payload: str, page: Page) -> None:
        await tell(payload, page)

    @staticmethod
    async def static(payload: str, page: Page) -> None:
        await tell(payload, page)

    async def noted(self, note: str, payload: str, page: Page) -> None:
        await tell(payload, page)

    part = functools.partialmethod(noted, "note")

    def __repr__(self) -> str:
        raise ValueError


shape(lambda payload, page: tell(payload, page), "lambda")
shape(functools.partial(Shapes().noted, "note"), "partial")
shape(functools.partial(functools.partial(with_a_default, more=3), other=4), "partial of a partial")
shape(Shapes().part, "partial method")
shape(Shapes().method, "bound method")
shape(Shapes.of_class, "class method")
shape(Shapes.static, "static method")
shape(Shapes(), "callable object")
shape(Shapes, "class whose objects can be awaited")


# What is refused --------------------------------------------------------------------------------


def generator(payload: str, page: Page) -> Iterator[int]:
    yield 1


async def async_generator(payload: str, page: Page) -> AsyncIterator[int]:
    yield 1


class Generators:
    def method(self, payload: str, page: Page) -> Iterator[int]:
        yield 1

    async def __call__(self, payload: str, page: Page) -> AsyncIterator[int]:
        yield 1


REFUSED: dict[str, Any] = {
    "generator": generator,
    "async generator": async_generator,
    "partial of a generator": functools.partial(generator),
    "bound generator": Generators().method,
    "object that is an async generator": Generators(),
    "text": "greet",
    "class of no arguments": object,
    "method without its object": Shapes.method,
    "two keywords": lambda *, payload, page: None,
}


@shape
async def refused(payload: str, page: Page) -> None:
    said = {}
    for name, function in REFUSED.items():
        try:
            App().on_page_event("x")(function)
        except RegistrationError as error:
            said[name] = str(error).partition(" handler ")[2].partition("; ")[0].partition(": ")[0]
    await page.call("tell", said)


shape(wrapped(generator), "decorated generator")
shape(wrapped(async_generator), "decorated async generator")
shape(lambda payload, page: (each for each in payload), "lambda that gives a generator")


# How handlers fail ------------------------------------------------------------------------------


@shape
def stop_iteration(payload: str, page: Page) -> None:
    raise StopIteration(3)


@shape
async def stop_iteration_in_a_coroutine(payload: str, page: Page) -> None:
    raise StopIteration(3)


@shape
async def generator_exit(payload: str, page: Page) -> None:
    await asyncio.sleep(0)
    raise GeneratorExit


@shape
async def base_exception_group(payload: str, page: Page) -> None:
    raise BaseExceptionGroup("both", [SystemExit(3), GeneratorExit()])


@shape
async def task_group(payload: str, page: Page) -> None:
    async def member() -> None:
        raise LookupError("member")

    async with asyncio.TaskGroup() as group:
        group.create_task(member())
        group.create_task(asyncio.sleep(9))


@shape
def callback_of_the_loop(payload: str, page: Page) -> None:
    def later() -> None:
        raise LookupError("later")

    asyncio.get_running_loop().call_soon(later)


@shape
def callback_that_leaves(payload: str, page: Page) -> None:
    def later() -> None:
        raise SystemExit("left")

    asyncio.get_running_loop().call_soon(later)


@shape
def timer_that_leaves(payload: str, page: Page) -> None:
    def later() -> None:
        raise SystemExit("late")

    asyncio.get_running_loop().call_later(0, later)


@shape
def done_callback(payload: str, page: Page) -> None:
    def done(_: object) -> None:
        raise LookupError("done")

    asyncio.get_running_loop().create_task(asyncio.sleep(0)).add_done_callback(done)


class Mute(Exception):
    def __str__(self) -> str:
        return 5  # type: ignore[return-value]


class Liar(Exception):
    def __getattribute__(self, name: str) -> Any:
        raise ValueError(name)


@shape
async def text_that_is_a_number(payload: str, page: Page) -> None:
    raise Mute


@shape
async def exception_without_attributes(payload: str, page: Page) -> None:
    raise Liar


@shape
async def notes_that_are_none(payload: str, page: Page) -> None:
    error = ValueError("noted")
    error.__notes__ = 5  # type: ignore[assignment]
    raise error


@shape
async def odd_characters(payload: str, page: Page) -> None:
    raise ValueError("\ud83d\x00\x1b[31m\u202e😀")


@shape
async def code_that_is_none(payload: str, page: Page) -> None:
    exec("def (")


@shape
async def no_exception(payload: str, page: Page) -> None:
    raise 5  # type: ignore[misc]  # noqa: B016 - that is what is tried


@shape
async def endless_recursion(payload: str, page: Page) -> None:
    await endless_recursion(payload, page)


@shape
async def memory(payload: str, page: Page) -> None:
    raise MemoryError


@shape
async def fails_while_it_fails(payload: str, page: Page) -> None:
    try:
        raise LookupError("first")
    finally:
        raise KeyError("second")


@shape
async def runner(payload: str, page: Page) -> None:
    waiting = asyncio.sleep(0)
    with contextlib.closing(waiting), asyncio.Runner() as loop:
        loop.run(waiting)


@shape
async def loop_for_ever(payload: str, page: Page) -> None:
    asyncio.get_running_loop().run_forever()


@shape
async def assertion(payload: str, page: Page) -> None:
    assert payload == "", "no"
