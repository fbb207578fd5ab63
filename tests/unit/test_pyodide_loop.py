"""The loop that the worker turns: runs in Pyodide only."""

from __future__ import annotations

import gc
import math
from typing import Any

import pytest

pytest.importorskip("pyodide.webloop", reason="the loop of the browser is Pyodide's")

from worker_py._pyodide.loop import WorkerLoop


@pytest.fixture
def loop() -> WorkerLoop:
    return WorkerLoop(lambda: None)


def test_what_is_due_runs_in_its_order_and_the_rest_is_asked_for(loop: WorkerLoop) -> None:
    ran: list[str] = []
    loop.call_later(60, ran.append, "later")
    loop.call_later(0, ran.append, "due")
    loop.call_soon(ran.append, "soon")
    assert 59_000 < loop.turn() <= 60_000
    assert sorted(ran) == ["due", "soon"]


@pytest.mark.parametrize("when", [math.nan, "soon", None])
def test_a_time_that_is_none_is_refused_where_it_is_given(loop: WorkerLoop, when: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        loop.call_at(when, print)
    ran: list[str] = []
    loop.call_later(0, ran.append, "due")
    assert loop.turn() == -1
    assert ran == ["due"]


def test_each_turn_is_a_slice_of_its_own(loop: WorkerLoop) -> None:
    before = loop.beat[0]
    loop.turn()
    assert loop.beat[0] == before + 1


@pytest.mark.parametrize("error", [ValueError, SystemExit])
def test_a_task_that_is_kept_tells_of_its_failure_when_it_happens_and_once(
    loop: WorkerLoop, error: type[BaseException]
) -> None:
    told: list[Any] = []
    loop.set_exception_handler(lambda _, context: told.append(type(context["exception"])))

    async def fails() -> None:
        raise error

    kept = [loop.create_task(fails())]
    while loop.turn() >= 0:
        pass
    assert told == [error]
    kept.clear()
    gc.collect()
    assert told == [error]


def test_callbacks_that_each_hold_the_thread_do_not_hold_it_one_after_the_other_without_a_pause(
    loop: WorkerLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[int] = []

    def holds(number: int) -> None:
        ran.append(number)
        monkeypatch.setattr(loop, "time", lambda: 1000.0 + len(ran) * 0.9)

    monkeypatch.setattr(loop, "time", lambda: 1000.0)
    for number in range(3):
        loop.call_soon(holds, number)
    for taken in range(1, 4):
        assert loop.turn() == (0 if taken < 3 else -1)
        assert ran == list(range(taken))


def test_what_is_left_of_a_turn_waits_until_the_messages_that_are_here_have_been_taken(loop: WorkerLoop) -> None:
    ran: list[str] = []

    def message() -> None:
        loop.call_soon(ran.append, "message")

    loop.call_soon(ran.append, "left")
    assert loop.turn(message) == 0
    assert ran == []
    assert loop.turn() == -1
    assert ran == ["left", "message"]
