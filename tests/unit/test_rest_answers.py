"""What REST answers in a test; `test_testing` shows the same through the portal."""

from collections.abc import Mapping
from typing import Any

import pytest

from worker_py import RestError
from worker_py.rest_answers import has, row, start


def answer_of(answers: Mapping[str, Any], method: str, params: Mapping[str, Any]) -> Any:
    """It waits for nothing, so that no loop is needed, in Pyodide neither."""
    with pytest.raises(StopIteration) as over:
        row(answers, method, params).send(None)
    return over.value.value


async def given(params: Mapping[str, Any]) -> Any:
    return params["id"]


def refused(params: Mapping[str, Any]) -> Any:
    raise RestError("GONE", "no more", 410)


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (5, {"result": 5}),
        (None, {"result": None}),
        (lambda params: params["id"], {"result": 7}),
        (given, {"result": 7}),
        (RestError("NO"), {"error": {"code": "NO", "description": "", "status": 0, "final": True}}),
        (refused, {"error": {"code": "GONE", "description": "no more", "status": 410, "final": False}}),
    ],
)
def test_a_value_a_function_and_an_error_answer(value: Any, answer: Any) -> None:
    assert answer_of({"shop.get": value}, "shop.get", {"id": 7}) == answer


def test_the_case_of_a_name_does_not_matter_and_a_name_that_is_not_there_is_no_method() -> None:
    answers = {"Shop.Get": 1}
    assert has(answers, "shop.get") and has(answers, "Shop.Get") and not has(answers, "shop.list")
    assert answer_of(answers, "sHOP.gET", {}) == {"result": 1}
    assert answer_of(answers, "shop.list", {})["error"]["code"] == "ERROR_METHOD_NOT_FOUND"


@pytest.mark.parametrize(
    ("method", "params", "begins"),
    [
        ("shop.list", {}, 0),
        ("shop.list", {"start": 50}, 50),
        ("shop.list", {"start": "50"}, 50),
        ("shop.list", {"start": -1}, 0),
        ("shop.list", {"start": "x"}, 0),
        ("shop.fields", {}, None),
        ("shop.fields", {"start": 1}, 1),
        ("shop.get", {"start": 1}, None),
    ],
)
def test_a_plain_list_has_pages_where_somebody_asks_for_them(method: str, params: Any, begins: int | None) -> None:
    answers = {"shop.list": [1, 2], "shop.fields": ["a"], "shop.get": {"ID": 1}}
    assert start(answers, method, params) == begins
