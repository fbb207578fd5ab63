"""Handlers of the kinds that people write: run in the kit, in the worker's interpreter and in a browser alike.

What each should come to stands in `handlers.json`, by the function's name. A case tells it by the page's function
`tell`; a case whose name begins with `fails_` is left to be reported.
"""

import asyncio
import datetime
import inspect
import os
import socket
import subprocess
import threading
import time
from asyncio import run
from collections.abc import Callable
from time import monotonic, sleep
from typing import Any

from worker_py import App, CallCard, CommandFailed
from worker_py.events import AddCommentButtonClick

app = App()
kept: list[asyncio.Task[None]] = []


@app.on(AddCommentButtonClick)
async def case(event: AddCommentButtonClick, card: CallCard) -> None:
    name = event.comment[:100]
    function: Callable[[AddCommentButtonClick, CallCard], Any] = globals()[name] if name in globals() else refused
    if name.startswith("fails_"):
        result = function(event, card)
        await result if inspect.isawaitable(result) else None
        return
    try:
        result = function(event, card)
        said = await result if inspect.isawaitable(result) else result
    except BaseException as error:  # noqa: BLE001 - that is what is compared
        said = f"raises {type(error).__name__}"
    await card.page.call("tell", [name, said])


def refused(event: AddCommentButtonClick, card: CallCard) -> str:
    return "came through"


# Time -----------------------------------------------------------------------------------------


def time_is_near_received_at(event: AddCommentButtonClick, card: CallCard) -> bool:
    return 0 <= time.time() * 1000 - event.meta.received_at < 60_000


def now_is_near_received_at(event: AddCommentButtonClick, card: CallCard) -> bool:
    now = datetime.datetime.now(datetime.UTC).timestamp()
    return abs(now * 1000 - event.meta.received_at) < 60_000


async def monotonic_goes_on_over_sleep(event: AddCommentButtonClick, card: CallCard) -> list[bool]:
    begun, counted, named = time.monotonic(), time.perf_counter(), monotonic()
    await asyncio.sleep(0.2)
    return [0.15 < took < 30 for took in (time.monotonic() - begun, time.perf_counter() - counted, monotonic() - named)]


def short_sleep(event: AddCommentButtonClick, card: CallCard) -> bool:
    begun = time.monotonic()
    time.sleep(0.1)
    sleep(0.1)
    return 0.15 < time.monotonic() - begun < 30


def sleep_beyond_the_slice(event: AddCommentButtonClick, card: CallCard) -> str:
    begun = time.monotonic()
    try:
        time.sleep(3)
    except RuntimeError as error:
        return f"{'await asyncio.sleep(3)' in str(error)}, {time.monotonic() - begun < 3}"
    return "slept"


def sleep_by_its_name(event: AddCommentButtonClick, card: CallCard) -> None:
    sleep(8)


# The loop -------------------------------------------------------------------------------------


def asyncio_run(event: AddCommentButtonClick, card: CallCard) -> bool:
    try:
        asyncio.run(card.set_mute(True))
    except RuntimeError as error:
        return "async def" in str(error)
    return False


def run_by_its_name(event: AddCommentButtonClick, card: CallCard) -> None:
    run(card.set_mute(True))


def run_until_complete(event: AddCommentButtonClick, card: CallCard) -> None:
    asyncio.get_running_loop().run_until_complete(card.set_mute(True))


def another_loop(event: AddCommentButtonClick, card: CallCard) -> None:
    asyncio.new_event_loop().run_until_complete(card.set_mute(True))


async def to_thread(event: AddCommentButtonClick, card: CallCard) -> bool:
    return await asyncio.to_thread(threading.get_ident) == threading.get_ident()


def fails_later_in_a_task_that_is_kept(event: AddCommentButtonClick, card: CallCard) -> None:
    async def later() -> None:
        await asyncio.sleep(0.05)
        raise LookupError("kept")

    kept.append(asyncio.get_running_loop().create_task(later()))


# The card -------------------------------------------------------------------------------------


async def command_after_close(event: AddCommentButtonClick, card: CallCard) -> None:
    await card.close()
    await card.set_status_text("too late")


async def title_that_is_no_text(event: AddCommentButtonClick, card: CallCard) -> None:
    await card.set_card_title(7)  # type: ignore[arg-type]


# What crosses to the page -----------------------------------------------------------------------


async def number_that_would_be_rounded(event: AddCommentButtonClick, card: CallCard) -> None:
    await card.page.call("echo", {"id": 2**60})


async def number_that_would_be_rounded_in_rest(event: AddCommentButtonClick, card: CallCard) -> None:
    await card.rest.call("crm.contact.get", {"id": 2**60})


async def largest_exact_number(event: AddCommentButtonClick, card: CallCard) -> Any:
    return await card.page.call("echo", [2**53 - 1, -(2**53) + 1])


async def shapes(event: AddCommentButtonClick, card: CallCard) -> Any:
    return await card.page.call("echo", {"tuple": (1, 2), 3: None, "text": 'ä😀"\\\n', "deep": [[{}]], "yes": True})


async def lone_surrogate(event: AddCommentButtonClick, card: CallCard) -> bool:
    echoed: str = await card.page.call("echo", "\ud83d")
    return echoed == "\ud83d"


async def number_that_is_none(event: AddCommentButtonClick, card: CallCard) -> None:
    await card.page.call("echo", float("nan"))


async def set_to_a_page_function(event: AddCommentButtonClick, card: CallCard) -> None:
    await card.page.call("echo", {1, 2})


async def function_that_nobody_provides(event: AddCommentButtonClick, card: CallCard) -> None:
    await card.page.call("no such function")


# What a browser does not have -------------------------------------------------------------------


def processes(event: AddCommentButtonClick, card: CallCard) -> None:
    subprocess.run(["true"], check=False)


def shell(event: AddCommentButtonClick, card: CallCard) -> int:
    return os.system("true")


def threads(event: AddCommentButtonClick, card: CallCard) -> None:
    threading.Thread(target=print).start()


def sockets(event: AddCommentButtonClick, card: CallCard) -> None:
    socket.create_connection(("127.0.0.1", 9), timeout=1)


def descend(levels: int) -> int:
    return descend(levels - 1) if levels else 0


def recursion_of_200(event: AddCommentButtonClick, card: CallCard) -> int:
    return descend(200)


def recursion_of_500(event: AddCommentButtonClick, card: CallCard) -> int:
    return descend(500)


# Failures ---------------------------------------------------------------------------------------


class Rude:
    def __repr__(self) -> str:
        raise SystemExit


def fails_with_ten_megabytes(event: AddCommentButtonClick, card: CallCard) -> None:
    raise ValueError("x" * 10_000_000)


def fails_with_a_repr_that_fails(event: AddCommentButtonClick, card: CallCard) -> None:
    raise ValueError(Rude())


async def fails_with_a_command_in_a_group(event: AddCommentButtonClick, card: CallCard) -> None:
    raise ExceptionGroup("several", [CommandFailed("CallCardClose", "no"), ValueError("other")])


def fails_with_two_thousand_causes(event: AddCommentButtonClick, card: CallCard) -> None:
    error = ValueError("root")
    for number in range(2_000):
        newer = ValueError(number)
        newer.__cause__ = error
        error = newer
    raise error


async def fails_by_cancelling_itself(event: AddCommentButtonClick, card: CallCard) -> None:
    raise asyncio.CancelledError


def fails_by_leaving(event: AddCommentButtonClick, card: CallCard) -> None:
    raise SystemExit("bye")
