"""Playing a recording of ``workerPy.record()`` again, in CPython and in virtual time."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import inbox
from .app import App
from .as_in_browser import dispatcher_of
from .virtual_time import VirtualTimeLoop
from .wire import PREFIX

Key = tuple[str, str]
Timed = tuple[float, dict[str, Any]]

_REQUESTS = ("command", "rest", "rest_next", "rest_batch", "call")
_ANSWERS = ("sent", "answer", "refused", "rest_answer", "call_answer")
_PAGE_ID = "recorded"
INITIALIZED = PREFIX + "initialized"
_CARRIED_OUT: list[Timed] = [(0.0, inbox.answer("", []))]
_TAIL_S = 120.0
_ATTACHED_BEFORE_S = 1.0


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay gave, beside what was recorded."""

    commands: list[tuple[str, dict[str, Any]]]
    """The commands that the app sent now, in their order."""
    recorded: list[tuple[str, dict[str, Any]]]
    """The commands that were sent when the recording was made."""
    reports: list[dict[str, Any]]
    """What was reported to the page now: failed handlers, refused payloads."""


def replay(recording: Mapping[str, Any] | str, app: App) -> Replay:
    """Run an app on a recorded call: same events, same answers, at the same times.

    A command, REST request or page call is answered as the one of the same name was that came at
    the same place among its like; one that the recording does not know stays unanswered. What was not the app's own,
    when it was recorded and now, is left out: probes are answered as they were at that time, copies for other windows
    and titles that are set again are carried out and not compared.

    Args:
        recording: what ``workerPy.record()`` returned, or its JSON.
        app: the app to run; normally the one that was recorded, or its successor.

    Raises:
        ValueError: it is no recording of a known version.
    """
    source = json.loads(recording) if isinstance(recording, str) else recording
    if not isinstance(source, Mapping) or source.get("version") != 1:
        raise ValueError("not a recording of workerPy.record(), version 1")
    return _Player(source["entries"], app, source.get("started_at", 0)).play()


class _Player:
    def __init__(self, entries: list[Mapping[str, Any]], app: App, started_ms: float) -> None:
        self._incoming: list[Timed] = []
        self._answers: dict[Key, deque[list[Timed]]] = defaultdict(deque)
        self._probes: list[tuple[float, list[Timed]]] = []
        self._result = Replay([], [], [])
        self._began = 0.0
        self._read(entries)
        self._loop = VirtualTimeLoop()
        self._dispatcher = dispatcher_of(app, self._loop, self._from_app, started_ms - self._began * 1000)

    def play(self) -> Replay:
        end = max((at for at, _ in self._incoming), default=0) + self._began + _TAIL_S
        for at, message in self._incoming:
            self._loop.call_at(at + self._began, self._dispatcher.receive, _PAGE_ID, json.dumps(message))
        try:
            self._loop.advance(end)
        finally:
            self._dispatcher.close()
            self._loop.close()
        return self._result

    def _read(self, entries: list[Mapping[str, Any]]) -> None:
        """Sort the recording into what came by itself and what answered something."""
        asked: dict[str, tuple[float, list[Timed]]] = {}
        attached = False
        for entry in entries:
            at, message = entry["at"] / 1000, entry["message"]
            kind = message["t"]
            if kind in _REQUESTS:
                answers: list[Timed] = []
                asked[message["id"]] = (at, answers)
                if message.get("purpose") == "probe":
                    self._probes.append((at, answers))
                if "purpose" in message:
                    continue
                self._answers[_key(message)].append(answers)
                if kind == "command":
                    self._result.recorded.append((message["command"], message["params"]))
            elif kind in _ANSWERS and message["id"] in asked:
                since, answers = asked[message["id"]]
                answers.append((at - since, message))
            elif kind in ("event", "emit", "detach") or (kind == "attach" and not attached):
                attached = attached or kind == "attach"
                self._incoming.append((at, message))
        if not attached:
            self._began = _ATTACHED_BEFORE_S
            self._incoming.insert(0, (-_ATTACHED_BEFORE_S, inbox.attach("replay", card=_card(entries))))

    def _from_app(self, _: str, text: str) -> None:
        message = json.loads(text)
        if message["t"] == "report":
            self._result.reports.append(message)
        purpose = message.get("purpose")
        if purpose is not None:
            self._serve(message, self._probe_answers() if purpose == "probe" else _CARRIED_OUT)
            return
        if message["t"] == "command":
            self._result.commands.append((message["command"], message["params"]))
        if self._loop.time() < self._began:
            return  # of what happened before the recording began, no answer was recorded
        recorded = self._answers.get(_key(message))
        self._serve(message, recorded.popleft() if recorded else [])

    def _serve(self, message: Mapping[str, Any], answers: list[Timed]) -> None:
        """Answer as it was answered."""
        if "id" not in message:
            return
        for delay, answer in answers:
            reply = json.dumps({**answer, "id": message["id"]})
            self._loop.call_later(delay, self._dispatcher.receive, _PAGE_ID, reply)

    def _probe_answers(self) -> list[Timed]:
        """What the last probe before this time was answered, else the first one."""
        now = self._loop.time() - self._began
        before = [answers for at, answers in self._probes if at <= now]
        return before[-1] if before else self._probes[0][1] if self._probes else []


def _card(entries: list[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The card that the page showed when the recording began: the first one that the interpreter kept something of."""
    for entry in entries:
        message = entry["message"]
        if message.get("name") == INITIALIZED:
            return None
        if message["t"] == "keep":
            return {"call_id": message["call_id"], "kept": json.loads(message["kept"])}
    return None


def _key(message: Mapping[str, Any]) -> Key:
    name = next((message[key] for key in ("command", "method", "name") if key in message), "")
    return (str(message["t"]), str(name))
