"""Questions to a page: deadlines that a busy interpreter or a sleeping machine does not spoil, and stray answers."""

import asyncio
from typing import Any

import pytest

from worker_py import PageGone, WorkerPyError
from worker_py.requests import PROVEN, SILENCE, Requests
from worker_py.testing import VirtualTimeLoop


class Late(WorkerPyError):
    pass


class Register:
    """Requests whose questions go nowhere by themselves."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.strays: list[tuple[str, str, str]] = []
        self.requests = Requests(
            lambda page_id, message: self.sent.append((page_id, dict(message))),
            lambda *stray: self.strays.append(stray),
        )
        self.loop = VirtualTimeLoop()

    def ask(self, request_id: str = "c1", page_id: str = "p", **limits: Any) -> asyncio.Task[dict[str, Any]]:
        limits = {"timeout_ms": 1000, "expired": Late, **limits}
        task = self.loop.create_task(self.requests.ask(page_id, {"t": "command", "id": request_id}, **limits))
        self.loop.settle()
        return task

    def pass_on(self, request_id: str) -> None:
        self.loop.call_soon(self.requests.passed_on, "p", request_id)
        self.loop.settle()

    def sleep_through(self, seconds: float) -> None:
        """The machine sleeps, or something holds the interpreter: the clock moves on and nothing runs."""
        self.loop._selector.now += seconds


@pytest.fixture
def register() -> Any:
    register = Register()
    yield register
    register.loop.close()


def test_ids_are_never_the_same(register: Register) -> None:
    ids = [register.requests.next_id(kind) for kind in ("command", "rest", "page", "lifecycle")]
    assert ids == ["c1", "r2", "p3", "l4"]


def test_an_answer_finds_its_question(register: Register) -> None:
    one, two = register.ask("c1"), register.ask("c2")
    assert register.sent == [("p", {"t": "command", "id": "c1"}), ("p", {"t": "command", "id": "c2"})]
    register.requests.answered("p", {"id": "c2", "answer": 2})
    register.requests.answered("p", {"id": "c1", "answer": 1})
    register.loop.settle()
    assert (one.result()["answer"], two.result()["answer"]) == (1, 2)
    assert register.strays == []


def test_a_question_that_is_not_answered_expires_at_its_deadline(register: Register) -> None:
    task = register.ask()
    register.loop.advance(0.999)
    assert not task.done()
    register.loop.advance(0.001)
    assert isinstance(task.exception(), Late)


def test_a_deadline_that_passed_while_nothing_could_run_waits_for_answers_that_are_here_already(
    register: Register,
) -> None:
    task = register.ask()
    register.sleep_through(60)
    register.loop.call_later(0.01, register.requests.answered, "p", {"id": "c1", "answer": "in time"})
    register.loop.advance(1)
    assert task.result()["answer"] == "in time"


def test_a_deadline_that_passed_in_sleep_is_a_timeout_all_the_same(register: Register) -> None:
    task = register.ask()
    register.sleep_through(60)
    register.loop.advance(1)
    assert isinstance(task.exception(), Late)
    assert register.loop.time() == 61


def test_a_deadline_waits_for_what_is_here_already_only_once(register: Register) -> None:
    """Handlers that hold the interpreter for 200 ms again and again: what is due in between comes late each time."""
    task = register.ask(timeout_ms=300)

    def hold() -> None:
        register.sleep_through(0.2)
        register.loop.call_later(0.001, hold)

    register.loop.call_soon(hold)
    register.loop.advance(0.9)
    assert isinstance(task.exception(), Late)


def test_silence_counts_from_the_moment_at_which_the_page_passed_the_question_on(register: Register) -> None:
    task = register.ask(silent=True, silent_ok_ms=250)
    register.loop.advance(0.5)
    register.pass_on("c1")
    register.pass_on("c1")
    register.loop.advance(0.125)
    assert not task.done()
    register.pass_on("c1")
    register.loop.advance(0.125)
    assert task.result() is SILENCE


def test_silence_of_a_page_that_passed_nothing_on_is_a_timeout(register: Register) -> None:
    task = register.ask(silent=True, silent_ok_ms=300)
    register.loop.advance(1)
    assert isinstance(task.exception(), Late)


def test_without_a_limit_for_silence_the_deadline_of_commands_decides_and_it_is_success(register: Register) -> None:
    task = register.ask(silent=True, silent_ok_ms=None)
    register.pass_on("c1")
    register.loop.advance(0.999)
    assert not task.done()
    register.loop.advance(0.001)
    assert task.result() is SILENCE


def test_passing_on_does_not_end_a_question_that_wants_an_answer(register: Register) -> None:
    task = register.ask(silent_ok_ms=300)
    register.pass_on("c1")
    register.pass_on("nobody's")
    register.loop.advance(0.9)
    assert not task.done()
    register.loop.advance(0.1)
    assert isinstance(task.exception(), Late)


def test_a_page_that_goes_away_ends_its_own_questions_and_no_others(register: Register) -> None:
    mine, answered, other = register.ask("c1"), register.ask("c2"), register.ask("c3", "q")
    register.requests.answered("p", {"id": "c2", "answer": 1})
    register.requests.page_gone("p")
    register.loop.settle()
    assert isinstance(mine.exception(), PageGone)
    assert answered.result()["answer"] == 1
    assert not other.done()


def test_answers_that_nobody_awaits_are_told_apart(register: Register) -> None:
    register.ask("c1")
    register.requests.answered("p", {"id": "c1"})
    register.requests.answered("p", {"id": "c1"})
    register.loop.settle()
    register.requests.answered("p", {"id": "c1"})
    register.ask("c2")
    register.loop.advance(2)
    register.requests.answered("p", {"id": "c2"})
    task = register.ask("c3")
    task.cancel()
    register.loop.settle()
    register.requests.answered("p", {"id": "c3"})
    register.requests.answered("p", {"id": "never asked"})
    register.requests.answered("p", {"id": ["c1"]})
    register.ask("c4")
    register.requests.answered("q", {"id": "c4"})
    assert register.strays == [
        ("p", "c1", "second"), ("p", "c1", "second"), ("p", "c2", "late"), ("p", "c3", "late"),
        ("p", "never asked", "unknown"), ("p", "", "unknown"), ("q", "c4", "unknown"),
    ]  # fmt: skip


def test_only_the_latest_questions_are_remembered(register: Register) -> None:
    for number in range(501):
        register.ask(f"c{number}")
        register.requests.answered("p", {"id": f"c{number}"})
        register.loop.settle()
    register.requests.answered("p", {"id": "c0"})
    register.requests.answered("p", {"id": "c1"})
    assert [answer_is for _, _, answer_is in register.strays] == ["unknown", "second"]


def test_a_question_that_cannot_be_sent_is_not_awaited(register: Register) -> None:
    def refuse(page_id: str, message: Any) -> None:
        raise TypeError("not JSON")

    register.requests = Requests(refuse, lambda *stray: register.strays.append(stray))
    task = register.ask()
    assert isinstance(task.exception(), TypeError)
    register.requests.answered("p", {"id": "c1"})
    assert register.strays == [("p", "c1", "unknown")]


def test_an_answer_to_a_question_that_was_settled_without_one_is_late(register: Register) -> None:
    task = register.ask("c1")
    register.requests.settle("c1", PROVEN)
    register.requests.settle("c1", Late())
    register.requests.settle("nobody's", Late())
    register.loop.settle()
    register.requests.answered("p", {"id": "c1"})
    assert task.result() is PROVEN
    assert register.strays == [("p", "c1", "late")]
