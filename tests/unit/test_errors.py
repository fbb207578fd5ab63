"""Errors carry what happened as attributes, and say it in their message."""

import asyncio

import pytest

from worker_py import (
    CommandFailed,
    CommandTimeout,
    HandlerTimeout,
    PageCallFailed,
    PageCallTimeout,
    PageGone,
    RestError,
    WorkerPyError,
)

ERRORS: list[WorkerPyError] = [
    CommandFailed("CallCardClose", "Call card is undefined"),
    CommandTimeout("CallCardClose", 5000, "c3"),
    PageGone("p"),
    HandlerTimeout("greet", 30000),
    RestError("ERROR_CORE", "no", 400),
    PageCallFailed("phone.answer", "TypeError", "no stream"),
    PageCallTimeout("phone.answer", 30),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_every_error_has_the_same_base(error: WorkerPyError) -> None:
    assert isinstance(error, WorkerPyError)
    assert isinstance(error, Exception)


def test_messages_name_what_failed() -> None:
    assert [str(error) for error in ERRORS] == [
        "CallCardClose failed: Call card is undefined",
        "CallCardClose (command c3) was not answered within 5000 ms",
        "page p is gone",
        "greet took longer than 30000 ms",
        "ERROR_CORE: no",
        "page function 'phone.answer' failed: TypeError: no stream",
        "page function 'phone.answer' did not answer within 30 s",
    ]
    assert str(PageGone(None)) == "no page is attached"
    assert str(HandlerTimeout("greet", 1000, "slice")) == "greet held the interpreter for more than 1000 ms"
    assert str(CommandTimeout("CallCardClose", 5000)) == "CallCardClose was not answered within 5000 ms"
    assert str(RestError("ERROR_CORE")) == "ERROR_CORE"


def test_attributes_hold_what_failed() -> None:
    failed = CommandFailed("CallCardClose", "nope")
    assert (failed.command, failed.error_code) == ("CallCardClose", "nope")
    late = CommandTimeout("CallCardClose", 5000, "c3")
    assert (late.command, late.timeout_ms, late.command_id) == ("CallCardClose", 5000, "c3")
    rest = RestError("ERROR_CORE", "no", 400)
    assert (rest.code, rest.description, rest.status) == ("ERROR_CORE", "no", 400)
    assert (RestError("X").description, RestError("X").status) == ("", 0)
    slow = HandlerTimeout("greet", 30000)
    assert (slow.handler, slow.limit_ms, slow.reason) == ("greet", 30000, "time")
    assert PageGone("p").page_id == "p"


def test_a_handler_timeout_is_a_cancellation_so_that_locks_and_task_groups_clean_up() -> None:
    assert isinstance(HandlerTimeout("greet", 1), asyncio.CancelledError)
