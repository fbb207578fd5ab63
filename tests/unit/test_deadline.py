"""What ends a wait: at its time, and where the interpreter had none, behind what came meanwhile."""

from collections.abc import Iterator

import pytest

from worker_py.deadline import LATE_S, Deadline
from worker_py.virtual_time import VirtualTimeLoop


class Bench:
    """A deadline that was begun on a loop, and what happened."""

    def __init__(self) -> None:
        self.loop = VirtualTimeLoop()
        self.deadline = Deadline()
        self.happened: list[str] = []

    def begin(self, delay_s: float, what: str = "over") -> None:
        self.loop.call_soon(self.deadline.begin, delay_s, self.happened.append, what)
        self.loop.settle()


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.loop.close()


def test_it_comes_at_its_time_and_runs_no_more(bench: Bench) -> None:
    assert not bench.deadline.running
    bench.begin(1)
    bench.loop.advance(0.999)
    assert (bench.happened, bench.deadline.running) == ([], True)
    bench.loop.advance(0.001)
    assert (bench.happened, bench.deadline.running) == (["over"], False)


def test_one_that_is_stopped_does_not_come(bench: Bench) -> None:
    bench.begin(1)
    bench.deadline.stop()
    bench.deadline.stop()
    bench.loop.advance(2)
    assert (bench.happened, bench.deadline.running) == ([], False)


def test_one_that_is_begun_anew_comes_once_at_the_new_time(bench: Bench) -> None:
    bench.begin(1)
    bench.begin(3, "later")
    bench.loop.advance(2.999)
    assert bench.happened == []
    bench.loop.advance(1)
    assert bench.happened == ["later"]


def test_where_it_comes_late_what_came_meanwhile_has_its_turn_first(bench: Bench) -> None:
    bench.begin(1)
    bench.loop.call_at(2, bench.happened.append, "came meanwhile")
    bench.loop.pass_time(5)
    bench.loop.settle()
    assert (bench.happened, bench.deadline.running) == (["came meanwhile"], True)
    bench.loop.advance(LATE_S)
    assert (bench.happened, bench.deadline.running) == (["came meanwhile", "over"], False)


def test_it_waits_but_once_however_late_it_is_then(bench: Bench) -> None:
    bench.begin(1)
    bench.loop.pass_time(5)
    bench.loop.settle()
    bench.loop.pass_time(5)
    bench.loop.settle()
    assert bench.happened == ["over"]


def test_one_that_came_late_can_be_stopped_all_the_same(bench: Bench) -> None:
    bench.begin(1)
    bench.loop.pass_time(5)
    bench.loop.settle()
    bench.deadline.stop()
    bench.loop.advance(1)
    assert bench.happened == []


def test_one_whose_time_is_over_already_comes_at_once(bench: Bench) -> None:
    bench.begin(-0.01)
    assert bench.happened == ["over"]


def test_what_it_does_may_begin_it_anew(bench: Bench) -> None:
    bench.loop.call_soon(bench.deadline.begin, 1, bench.deadline.begin, 1, bench.happened.append, "second")
    bench.loop.advance(1.5)
    assert (bench.happened, bench.deadline.running) == ([], True)
    bench.loop.advance(0.5)
    assert bench.happened == ["second"]
