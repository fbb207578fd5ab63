"""The trace: always on, bounded, nothing personal. The recording: on request, complete, playable in CPython."""

from __future__ import annotations

import importlib.util
import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import OpenPage, SharedPageFor
from tests.support.raised import comments, initialized
from tests.support.witness import SharedPage
from worker_py import App
from worker_py.testing import replay

CAPACITY = 2000
PHONE = "+4930555777"
APP = """
    from worker_py import App, UiState
    from worker_py.events import AddCommentButtonClick, AnswerButtonClick, Initialized

    app = App(silent_ok_ms=None)

    @app.on(Initialized)
    async def greet(event, card):
        contact = await card.rest.call("crm.contact.get", {"id": 1001})
        await card.set_card_title(f"{contact['NAME']}, {event.phone_number}")
        await card.page.call("tell", card.call_id)

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


@pytest.fixture(scope="module")
def booted(shared_page_for: SharedPageFor) -> SharedPage:
    return shared_page_for(APP)


@pytest.fixture
def page(booted: SharedPage) -> Iterator[SharedPage]:
    with booted.case():
        booted.silent_card()
        yield booted
        booted.evaluate("witness.rest()")


def names(page: SharedPage, kind: str) -> list[str]:
    return [str(entry["name"]) for entry in page.trace(kind)]


def test_trace_tells_events_handlers_commands_and_how_they_ended_with_their_times(page: SharedPage) -> None:
    page.raise_all([initialized("A.1"), ("answerButtonClick", [])])
    page.until_settled()

    assert names(page, "event") == ["BackgroundCallCard::initialized", "BackgroundCallCard::answerButtonClick"]
    assert {entry["name"]: entry["outcome"] for entry in page.trace("handler")} == {"greet": "ok", "answer": "ok"}
    outcomes = {entry["name"]: entry for entry in page.trace("outcome")}
    assert {name: entry["outcome"] for name, entry in outcomes.items()} == {
        "CallCardSetCardTitle": "ok",
        "CallCardSetUiState": "ok",
        "CallCardStartTimer": "proven",
        "CallCardGetListUiStates": "ok",
        "CallCardSetStatusText": "ok",
    }
    commands = {entry["id"]: entry["name"] for entry in page.trace("command")}
    assert commands == {entry["id"]: name for name, entry in outcomes.items()}
    (rest,) = page.trace("rest")
    assert (rest["name"], rest["outcome"]) == ("crm.contact.get", "ok")
    events = {entry["name"]: entry["id"] for entry in page.trace("event")}
    assert {entry["event"]: entry["id"] for entry in page.trace("handler")} == events


@pytest.mark.engines
@pytest.mark.engines_all  # the page's own: tests/static/page/trace.test.mjs
def test_trace_and_diagnostics_hold_no_number_no_comment_and_no_token(
    page: SharedPage,
) -> None:
    page.complaints.expect("cannot save")
    tokens = page.playwright_page.evaluate(
        "performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => name.includes('auth='))"
    )
    page.raise_all(
        [
            initialized("A.2", PHONE_NUMBER=PHONE),
            ("addCommentButtonClick", "a secret remark"),
            ("addCommentButtonClick", f"fail {PHONE}"),
        ]
    )
    page.until_settled()

    told = json.dumps([page.trace(), page.diagnostics(), page.stats()])
    assert tokens == []
    assert PHONE not in told
    assert PHONE[1:] not in told
    assert "a secret remark" not in told
    assert "ValueError" in told, "what is left is still of use"
    assert not any(PHONE in complaint for complaint in page.complaints.seen)


@pytest.mark.campaign  # tests/static/page/trace.test.mjs: the newest 2,000 entries stay, oldest first
@pytest.mark.engines
@pytest.mark.engines_all  # the page's own: tests/static/page/trace.test.mjs
def test_trace_keeps_the_newest_two_thousand_entries(page: SharedPage) -> None:
    for _ in range(3):
        page.evaluate("() => { for (let n = 0; n < 900; n++) workerPy.emit('tick', n); }")
    page.until("stats.events === before.events + 2700 && stats.waiting === 0")

    trace = page.evaluate("workerPy.trace()")

    assert len(trace) == CAPACITY
    assert sum(page.stats()["trace"].values()) > CAPACITY
    ticks = [int(entry["id"].rpartition(":")[2]) for entry in trace if entry["kind"] == "emit"]
    assert ticks == list(range(ticks[0], page.stats()["events"] + 1))


@pytest.mark.engines
@pytest.mark.engines_all  # the page's own: tests/static/page/recorder.test.mjs
def test_recording_is_off_until_it_is_asked_for_and_stops_when_told(page: SharedPage) -> None:
    page.raise_all([initialized("A.4")])
    page.until_settled()

    assert page.evaluate("workerPy.record().entries") == []
    page.raise_all(comments(1))
    page.until_settled()
    recorded = page.evaluate("workerPy.record(false).entries.length")
    page.raise_all(comments(1))
    page.until_settled()

    assert recorded > 0
    assert page.evaluate("workerPy.record(false).entries.length") == recorded


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
    open_page: OpenPage, tmp_path: Path
) -> None:
    """In a page of its own: a recording goes on growing for as long as its page lives."""
    page = open_page(APP)
    page.silent_card()
    page.evaluate("() => { workerPy.record(); }")
    page.raise_all([initialized("A.5", PHONE_NUMBER=PHONE)])
    page.until_settled()
    page.raise_all([("answerButtonClick", [])])
    page.until_settled()
    page.raise_all(comments(3))
    page.until_settled()
    recording: dict[str, Any] = page.evaluate("workerPy.record(false)")

    played = replay(json.dumps(recording), the_same_app(tmp_path))

    sent = page.commands()
    assert list(played.commands) == sent
    assert played.commands == played.recorded
    assert played.commands[0] == ("CallCardSetCardTitle", {"title": f"Ada, {PHONE}"})
    assert played.commands[-1] == ("CallCardSetStatusText", {"statusText": "2 (True)"})
    assert played.reports == []
