"""The loop with virtual time: what it promises to tests, and that it cleans up after itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from worker_py.testing import Deadlock, VirtualTimeLoop, run


def test_sleeping_an_hour_takes_no_time_and_moves_the_clock_by_exactly_an_hour() -> None:
    async def measure() -> float:
        loop = asyncio.get_running_loop()
        before = loop.time()
        await asyncio.sleep(3600)
        return loop.time() - before

    assert run(measure()) == 3600


def test_run_returns_what_the_coroutine_returns_and_raises_what_it_raises() -> None:
    async def give(value: int) -> int:
        if value < 0:
            raise LookupError(value)
        return value

    assert run(give(3)) == 3
    with pytest.raises(LookupError, match="-1"):
        run(give(-1))


def test_waiting_for_what_will_never_happen_is_a_deadlock_and_no_hang() -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Deadlock, match="every task waits"):
        run(wait())


def test_timers_of_the_same_time_run_in_the_order_in_which_they_were_set() -> None:
    loop = VirtualTimeLoop()
    order: list[int] = []
    for number in range(50):
        loop.call_at(1.0, order.append, number)
    loop.call_at(0.5, order.append, -1)
    loop.advance(1)
    loop.close()
    assert order == [-1, *range(50)]


def test_settle_runs_what_is_ready_without_moving_the_clock() -> None:
    loop = VirtualTimeLoop()
    seen: list[str] = []

    async def work() -> None:
        seen.append("started")
        await asyncio.sleep(0)
        seen.append("went on")
        await asyncio.sleep(0.001)
        seen.append("too late")

    loop.create_task(work())
    loop.settle()
    assert (seen, loop.time()) == (["started", "went on"], 0)
    loop.advance(0.001)
    assert (seen, loop.time()) == (["started", "went on", "too late"], 0.001)
    loop.close()


def test_settle_runs_timers_that_are_due_now() -> None:
    loop = VirtualTimeLoop()
    seen: list[int] = []
    loop.call_later(0, lambda: loop.call_later(0, seen.append, 1))
    loop.call_later(0.001, seen.append, 2)
    loop.settle()
    assert seen == [1]
    loop.close()


def test_advance_runs_each_timer_at_its_own_time() -> None:
    loop = VirtualTimeLoop()
    at: list[float] = []
    for delay in (3, 1, 2, 7):
        loop.call_later(delay, lambda: at.append(loop.time()))
    loop.advance(5)
    assert (at, loop.time()) == ([1, 2, 3], 5)
    loop.close()


def test_a_loop_runs_inside_a_running_loop_as_it_has_to_in_pyodide() -> None:
    async def inner() -> str:
        await asyncio.sleep(1)
        return "inner"

    async def outer() -> tuple[str, bool]:
        mine = asyncio.get_running_loop()
        found = run(inner())
        return found, asyncio.get_running_loop() is mine

    assert run(outer()) == ("inner", True)


def test_closing_cancels_what_still_runs_and_lets_it_clean_up() -> None:
    seen: list[str] = []

    async def waits() -> None:
        try:
            await asyncio.sleep(1000)
        finally:
            await asyncio.sleep(0)
            seen.append("cleaned up")

    async def main() -> None:
        task = asyncio.create_task(waits())
        await asyncio.sleep(0)
        assert not task.done()

    run(main())
    assert seen == ["cleaned up"]


def test_closing_ends_asynchronous_generators() -> None:
    seen: list[str] = []

    async def main() -> None:
        async def numbers() -> AsyncIterator[int]:
            try:
                yield 1
            finally:
                seen.append("closed")

        generator = numbers()
        async for _ in generator:
            break
        kept.append(generator)

    kept: list[object] = []
    run(main())
    assert seen == ["closed"]


def test_closing_gives_up_on_a_task_that_swallows_cancellation() -> None:
    async def stubborn() -> None:
        while True:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(1000)

    loop = VirtualTimeLoop()
    loop.create_task(stubborn())
    loop.settle()
    loop.close()
    loop.close()
    assert loop.is_closed()


def test_a_task_that_ends_in_system_exit_does_not_end_the_others() -> None:
    async def leave() -> None:
        raise SystemExit(3)

    async def main() -> str:
        task = asyncio.create_task(leave())
        await asyncio.sleep(1)
        assert isinstance(task.exception(), SystemExit)
        return "went on"

    assert run(main()) == "went on"


def test_system_exit_of_the_main_coroutine_comes_through() -> None:
    async def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        run(leave())
