"""The trace: always on, bounded, nothing personal. The recording: on request, complete, playable in CPython."""

from __future__ import annotations

import importlib.util
import json
import textwrap
from pathlib import Path
from typing import Any

from tests.browser.conftest import Complaints, OpenPortal
from tests.support.placement import NOTEBOOK, Placement, comments, initialized
from worker_py import App
from worker_py.testing import replay

CAPACITY = 2000
PHONE = "+4930555777"
APP = """
    from worker_py import App, UiState
    from worker_py.events import AddCommentButtonClick, AnswerButtonClick, Initialized

    app = App()

    @app.on(Initialized)
    async def greet(event, card):
        contact = await card.rest.call("crm.contact.get", {"id": 1001})
        await card.set_card_title(f"{contact['NAME']}, {event.phone_number}")
        await card.page.call("note", card.call_id)

    @app.on(AnswerButtonClick)
    async def answer(event, card):
        await card.set_ui_state(UiState.CONNECTED)
        await card.start_timer()
        states = await card.get_list_ui_states()
        await card.set_status_text(f"one of {len(states)}")
        card.data["answered"] = True

    @app.on(AddCommentButtonClick)
    async def comment(event, card):
        if event.comment.startswith("fail"):
            raise ValueError(f"cannot save {event.comment}")
        await card.set_status_text(f"{event.comment} ({card.data.get('answered')})")
"""


def opened(open_portal: OpenPortal) -> Placement:
    placement = Placement(open_portal(APP, page_scripts=[NOTEBOOK], plain=""))
    placement.until_ready()
    placement.page.evaluate("portal.incomingCall({ silent: true })")
    return placement


def names(placement: Placement, kind: str) -> list[str]:
    return [str(entry["name"]) for entry in placement.trace(kind)]


def test_trace_tells_events_handlers_commands_and_how_they_ended_with_their_times(open_portal: OpenPortal) -> None:
    placement = opened(open_portal)
    placement.raise_all([initialized("A.1"), ("answerButtonClick", [])])
    placement.until_settled()

    assert names(placement, "event") == ["BackgroundCallCard::initialized", "BackgroundCallCard::answerButtonClick"]
    assert {entry["name"]: entry["outcome"] for entry in placement.trace("handler")} == {"greet": "ok", "answer": "ok"}
    outcomes = {entry["name"]: entry for entry in placement.trace("outcome")}
    assert {name: entry["outcome"] for name, entry in outcomes.items()} == {
        "CallCardSetCardTitle": "ok",
        "CallCardSetUiState": "ok",
        "CallCardStartTimer": "silence",
        "CallCardGetListUiStates": "ok",
        "CallCardSetStatusText": "ok",
    }
    commands = {entry["id"]: entry["name"] for entry in placement.trace("command")}
    assert commands == {entry["id"]: name for name, entry in outcomes.items()}
    assert outcomes["CallCardStartTimer"]["duration_ms"] >= 300
    (rest,) = placement.trace("rest")
    assert (rest["name"], rest["outcome"]) == ("crm.contact.get", "ok")
    events = {entry["name"]: entry["id"] for entry in placement.trace("event")}
    assert {entry["event"]: entry["id"] for entry in placement.trace("handler")} == events


def test_trace_and_diagnostics_hold_no_number_no_comment_and_no_token(
    open_portal: OpenPortal, complaints: Complaints
) -> None:
    complaints.expect("cannot save")
    placement = opened(open_portal)
    tokens = placement.page.evaluate(
        "performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => name.includes('auth='))"
    )
    placement.raise_all(
        [
            initialized("A.1", PHONE_NUMBER=PHONE),
            ("addCommentButtonClick", "a secret remark"),
            ("addCommentButtonClick", f"fail {PHONE}"),
        ]
    )
    placement.until_settled()

    told = json.dumps([placement.trace(), placement.diagnostics(), placement.stats()])
    assert tokens == []
    assert PHONE not in told
    assert PHONE[1:] not in told
    assert "a secret remark" not in told
    assert "ValueError" in told, "what is left is still of use"
    assert not any(PHONE in complaint for complaint in complaints.seen)


def test_trace_keeps_the_newest_two_thousand_entries(open_portal: OpenPortal) -> None:
    placement = opened(open_portal)
    for _ in range(3):
        placement.frame.evaluate("() => { for (let n = 0; n < 900; n++) workerPy.emit('tick', n); }")
    placement.until("stats.events === 2700 && stats.waiting === 0")

    trace = placement.trace()

    assert len(trace) == CAPACITY
    assert sum(placement.stats()["trace"].values()) > CAPACITY
    ticks = [int(entry["id"].rpartition(":")[2]) for entry in trace if entry["kind"] == "emit"]
    assert ticks == list(range(ticks[0], 2701))


def test_recording_is_off_until_it_is_asked_for_and_stops_when_told(open_portal: OpenPortal) -> None:
    placement = opened(open_portal)
    placement.raise_all([initialized("A.1")])
    placement.until_settled()

    assert placement.frame.evaluate("workerPy.record().entries") == []
    placement.raise_all(comments(1))
    placement.until_settled()
    recorded = placement.frame.evaluate("workerPy.record(false).entries.length")
    placement.raise_all(comments(1))
    placement.until_settled()

    assert recorded > 0
    assert placement.frame.evaluate("workerPy.record(false).entries.length") == recorded


def the_same_app(directory: Path) -> App:
    """The app of the bundle, imported by CPython."""
    file = directory / "recorded_app.py"
    file.write_text(textwrap.dedent(APP))
    spec = importlib.util.spec_from_file_location("recorded_app", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    app: App = module.app
    return app


def test_recorded_call_gives_the_same_commands_when_it_is_played_again_in_cpython(
    open_portal: OpenPortal, tmp_path: Path
) -> None:
    placement = opened(open_portal)
    placement.frame.evaluate("() => { workerPy.record(); }")
    placement.raise_all([initialized("A.1", PHONE_NUMBER=PHONE)])
    placement.until_settled()
    placement.raise_all([("answerButtonClick", [])])
    placement.until_settled()
    placement.raise_all(comments(3))
    placement.until_settled()
    recording: dict[str, Any] = placement.frame.evaluate("workerPy.record(false)")

    played = replay(json.dumps(recording), the_same_app(tmp_path))

    sent = placement.page.evaluate("portal.sent.map(({ command, params }) => [command, params])")
    assert [list(command) for command in played.commands] == sent
    assert played.commands == played.recorded
    assert played.commands[0] == ("CallCardSetCardTitle", {"title": f"Ada, {PHONE}"})
    assert played.commands[-1] == ("CallCardSetStatusText", {"statusText": "2 (True)"})
    assert played.reports == []
