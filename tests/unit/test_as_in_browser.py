"""Python in a test is as the browser's: clocks follow the portal's, and what a browser lacks is missing."""

import asyncio
import datetime
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, date
from functools import partial
from time import monotonic
from typing import Any

import pytest

from tests.support.told import texts
from worker_py import App, CallCard
from worker_py.events import AnswerButtonClick
from worker_py.testing import EPOCH_MS, Portal, replay

Clock = Callable[[], float]


def seen_by_a_handler(look: Callable[[AnswerButtonClick], Any]) -> tuple[Any, list[tuple[str, str]]]:
    """What a handler sees ten seconds after the beginning, and what was reported."""
    app, seen = App(), []

    @app.on(AnswerButtonClick)
    def answer(event: AnswerButtonClick, card: CallCard) -> None:
        seen.append(look(event))

    with Portal(app) as portal:
        portal.initialized()
        portal.advance(10)
        portal.raise_event("answerButtonClick")
        return (seen[0] if seen else None), texts(portal)


def test_the_time_is_that_at_which_the_event_was_received() -> None:
    def ages(event: AnswerButtonClick) -> list[float]:
        at = event.meta.received_at
        return [
            time.time() * 1000 - at,
            time.time_ns() / 1e6 - at,
            datetime.datetime.now(UTC).timestamp() * 1000 - at,
            datetime.datetime.now().timestamp() * 1000 - at,
            datetime.datetime.utcnow().replace(tzinfo=UTC).timestamp() * 1000 - at,
            (time.mktime(time.localtime()) * 1000 - at),
        ]

    found, reports = seen_by_a_handler(ages)
    assert reports == []
    assert all(0 <= age < 1 for age in found[:5]), found
    assert abs(found[5]) < 1000
    day = seen_by_a_handler(lambda _: (date.today(), datetime.date.today(), time.gmtime().tm_year))[0]
    assert day == (date.fromtimestamp(EPOCH_MS / 1000), date.fromtimestamp(EPOCH_MS / 1000), 2023)


@pytest.mark.parametrize("clock", [lambda: time.monotonic(), lambda: monotonic(), lambda: time.perf_counter()])
def test_clocks_go_on_while_a_handler_waits(clock: Clock) -> None:
    app, took = App(), []

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        begun = clock()
        await asyncio.sleep(5)
        took.append(clock() - begun)

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(5)
    assert took == [pytest.approx(5, abs=0.001)]


def test_code_that_waits_for_a_clock_to_go_on_comes_to_an_end() -> None:
    def waits(_: AnswerButtonClick) -> str:
        end = time.monotonic() + 0.01
        while time.monotonic() < end:
            pass
        return "done"

    assert seen_by_a_handler(waits) == ("done", [])


def test_dates_are_dates_whoever_made_them() -> None:
    before = datetime.datetime(2024, 2, 29, tzinfo=UTC)

    def look(_: AnswerButtonClick) -> list[bool]:
        made = datetime.datetime(2024, 2, 29, tzinfo=UTC)
        return [
            made == before,
            isinstance(before, datetime.datetime),
            isinstance(before, datetime.date),
            isinstance(made, datetime.datetime),
            isinstance(datetime.datetime.now(), datetime.datetime),
            isinstance(1, datetime.datetime),
            datetime.datetime.strptime("2024-02-29", "%Y-%m-%d").date() == datetime.date(2024, 2, 29),
            issubclass(datetime.datetime, datetime.date),
        ]

    assert seen_by_a_handler(look)[0] == [True, True, True, True, True, False, True, True]


def noting(seen: list[int], event: AnswerButtonClick, card: CallCard) -> None:
    seen.append(date.today().year)


class Noting:
    def __init__(self) -> None:
        self.seen: list[int] = []

    def __call__(self, event: AnswerButtonClick, card: CallCard) -> None:
        self.seen.append(date.today().year)


def test_the_clock_is_the_portals_for_a_partial_and_for_an_object_that_can_be_called() -> None:
    by_partial: list[int] = []
    by_object = Noting()
    for handler, seen in ((partial(noting, by_partial), by_partial), (by_object, by_object.seen)):
        app = App()
        app.add_handler(AnswerButtonClick, handler)
        with Portal(app) as portal:
            portal.initialized()
            portal.raise_event("answerButtonClick")
        assert seen == [2023]


def test_outside_of_an_app_the_clocks_are_real() -> None:
    names = (time.time, time.monotonic, datetime.datetime, datetime.date, threading.Thread.start, monotonic)
    assert seen_by_a_handler(lambda _: (time.time is names[0], monotonic is names[5]))[0] == (False, False)
    assert names == (time.time, time.monotonic, datetime.datetime, datetime.date, threading.Thread.start, monotonic)
    assert time.time() * 1000 > EPOCH_MS + 1e10


def test_recursion_goes_as_deep_as_in_the_browser() -> None:
    def deep(levels: int) -> int:
        return deep(levels - 1) if levels else 0

    limit = sys.getrecursionlimit()
    assert seen_by_a_handler(lambda _: deep(250)) == (0, [])
    assert seen_by_a_handler(lambda _: deep(500)) == (None, [("answer", "RecursionError")])
    assert sys.getrecursionlimit() == limit


@pytest.mark.parametrize(
    ("by", "error"),
    [
        (lambda _: subprocess.run(["true"], check=False), "OSError"),
        (lambda _: subprocess.Popen(["true"]), "OSError"),
        (lambda _: os.fork(), "OSError"),
        (lambda _: threading.Thread(target=print).start(), "RuntimeError"),
    ],
)
def test_there_are_no_processes_and_no_threads(by: Callable[[Any], Any], error: str) -> None:
    assert seen_by_a_handler(by) == (None, [("answer", error)])


def test_what_is_left_to_a_thread_runs_here_and_now() -> None:
    app = App()
    seen: list[Any] = []

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        seen.append(await asyncio.to_thread(threading.get_ident))
        try:
            await asyncio.to_thread(int, "no number")
        except ValueError:
            seen.append("failed")

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        assert seen == [threading.get_ident(), "failed"]


def test_a_recording_is_played_by_the_clocks_of_its_time() -> None:
    app, ages = App(), []

    @app.on_page_event("tick")
    def tick(payload: object, page: object) -> None:
        ages.append(time.time() - 1_800_000_000)

    emit = {"t": "emit", "name": "tick", "payload": None, "seq": 1, "at": 0}
    entries = [{"at": 2500, "to": "python", "message": emit}]
    replay({"version": 1, "build": "b", "started_at": 1_800_000_000_000, "entries": entries}, app)
    assert ages == [pytest.approx(2.5, abs=0.001)]
