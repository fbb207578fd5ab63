"""The probe of one page: which answers are believed, and which command each of them settles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from worker_py.probes import LATE_S, Probes
from worker_py.requests import Requests
from worker_py.testing import VirtualTimeLoop, refusal

SHOWN = refusal("Invalid ui state").payload
NONE = refusal().payload


class Bench:
    """The probes of a page whose answers a test gives."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.told: list[bool] = []
        self.settled: list[str] = []
        self.strays: list[Any] = []
        self.loop = VirtualTimeLoop()
        self.requests = Requests(lambda _, message: self.sent.append(dict(message)), lambda *_: self.strays.append(_))
        self.probes = Probes("p", self.requests, self.told.append)

    def run(self, act: Any) -> None:
        self.loop.call_soon(act)
        self.loop.settle()

    def probe(self) -> str:
        self.run(self.probes.send)
        return str(self.sent[-1]["id"])

    def answer(self, request_id: str, payload: Any = SHOWN, page_id: str = "p") -> None:
        message = {"t": "answer", "id": request_id, "answer": payload}
        self.run(lambda: self.requests.answered(page_id, message))

    def watch(self, name: str) -> None:
        self.probes.watch(name, lambda: self.settled.append(name))


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.loop.close()


def test_a_probe_is_a_state_that_does_not_exist_and_says_that_it_is_one(bench: Bench) -> None:
    request_id = bench.probe()
    command = {"t": "command", "id": request_id, "command": "CallCardSetUiState", "params": {"uiState": "?"}}
    assert bench.sent == [{**command, "purpose": "probe"}]


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (SHOWN, [True]), (NONE, [False]), (SHOWN[0], [True]), (NONE[0], [False]), ([], []), ("", []), (None, []),
        ("Call card is undefined", []), (refusal("call card is undefined").payload, []), ([[]], []), (5, []),
    ],
)  # fmt: skip
def test_only_the_two_errors_say_anything(bench: Bench, payload: Any, told: list[bool]) -> None:
    bench.answer(bench.probe(), payload)
    assert bench.told == told


def test_what_the_page_could_not_pass_on_says_nothing(bench: Bench) -> None:
    message = {"t": "refused", "id": bench.probe(), "error": "Call card is undefined"}
    bench.run(lambda: bench.requests.answered("p", message))
    assert bench.told == []


def test_an_answer_that_comes_twice_or_from_another_page_or_after_a_later_one_is_not_believed(bench: Bench) -> None:
    first, second = bench.probe(), bench.probe()
    bench.answer(first, NONE, page_id="q")
    bench.answer(second, SHOWN)
    bench.answer(second, NONE)
    bench.answer(first, NONE)
    assert (bench.told, bench.strays) == ([True], [])


def test_an_answer_that_comes_too_late_is_not_believed_and_proves_nothing(bench: Bench) -> None:
    bench.watch("c1")
    request_id = bench.probe()
    bench.loop.advance(LATE_S + 0.01)
    bench.answer(request_id, NONE)
    assert (bench.told, len(bench.sent)) == ([], 1)


def test_a_page_that_never_answers_costs_no_more_with_time(bench: Bench) -> None:
    ids = [bench.probe() for _ in range(1000)]
    for request_id in ids[:-8]:
        bench.answer(request_id, NONE)
    assert bench.told == []
    assert len(bench.requests._listeners) == 8


def test_a_command_is_settled_by_the_second_probe_that_was_sent_after_the_first_was_answered(bench: Bench) -> None:
    bench.watch("c1")
    first, second = bench.probe(), bench.probe()
    bench.answer(first)
    third = bench.sent[-1]["id"]
    assert third not in (first, second)
    bench.answer(second)
    assert bench.settled == []
    bench.answer(third)
    assert bench.settled == ["c1"]
    assert len(bench.sent) == 3


def test_a_probe_that_was_sent_before_a_command_proves_nothing_of_it(bench: Bench) -> None:
    before = bench.probe()
    bench.watch("c1")
    bench.answer(before)
    assert (bench.settled, len(bench.sent)) == ([], 1)


def test_a_command_that_is_answered_meanwhile_is_left_alone(bench: Bench) -> None:
    bench.watch("c1")
    bench.answer(bench.probe())
    bench.probes.unwatch("c1")
    bench.answer(bench.sent[-1]["id"])
    assert bench.settled == []


def test_that_the_card_is_gone_proves_the_commands_before_it_too(bench: Bench) -> None:
    bench.watch("c1")
    bench.answer(bench.probe(), NONE)
    bench.answer(bench.sent[-1]["id"], NONE)
    assert (bench.settled, bench.told) == (["c1"], [False, False])


def test_a_page_that_has_gone_settles_nothing(bench: Bench) -> None:
    bench.watch("c1")
    bench.answer(bench.probe())
    bench.probes.abandon()
    bench.answer(bench.sent[-1]["id"])
    assert bench.settled == []
