"""What would hold every card is refused at once, with what to write instead; what may be waited for is traced."""

import asyncio
import socket
import threading
import time
from asyncio import run
from collections.abc import Callable
from time import sleep
from typing import Any

import pytest

from tests.support.told import texts
from worker_py import App, CallCard
from worker_py.blocking import REAL_SLEEP
from worker_py.events import AnswerButtonClick
from worker_py.testing import Portal

Plain = Callable[[CallCard], object]


def answering(app: App, what: Plain) -> Portal:
    """A portal with a call; the answer button runs this, in a plain handler."""

    @app.on(AnswerButtonClick)
    def answer(event: AnswerButtonClick, card: CallCard) -> None:
        what(card)

    portal = Portal(app)
    portal.initialized()
    return portal


def waits(portal: Portal) -> list[dict[str, Any]]:
    """What the trace says of waiting."""
    entries = [message["entry"] for message in portal.page.messages if message["t"] == "trace"]
    return [entry for entry in entries if entry["kind"] == "wait"]


# time.sleep ------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [lambda _: time.sleep(3), lambda _: sleep(3)])
def test_a_sleep_beyond_the_slice_raises_at_once_and_names_what_to_write(by: Plain) -> None:
    with answering(App(), by) as portal:
        begun = time.monotonic()
        portal.raise_event("answerButtonClick")
        assert time.monotonic() - begun < 1
        assert portal.loop.time() == 0
        (report,) = portal.reports
        assert (report["handler"].rpartition(".")[2], report["error"]) == ("answer", "RuntimeError")
        assert "time.sleep(3) would hold all cards, which may be for 1000 ms more" in report["text"]
        assert "write `await asyncio.sleep(3)` in an `async def` handler" in report["text"]
        assert waits(portal) == []


@pytest.mark.parametrize("by", [lambda _: time.sleep(0.4), lambda _: sleep(0.4)])
def test_a_shorter_one_lets_time_pass_without_taking_any_and_is_traced(by: Plain) -> None:
    with answering(App(), by) as portal:
        begun = time.monotonic()
        portal.raise_event("answerButtonClick")
        assert time.monotonic() - begun < 0.3
        assert portal.loop.time() == pytest.approx(0.4)
        assert portal.reports == []
        assert waits(portal) == [{"kind": "wait", "name": "time.sleep", "id": "page-1:2", "duration_ms": 400.0}]


def test_sleeps_of_one_slice_add_up_and_a_pause_begins_another() -> None:
    app, slept = App(), []

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        for _ in range(2):
            time.sleep(0.4)
        await asyncio.sleep(0)
        for _ in range(3):
            time.sleep(0.4)
            slept.append(0.4)

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        assert slept == [0.4, 0.4]
        assert "may be for 200 ms more" in portal.reports[0]["text"]


def test_a_task_that_was_left_behind_has_slices_too() -> None:
    app, tasks, slept = App(), [], []

    async def background() -> None:
        for _ in range(4):
            time.sleep(0.6)
            slept.append(0.6)
            await asyncio.sleep(1)
        time.sleep(2)

    @app.on(AnswerButtonClick)
    def answer(event: AnswerButtonClick, card: CallCard) -> None:
        tasks.append(asyncio.get_running_loop().create_task(background()))

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(10)
        assert len(slept) == 4
        assert texts(portal) == [("background", "RuntimeError")]


def test_without_a_limit_one_may_sleep() -> None:
    with answering(App(slice_limit_ms=None), lambda _: time.sleep(30)) as portal:
        portal.raise_event("answerButtonClick")
        assert (portal.loop.time(), portal.reports) == (30, [])


@pytest.mark.parametrize(
    ("seconds", "error"), [(-1, "ValueError"), ("soon", "TypeError"), (float("nan"), "ValueError")]
)
def test_what_is_no_time_is_refused_as_ever(seconds: Any, error: str) -> None:
    with answering(App(), lambda _: time.sleep(seconds)) as portal:
        portal.raise_event("answerButtonClick")
        assert texts(portal) == [("answer", error)]


def test_other_threads_sleep_as_they_like() -> None:
    slept: list[float] = []

    def elsewhere() -> None:
        wanted.wait()
        time.sleep(0.001)
        slept.append(0.001)

    wanted = threading.Event()
    try:
        thread = threading.Thread(target=elsewhere)
        thread.start()
    except RuntimeError:
        pytest.skip("there are no threads here")

    def meanwhile(_: CallCard) -> None:
        wanted.set()
        thread.join()

    with answering(App(slice_limit_ms=0.5), meanwhile) as portal:
        portal.raise_event("answerButtonClick")
        assert (slept, portal.reports) == ([0.001], [])


# A loop within the loop ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "by"),
    [
        ("asyncio.run()", lambda card: asyncio.run(card.set_mute(True))),
        ("asyncio.run()", lambda card: asyncio.runners.run(card.set_mute(True))),
        ("asyncio.run()", lambda card: run(card.set_mute(True))),
        ("run_until_complete()", lambda card: asyncio.get_running_loop().run_until_complete(card.set_mute(True))),
        ("run_until_complete()", lambda card: asyncio.new_event_loop().run_until_complete(card.set_mute(True))),
    ],
)
def test_a_loop_within_the_loop_is_refused_names_async_def_and_sends_nothing(call: str, by: Plain) -> None:
    with answering(App(), by) as portal:
        portal.raise_event("answerButtonClick")
        (report,) = portal.reports
        assert report["error"] == "RuntimeError"
        assert f"{call} cannot wait here" in report["text"]
        assert "Make the handler `async def`, and write `await` instead" in report["text"]
        portal.advance(10)
        assert portal.sent == []


def test_outside_of_an_app_everything_is_what_it_was() -> None:
    before = (time.sleep, asyncio.run, asyncio.new_event_loop, socket.socket.connect, sleep)
    with answering(App(), lambda _: None) as portal:
        portal.raise_event("answerButtonClick")
        assert (time.sleep, asyncio.run, asyncio.new_event_loop, socket.socket.connect, sleep) == before
    assert time.sleep is REAL_SLEEP


# What was waited for all the same --------------------------------------------------------------


def test_a_wait_that_nothing_could_refuse_is_reported_when_it_took_longer_than_a_slice() -> None:
    app = App()

    def fetches(_: CallCard) -> None:
        portal.dispatcher.waited("a synchronous request to https://crm.example", 900)
        portal.dispatcher.waited("a synchronous request to https://crm.example", 3210)

    with answering(app, fetches) as portal:
        portal.raise_event("answerButtonClick")
        assert [entry["duration_ms"] for entry in waits(portal)] == [900, 3210]
        (report,) = portal.reports
        assert (report["kind"], report["id"]) == ("held", "page-1:2")
        assert report["text"].endswith(
            "answer held all cards for 3.2 s, by a synchronous request to https://crm.example; 1000 ms are the limit"
        )


@pytest.mark.parametrize("name", ["connect", "connect_ex"])
def test_sockets_are_refused_and_the_message_says_what_there_is_instead(name: str) -> None:
    def connects(_: CallCard) -> None:
        with socket.socket() as made:
            getattr(made, name)(("127.0.0.1", 9))

    with answering(App(), connects) as portal:
        portal.raise_event("answerButtonClick")
        (report,) = portal.reports
        assert report["error"] == "OSError"
        assert "a browser has no sockets" in report["text"]
        assert "pyodide.http.pyfetch" in report["text"]
