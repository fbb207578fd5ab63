"""What parameters of REST cannot be carried is refused before anything is sent; the rest goes out as it is.

How it is written down for the portal is tests/static/page/client/rest.test.mjs, on the same cases.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from worker_py import App
from worker_py.page import Page
from worker_py.testing import Portal

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "cases" / "rest_params.json").read_text(encoding="utf-8")
)


def outcome(kind: str, params: Any) -> tuple[Any, list[dict[str, Any]]]:
    """What comes of a call, or of a batch of it, and what was sent."""
    came: list[Any] = []
    app = App()

    @app.on_page_event("go")
    async def go(payload: Any, page: Page) -> None:
        try:
            if kind == "call":
                came.append(await page.rest.call("echo", params))
            elif kind == "list":
                came.append([item async for item in page.rest.list("echo", params)])
            else:
                came.append((await page.rest.batch({"a": ("echo", params)}))["a"])
        except (TypeError, ValueError) as error:
            came.append(error)

    with Portal(app) as portal:
        portal.rest["echo"] = lambda given: [given] if kind == "list" else given
        portal.emit("go")
        sent = [message for message in portal.page.messages if message["t"].startswith("rest")]
    return came[0], sent


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["title"])
def test_a_call_sends_what_python_said(case: dict[str, Any]) -> None:
    given, (message,) = outcome("call", case["params"])

    assert given == case["params"]
    assert message["params"] == case["params"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["title"])
def test_a_batch_sends_the_same_or_refuses_it(case: dict[str, Any]) -> None:
    came, sent = outcome("batch", case["params"])

    if case["query"] is None:
        assert isinstance(came, ValueError)
        assert case["refusal"] in str(came)
        assert "rest.call" in str(came)
        assert sent == []
    else:
        assert came == case["params"]
        assert sent[0]["calls"] == {"a": ["echo", case["params"]]}


@pytest.mark.parametrize("kind", ["call", "list", "batch"])
@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"ID": 2**53}, "the number at ID is beyond 2**53 and would be rounded; give it as text"),
        ({"filter": {"ID": [1, -(2**60)]}}, "the number at filter.ID.1 is beyond 2**53"),
        ({"x": float("nan")}, "Out of range float values are not JSON compliant"),
        ({"x": float("inf")}, "Out of range float values are not JSON compliant"),
        ({"x": {1, 2}}, "Object of type set is not JSON serializable"),
        ({"x": b"bytes"}, "Object of type bytes is not JSON serializable"),
    ],
)
def test_what_would_not_arrive_is_refused_before_it_is_sent(kind: str, params: Any, message: str) -> None:
    came, sent = outcome(kind, params)

    assert isinstance(came, TypeError | ValueError)
    assert message in str(came)
    assert sent == []


@pytest.mark.parametrize("kind", ["call", "list", "batch"])
def test_the_largest_whole_numbers_that_arrive_as_they_are_are_sent(kind: str) -> None:
    params = {"most": 2**53 - 1, "least": -(2**53) + 1, "float": 1e300}

    came, _ = outcome(kind, params)

    assert came == ([params] if kind == "list" else params)


@pytest.mark.parametrize("kind", ["call", "list", "batch"])
def test_parameters_that_hold_themselves_or_have_too_many_levels_are_refused(kind: str) -> None:
    circle: dict[str, Any] = {"ID": 7}
    circle["self"] = [circle]
    deep: Any = "x"
    for _ in range(65):
        deep = [deep]

    for params in (circle, {"deep": deep}):
        came, sent = outcome(kind, params)
        assert isinstance(came, ValueError)
        assert "nested deeper than 64 levels" in str(came)
        assert sent == []
