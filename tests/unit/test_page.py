"""Pages: their functions, what they emit, and how they come and go."""

import asyncio
from typing import Any

import pytest

from worker_py import App, CallCard, Page, PageCallFailed, PageCallTimeout, PageGone
from worker_py.events import AnswerButtonClick, PageAttached, PageDetached, Started
from worker_py.testing import EPOCH_MS, Portal


def calls(name: Any, params: Any = None, **limits: Any) -> tuple[Portal, list[Any]]:
    """A portal whose page event *go* calls a function of the page, and what came of it."""
    app = App(handler_timeout_s=None)
    results: list[Any] = []

    @app.on_page_event("go")
    async def go(payload: Any, page: Page) -> None:
        try:
            results.append(await page.call(name, params, **limits))
        except Exception as error:  # noqa: BLE001 - whatever it is, the tests look at it
            results.append(error)

    return Portal(app), results


@pytest.mark.parametrize("value", [None, True, 5, "text", [1, {"a": None}], {"stream": "live"}])
def test_a_function_of_the_page_gets_its_parameters_and_gives_its_value(value: Any) -> None:
    portal, results = calls("phone.answer", value)
    with portal:
        portal.provide("phone.answer", lambda params: [params])
        portal.emit("go")
        assert results == [[value]]
        assert portal.outcomes == [("phone.answer", "ok")]


def test_a_function_of_the_page_may_take_its_time() -> None:
    portal, results = calls("phone.answer")

    async def slow(params: Any) -> str:
        await asyncio.sleep(10)
        return "answered"

    with portal:
        portal.provide("phone.answer", slow)
        portal.emit("go")
        portal.advance(9)
        assert results == []
        portal.advance(1)
        assert results == ["answered"]


def test_a_function_that_throws_is_page_call_failed_with_name_and_message() -> None:
    portal, results = calls("phone.answer")

    def fails(params: Any) -> None:
        raise ValueError("no microphone")

    with portal:
        portal.provide("phone.answer", fails)
        portal.emit("go")
        (error,) = results
        assert isinstance(error, PageCallFailed)
        assert (error.function, error.name, error.message) == ("phone.answer", "ValueError", "no microphone")
        assert portal.outcomes == [("phone.answer", "ValueError")]


def test_a_function_that_nobody_provides_is_page_call_failed() -> None:
    portal, results = calls("phone.answer")
    with portal:
        portal.emit("go")
        assert (results[0].name, results[0].message) == ("NotProvided", "the page provides no such function")


@pytest.mark.parametrize(("limits", "ends"), [({}, 30), ({"timeout_s": 2}, 2)])
def test_a_function_that_does_not_answer_times_out_and_is_told_to_stop(limits: Any, ends: float) -> None:
    portal, results = calls("phone.answer", **limits)
    with portal:
        portal.provide("phone.answer", never)
        portal.emit("go")
        portal.advance(ends - 0.001)
        assert results == []
        portal.advance(0.001)
        (error,) = results
        assert isinstance(error, PageCallTimeout)
        assert (error.function, error.timeout_s) == ("phone.answer", ends)
        assert told(portal, "cancel") == told(portal, "call")
        assert portal.outcomes == [("phone.answer", "timeout")]


def test_without_a_deadline_a_call_waits() -> None:
    portal, results = calls("phone.answer", timeout_s=None)
    with portal:
        portal.provide("phone.answer", never)
        portal.emit("go")
        portal.advance(100_000)
        assert (results, told(portal, "cancel")) == ([], [])


def test_a_call_whose_handler_is_cancelled_is_told_to_stop() -> None:
    app = App(handler_timeout_s=3)

    @app.on_page_event("go")
    async def go(payload: Any, page: Page) -> None:
        await page.call("phone.answer")

    with Portal(app) as portal:
        portal.provide("phone.answer", never)
        portal.emit("go")
        portal.advance(3)
        assert told(portal, "cancel") == told(portal, "call")
        assert portal.outcomes == [("phone.answer", "cancelled")]


def test_a_page_that_goes_away_ends_its_calls_and_gets_no_message_any_more() -> None:
    portal, results = calls("phone.answer")
    with portal:
        portal.provide("phone.answer", never)
        portal.emit("go")
        portal.page.detach()
        count = len(portal.page.messages)
        portal.advance(100)
        assert isinstance(results[0], PageGone)
        assert results[0].page_id == "page-1"
        assert told(portal, "cancel") == []
        assert len(portal.page.messages) == count


