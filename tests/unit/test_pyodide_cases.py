"""The handlers of `tests/cases` in the worker's own interpreter, with its loop and its limits: Pyodide only."""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("pyodide.webloop", reason="the worker's interpreter is Pyodide's")

from tests.support.cases import Row, check_report, rows
from worker_py import _pyodide, blocking, inbox
from worker_py.wire import PREFIX

MODULE = "tests.cases.handlers"
PAGE = "page-1"
DEADLINE_S = 30


class Stage:
    """A worker without a worker: its interpreter's part, and a page that is made up."""

    def __init__(self) -> None:
        self.told: list[list[Any]] = []
        self.reports: list[dict[str, Any]] = []
        self.commands: list[str] = []
        self._replies: list[dict[str, Any]] = []
        self._seq = 0
        self._calls = 0
        self._shown = False
        config = {
            "module": MODULE,
            "attribute": "app",
            "kept": {},
            "live": False,
            "settings": {"page_grace_s": 61},
            "place": {},
        }
        self.runtime = _pyodide.start(json.dumps(config), self._take, lambda: None, lambda *_: None)
        self._slice = (-1, 0.0)
        self.runtime.watch_slices(self._left_ms)
        self._deliver(inbox.attach("shared"))

    def _left_ms(self) -> float:
        beat, now = self.runtime._loop.beat[0], time.monotonic()
        if beat != self._slice[0]:
            self._slice = (beat, now)
        return self.runtime.slice_limit_ms - (now - self._slice[1]) * 1000

    def comment(self, text: str) -> None:
        """Raise a comment of a call of its own, and run until there is something to see."""
        self._calls += 1
        self._shown = True
        self._event("initialized", {"CALL_ID": f"A.{self._calls}"})
        self.commands.clear()
        self._event("addCommentButtonClick", text)
        end = time.monotonic() + DEADLINE_S
        while not self.told and not self.reports and time.monotonic() < end:
            self._run()
            time.sleep(0.001)
        self._run()

    def _event(self, name: str, payload: Any) -> None:
        self._seq += 1
        self._deliver(inbox.event(PREFIX + name, payload, seq=self._seq, at=time.time() * 1000))

    def _deliver(self, message: dict[str, Any]) -> None:
        self.runtime.deliver(PAGE, json.dumps(message))
        self._run()

    def _run(self) -> None:
        while self.runtime.turn() == 0 or self._replies:
            if self._replies:
                self.runtime.deliver(PAGE, json.dumps(self._replies.pop(0)))

    def _take(self, _: str, text: str) -> None:
        from js import JSON  # what comes to a page has been through JavaScript's numbers and strings

        message = json.loads(JSON.stringify(JSON.parse(text)))
        match message["t"]:
            case "report":
                self.reports.append(message)
            case "command":
                self._command(message)
            case "call" if message["name"] == "tell":
                self.told.append(message["params"])
                self._replies.append(inbox.call_answer(message["id"], {"value": None}))
            case "call" if message["name"] == "echo":
                self._replies.append(inbox.call_answer(message["id"], {"value": message["params"]}))
            case "call":
                error = {"name": "NotProvided", "message": "no such function"}
                self._replies.append(inbox.call_answer(message["id"], {"error": error}))

    def _command(self, message: dict[str, Any]) -> None:
        purpose = message.get("purpose")
        if purpose is None:
            self.commands.append(message["command"])
        code = "Invalid ui state" if purpose == "probe" else "Call card is undefined"
        answer: list[Any] = [] if self._shown and purpose != "probe" else [{"result": "error", "errorCode": code}]
        if message["command"] == "CallCardClose":
            self._shown = False
        self._replies.append(inbox.answer(message["id"], answer))


@pytest.fixture
def stage() -> Iterator[Stage]:
    """What the worker changes for good is as it was, afterwards."""
    running, limit, finders = asyncio._get_running_loop(), sys.getrecursionlimit(), sys.meta_path[:]
    interrupt, path = signal.getsignal(signal.SIGINT), sys.path[:]
    real = [getattr(where, name) for where, name, _ in blocking.STAND_INS]
    imported = sys.modules.pop(MODULE, None)  # in a worker it is imported by the worker
    asyncio._set_running_loop(None)
    yield Stage()
    if imported is not None:
        sys.modules[MODULE] = imported
    for (where, name, _), each in zip(blocking.STAND_INS, real, strict=True):
        setattr(where, name, each)
    blocking.guarded_by(None)
    sys.setrecursionlimit(limit)
    sys.meta_path[:], sys.path[:] = finders, path
    signal.signal(signal.SIGINT, interrupt)
    asyncio.set_event_loop(running)
    asyncio._set_running_loop(running)
    gc.collect()


def test_the_worker_gives_the_app_the_limits_of_the_project(stage: Stage) -> None:
    assert stage.runtime.page_grace_s == 61


ROWS = [row for row in rows("handlers") if row["case"] != "shell"]
"""Without the one that asks for a shell: there is one where these tests run, in Node, but none in a browser."""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["case"])
def test_a_handler_comes_to_the_same_in_the_workers_interpreter(stage: Stage, row: Row) -> None:
    stage.comment(row["case"])
    if "reported" in row:
        (report,) = stage.reports
        check_report(row, report["error"], report["text"])
    else:
        assert [said for _, said in stage.told] == [row["said"]]
        assert stage.reports == []
    assert stage.commands == row.get("commands", [])
