"""Playing a recording of a page again: the same events and answers at the same times, and so the same commands."""

import asyncio
import json
from typing import Any

import pytest

from worker_py import App, CallCard, CommandFailed, Page
from worker_py.events import (
    AnswerButtonClick,
    CardClosed,
    DialpadButtonClick,
    HangupButtonClick,
    Initialized,
    PageAttached,
)
from worker_py.testing import Portal, refusal, replay

EVENT = "BackgroundCallCard::"


def recording(*entries: tuple[float, str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    rows = [{"at": at, "to": to, "message": message} for at, to, message in entries]
    return {"version": 1, "build": "b", "started_at": 0, "entries": rows, **more}


def event(seq: int, name: str, payload: Any = None) -> dict[str, Any]:
    return {"t": "event", "seq": seq, "name": EVENT + name, "payload": payload, "at": 0}


ATTACH = {"t": "attach", "mode": "dedicated", "reason": "", "card": None}
INITIALIZED = event(1, "initialized", {"CALL_ID": "A", "PHONE_NUMBER": "+491"})


def titles(app: App) -> list[Any]:
    seen: list[Any] = []

    @app.on(Initialized)
    async def begin(event: Initialized, card: CallCard) -> None:
        try:
            await card.set_card_title(str(event.phone_number))
        except CommandFailed as error:
            await card.set_status_text(error.error_code)
        seen.append(card)

    return seen


def test_a_recording_gives_the_same_commands_again() -> None:
    app = App()
    titles(app)
    found = replay(
        recording(
            (0, "python", ATTACH),
            (10, "python", INITIALIZED),
            (11, "page", {"t": "command", "id": "c3", "command": "CallCardSetCardTitle", "params": {"title": "+491"}}),
            (12, "python", {"t": "sent", "id": "c3"}),
            (900, "python", {"t": "answer", "id": "c3", "answer": refusal("Nope").payload}),
            (901, "page", {"t": "command", "id": "c4", "command": "CallCardSetStatusText", "params": {"x": 1}}),
            (902, "python", {"t": "answer", "id": "c4", "answer": []}),
        ),
        app,
    )
    assert found.commands == [
        ("CallCardSetCardTitle", {"title": "+491"}), ("CallCardSetStatusText", {"statusText": "Nope"}),
    ]  # fmt: skip
    assert found.recorded == [
        ("CallCardSetCardTitle", {"title": "+491"}), ("CallCardSetStatusText", {"x": 1}),
    ]  # fmt: skip
    assert found.reports == []


def test_answers_come_as_late_as_they_did() -> None:
    app = App(command_timeout_ms=2000)
    seen: list[float] = []

    @app.on(Initialized)
    async def begin(event: Initialized, card: CallCard) -> None:
        await card.set_mute(True)
        seen.append(asyncio.get_running_loop().time())

    command = {"t": "command", "id": "c3", "command": "CallCardSetMute", "params": {"muted": True}}
    answer = {"t": "answer", "id": "c3"}
    replay(
        recording(
            (0, "python", ATTACH), (100, "python", INITIALIZED), (100, "page", command), (1600, "python", answer)
        ),
        app,
    )
    assert seen == [1.6]


def test_answers_are_given_per_name_in_the_order_in_which_they_were_asked_for() -> None:
    app = App()
    seen: list[Any] = []

    @app.on(Initialized)
    async def begin(event: Initialized, card: CallCard) -> None:
        seen.append(await card.rest.call("crm.deal.get", {"id": 1}))
        seen.append(await card.page.call("phone.state"))
        seen.append(await card.rest.call("crm.deal.get", {"id": 2}))

    found = replay(
        recording(
            (0, "python", INITIALIZED),
            (1, "page", {"t": "rest", "id": "r1", "method": "crm.deal.get", "params": {}}),
            (2, "page", {"t": "rest", "id": "r2", "method": "crm.deal.get", "params": {}}),
            (3, "page", {"t": "call", "id": "p1", "name": "phone.state", "params": None}),
            (4, "python", {"t": "call_answer", "id": "p1", "value": "live"}),
            (5, "python", {"t": "rest_answer", "id": "r2", "result": "second"}),
            (6, "python", {"t": "rest_answer", "id": "r1", "result": "first"}),
            (7, "python", {"t": "rest_answer", "id": "never asked", "result": "?"}),
        ),
        app,
    )
    assert (seen, found.reports) == (["first", "live", "second"], [])


def test_what_the_recording_does_not_know_stays_unanswered_and_is_reported() -> None:
    app = App()
    titles(app)
    found = replay(recording((0, "python", INITIALIZED)), app)
    assert found.commands == [("CallCardSetCardTitle", {"title": "+491"})]
    assert [report["error"] for report in found.reports] == ["CommandTimeout"]


def test_messages_of_the_same_moment_keep_their_order() -> None:
    app, seen = App(), []

    @app.on(DialpadButtonClick)
    def tone(event: DialpadButtonClick, card: CallCard) -> None:
        seen.append(event.key)

    keys = "0123456789*#" * 4
    rows = [(5.0, "python", event(number + 2, "dialpadButtonClick", key)) for number, key in enumerate(keys)]
    replay(recording((5.0, "python", INITIALIZED), *rows), app)
    assert "".join(seen) == keys


def test_events_that_were_delivered_again_to_a_replaced_worker_are_played_once() -> None:
    app, seen = App(), []

    @app.on(AnswerButtonClick)
    def answer(event: AnswerButtonClick, card: CallCard) -> None:
        seen.append(event.meta.redelivered)

    answered = event(2, "answerButtonClick")
    replay(
        recording(
            (0, "python", ATTACH),
            (1, "python", INITIALIZED),
            (2, "python", answered),
            (3, "python", {**ATTACH, "card": {"call_id": "A", "kept": {}}}),
            (4, "python", {**answered, "redelivered": True}),
        ),
        app,
    )
    assert seen == [False]


def test_page_events_and_the_end_of_the_page_are_played_too() -> None:
    app, seen = App(), []

    @app.on_page_event("ring")
    def ring(payload: Any, page: Page) -> None:
        seen.append(payload)

    found = replay(
        recording(
            (0, "python", {"t": "emit", "seq": 1, "name": "ring", "payload": 7}),
            (1, "python", {"t": "detach", "reason": "closed"}),
            (2, "python", {"t": "emit", "seq": 2, "name": "ring", "payload": 8}),
        ),
        app,
    )
    assert (seen, found.reports) == ([7], [])


def test_a_failing_handler_and_a_failing_task_are_among_the_reports() -> None:
    app = App()

    @app.on(HangupButtonClick)
    async def fails(event: HangupButtonClick, card: CallCard) -> None:
        asyncio.create_task(boom())  # noqa: RUF006 - apps do
        raise LookupError

    async def boom() -> None:
        raise ValueError

    found = replay(recording((0, "python", INITIALIZED), (1, "python", event(2, "hangupButtonClick"))), app)
    assert sorted(report["error"] for report in found.reports) == ["LookupError", "ValueError"]


def test_a_recording_may_be_json_text() -> None:
    app = App()
    titles(app)
    assert len(replay(json.dumps(recording((0, "python", INITIALIZED))), app).commands) == 1


@pytest.mark.parametrize("source", [{}, {"version": 2, "entries": []}, "[]", "null", '{"version": "1"}'])
def test_what_is_no_recording_is_refused(source: Any) -> None:
    with pytest.raises(ValueError, match=r"^not a recording of workerPy.record\(\), version 1$"):
        replay(source, App())


def test_what_a_portal_in_memory_exchanged_can_be_replayed() -> None:
    app = App()
    titles(app)
    with Portal(app) as portal:
        portal.initialized(PHONE_NUMBER="+491")
        sent = list(portal.sent)
        commands = [message for message in portal.page.messages if message["t"] == "command"]
    answers = [(2.0, "python", {"t": "answer", "id": message["id"], "answer": []}) for message in commands]
    asked = [(1.0, "page", message) for message in commands]
    assert replay(recording((0, "python", INITIALIZED), *asked, *answers), app).commands == sent


def test_answers_of_a_recording_that_began_later_are_not_spent_on_what_happens_before_it() -> None:
    app = App()

    @app.on(PageAttached)
    async def log(event: PageAttached, page: Page) -> None:
        await page.call("who")

    @app.on(HangupButtonClick)
    async def ask(event: HangupButtonClick, card: CallCard) -> None:
        await card.set_status_text(await card.page.call("who"))

    later = recording(
        (10, "page", {"t": "keep", "call_id": "A", "kept": "{}"}),
        (20, "python", event(9, "hangupButtonClick")),
        (30, "page", {"t": "call", "id": "p9", "name": "who", "params": None}),
        (40, "python", {"t": "call_answer", "id": "p9", "value": "Ada"}),
    )
    assert replay(later, app).commands == [("CallCardSetStatusText", {"statusText": "Ada"})]


# What was not the app's own --------------------------------------------------------------------------


def probe(request_id: str) -> dict[str, Any]:
    command = {"t": "command", "id": request_id, "command": "CallCardSetUiState", "params": {"uiState": "?"}}
    return {**command, "purpose": "probe"}


def test_what_was_not_the_apps_own_is_not_compared() -> None:
    title = {"t": "command", "id": "c9", "command": "CallCardSetCardTitle", "params": {"title": "+491"}}
    app = App()
    titles(app)
    own = {**title, "id": "c3"}
    found = replay(
        recording(
            (0, "python", INITIALIZED),
            (1, "page", own),
            (2, "python", {"t": "answer", "id": "c3", "answer": []}),
            (3, "page", probe("?4")),
            (500, "page", {**title, "purpose": "title"}),
            (501, "page", {**title, "id": "c10", "purpose": "mirror"}),
        ),
        app,
    )
    assert found.commands == found.recorded == [("CallCardSetCardTitle", {"title": "+491"})]
    assert found.reports == []


def silent_app() -> tuple[App, list[Any]]:
    app = App()
    seen: list[Any] = []

    @app.on(AnswerButtonClick)
    async def connect(event: AnswerButtonClick, card: CallCard) -> None:
        await card.set_ui_state("connected")
        seen.append(asyncio.get_running_loop().time())

    return app, seen


def test_what_the_probe_proved_when_it_was_recorded_it_proves_again() -> None:
    app, seen = silent_app()
    answer = {"t": "answer", "answer": refusal("Invalid ui state").payload}
    found = replay(
        recording(
            (0, "python", ATTACH),
            (1, "python", INITIALIZED),
            (2, "page", probe("?3")),
            (4, "python", {**answer, "id": "?3"}),
            (1000, "python", event(2, "answerButtonClick")),
            (1000, "page", {"t": "command", "id": "c4", "command": "CallCardSetUiState", "params": {"uiState": "x"}}),
        ),
        app,
    )
    assert (seen, found.reports) == ([1.004], [])


def test_in_a_recording_without_probes_silence_is_settled_by_time() -> None:
    app, seen = silent_app()
    found = replay(
        recording((0, "python", ATTACH), (1, "python", INITIALIZED), (5, "python", event(2, "answerButtonClick"))), app
    )
    assert (seen, [report["error"] for report in found.reports]) == ([], ["CommandTimeout"])


def test_a_card_that_was_taken_away_when_it_was_recorded_is_taken_away_again() -> None:
    app = App()
    seen: list[Any] = []

    @app.on(CardClosed)
    def closed(event: CardClosed, card: CallCard) -> None:
        seen.append((event.reason, round(asyncio.get_running_loop().time(), 3)))

    shown, gone = refusal("Invalid ui state").payload, refusal().payload
    replay(
        recording(
            (0, "python", ATTACH),
            (1, "python", INITIALIZED),
            (2, "page", probe("?3")),
            (4, "python", {"t": "answer", "id": "?3", "answer": shown}),
            (4000, "page", probe("?4")),
            (4001, "python", {"t": "answer", "id": "?4", "answer": gone}),
        ),
        app,
    )
    assert seen == [("closed_by_portal", 4.002)]