@pytest.mark.parametrize(
    ("name", "params", "limits", "error", "message"),
    [
        (3, None, {}, TypeError, "the name of a page function is a str, not int"),
        ("f", None, {"timeout_s": 0}, ValueError, "timeout_s should be positive, or None for no limit; got 0"),
        ("f", None, {"timeout_s": "1"}, TypeError, "timeout_s should be a number or None, not str"),
        ("f", {1, 2}, {}, TypeError, "Object of type set is not JSON serializable"),
        ("f", float("nan"), {}, ValueError, "Out of range float values are not JSON compliant"),
    ],
)
def test_arguments_of_the_wrong_kind_are_refused_before_anything_is_sent(
    name: Any, params: Any, limits: Any, error: type[Exception], message: str
) -> None:
    portal, results = calls(name, params, **limits)
    with portal:
        portal.emit("go")
        (found,) = results
        assert type(found) is error
        assert str(found).startswith(message)
        assert told(portal, "call") == []
        assert {outcome for _, outcome in portal.outcomes} <= {"not_sent"}


def test_what_the_page_emits_reaches_its_handlers_in_order_and_is_acknowledged() -> None:
    app = App()
    seen: list[Any] = []

    @app.on_page_event("phone.ringing")
    async def slow(payload: Any, page: Page) -> None:
        await asyncio.sleep(1)
        seen.append((payload, page.id))

    @app.on_page_event("phone.ringing")
    def plain(payload: Any, page: Page) -> None:
        seen.append("plain")

    with Portal(app) as portal:
        portal.emit("phone.ringing", {"from": "+491"})
        assert list(portal.page.unacknowledged) == [1]
        portal.advance(1)
        assert seen == [({"from": "+491"}, "page-1"), "plain"]
        assert portal.page.unacknowledged == {}
        portal.emit("nobody.listens", [1])
        assert portal.page.unacknowledged == {}


def test_a_page_event_is_handled_once_even_when_it_is_delivered_twice() -> None:
    app, seen = App(), []

    @app.on_page_event("phone.ringing")
    def ringing(payload: Any, page: Page) -> None:
        seen.append(payload)

    with Portal(app) as portal:
        message = {"t": "emit", "seq": 1, "name": "phone.ringing", "payload": 1, "at": 0}
        portal.page.tell(message)
        portal.page.tell(message)
        assert seen == [1]
        assert [each["seq"] for each in portal.page.messages if each["t"] == "ack"] == [1, 1]


def test_started_comes_once_per_interpreter_and_before_the_first_page() -> None:
    app = App()
    seen: list[Any] = []

    @app.on(Started)
    def started(event: Started, nothing: None) -> None:
        seen.append((event, nothing, event.meta.name, event.meta.received_at))

    @app.on(PageAttached)
    def attached(event: PageAttached, page: Page) -> None:
        seen.append((event.mode, event.reason, page.id, page.mode, event.meta.page_id, event.meta.name))

    with Portal(app, mode="dedicated") as portal:
        portal.open_page("second")
    assert seen == [
        (Started(), None, "Started", EPOCH_MS),
        ("dedicated", "in memory", "page-1", "dedicated", "page-1", "PageAttached"),
        ("dedicated", "in memory", "second", "dedicated", "second", "PageAttached"),
    ]


def test_detached_comes_once_with_the_page_and_the_reason() -> None:
    app = App()
    seen: list[Any] = []

    @app.on(PageDetached)
    async def detached(event: PageDetached, page: Page) -> None:
        seen.append((event.reason, page.id, page.gone, event.meta.page_id))
        with pytest.raises(PageGone):
            await page.call("phone.hangup")

    with Portal(app) as portal:
        portal.page.detach("pagehide")
        portal.page.detach("again")
        portal.dispatcher.detach("never was", "x")
        assert portal.reports == []
    assert seen == [("pagehide", "page-1", True, "page-1")]


def test_python_drives_the_pages_own_client_from_a_card() -> None:
    app = App()
    seen: list[Any] = []

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        seen.append(await card.page.call("phone.answer", {"call": card.call_id}))

    with Portal(app) as portal:
        portal.provide("phone.answer", lambda params: params["call"])
        portal.initialized(CALL_ID="A")
        portal.raise_event("answerButtonClick")
    assert seen == ["A"]


def told(portal: Portal, kind: str) -> list[str]:
    return [message["id"] for message in portal.page.messages if message["t"] == kind]


async def never(params: Any) -> None:
    await asyncio.Event().wait()
