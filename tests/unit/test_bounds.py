"""What the kit's pages refuse as the browser's do, and numbers that JavaScript would round."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.told import outcomes, texts
from worker_py import App, CallCard
from worker_py.bounds import DEPTH, EXACT, PAYLOAD_CHARS, RESULT_CHARS, refused
from worker_py.events import AddCommentButtonClick, AnswerButtonClick
from worker_py.testing import Answer, Portal

PROTOCOL = (Path(__file__).parents[2] / "static" / "protocol.js").read_text(encoding="utf-8")


def nested(levels: int) -> Any:
    value: Any = "x"
    for level in range(levels):
        value = [value] if level % 2 else {"k": value}
    return value


def test_the_limits_are_those_of_the_page() -> None:
    limits = dict(re.findall(r"(payloadChars|resultChars|depth): ([\d* ]+),", PROTOCOL))
    product = {name: eval(text) for name, text in limits.items()}
    assert product == {"payloadChars": PAYLOAD_CHARS, "resultChars": RESULT_CHARS, "depth": DEPTH}


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, None),
        ("x" * (PAYLOAD_CHARS - 2), None),
        ("x" * (PAYLOAD_CHARS - 1), "larger than 256 * 1024 characters"),
        ("ä" * (PAYLOAD_CHARS - 2), None),
        ("😀" * (PAYLOAD_CHARS // 2 - 1), None),
        ("😀" * (PAYLOAD_CHARS // 2), "larger than 256 * 1024 characters"),
        (["x" * 1000] * 300, "larger than 256 * 1024 characters"),
        (nested(DEPTH), None),
        (nested(DEPTH + 1), "nested deeper than 64 levels"),
        (nested(20_000), "nested deeper than 64 levels"),
        ([[]] * 10_000, None),
    ],
)
def test_what_is_too_large_or_too_deep_is_refused(value: Any, why: str | None) -> None:
    assert refused(value, PAYLOAD_CHARS) == why


def commented(payload: Any) -> Portal:
    app = App()

    @app.on(AddCommentButtonClick)
    async def comment(event: AddCommentButtonClick, card: CallCard) -> None:
        await card.set_status_text("handled")

    portal = Portal(app)
    portal.initialized()
    portal.raise_event("addCommentButtonClick", payload)
    return portal


@pytest.mark.parametrize(
    ("payload", "why"),
    [("x" * 1024 * 1024, "larger than 256 * 1024 characters"), (nested(100), "nested deeper than 64 levels")],
)
def test_an_event_that_the_page_refuses_is_reported_and_reaches_no_handler(payload: Any, why: str) -> None:
    with commented(payload) as portal:
        assert portal.sent == []
        (report,) = portal.reports
        name = "BackgroundCallCard::addCommentButtonClick"
        assert (report["kind"], report["event"]) == ("refused_payload", name)
        assert report["text"] == f"the payload of {name} was refused: {why}"
        assert portal.page.unacknowledged == {}


def test_an_event_of_the_pages_own_that_is_refused_raises_where_it_was_raised() -> None:
    with Portal(App()) as portal, pytest.raises(TypeError, match="the payload is nested deeper than 64"):
        portal.emit("phone", nested(100))


def test_an_answer_that_is_refused_fails_the_command() -> None:
    app = App()

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        await card.set_status_text("x")

    with Portal(app) as portal:
        portal.answers["CallCardSetStatusText"] = Answer("x" * 1024 * 1024)
        portal.initialized()
        portal.raise_event("answerButtonClick")
        assert texts(portal) == [("answer", "CommandFailed")]
        assert "the portal's answer was refused: larger than" in portal.reports[0]["text"]


def calling(params: Any, returns: Any = None) -> tuple[list[Any], Portal]:
    app, got = App(), []

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        await card.page.call("take", params)

    def take(value: Any) -> Any:
        got.append(value)
        return returns

    portal = Portal(app)
    portal.provide("take", take)
    portal.initialized()
    portal.raise_event("answerButtonClick")
    return got, portal


def test_a_value_of_a_page_function_that_is_refused_fails_the_call() -> None:
    _, portal = calling(None, nested(100))
    with portal:
        assert texts(portal) == [("answer", "PageCallFailed")]
        assert "what it returned was refused: nested deeper than 64 levels" in portal.reports[0]["text"]


@pytest.mark.parametrize("number", [EXACT, -EXACT, 2**53 - 1, 1e300, "1" * 40])
def test_numbers_that_javascript_has_reach_a_page_function_as_they_are(number: Any) -> None:
    got, portal = calling({"id": [number]})
    with portal:
        assert (got, portal.reports) == ([{"id": [number]}], [])


@pytest.mark.parametrize("number", [2**53, 2**60, -(2**60), 10**40])
def test_a_number_that_javascript_would_round_is_refused_where_it_is_sent(number: int) -> None:
    got, portal = calling({"id": [1, number]})
    with portal:
        assert got == []
        assert texts(portal) == [("answer", "ValueError")]
        text = "params['id'][1] is beyond 2**53 - 1, and JavaScript would round it: send it as a string"
        assert text in portal.reports[0]["text"]
        assert outcomes(portal)[-1] == ["failed"]


def test_the_same_holds_for_rest() -> None:
    app = App()
    asked: list[Any] = []

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        await card.rest.call("crm.contact.get", {"id": 2**60})

    with Portal(app) as portal:
        portal.rest["crm.contact.get"] = asked.append
        portal.initialized()
        portal.raise_event("answerButtonClick")
        assert (asked, texts(portal)) == ([], [("answer", "ValueError")])


def test_a_command_after_close_fails_as_where_there_is_no_card() -> None:
    app = App()

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        await card.close()
        await card.set_status_text("too late")

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        assert portal.page.card is None
        assert texts(portal) == [("answer", "CommandFailed")]
        assert "Call card is undefined" in portal.reports[0]["text"]
