"""Events that are delivered again after another call began on their page: they are still those of their own call."""

from __future__ import annotations

import pytest

from worker_py import App, CallCard, CommandFailed
from worker_py.events import AnswerButtonClick, CardEvent, CloseButtonClick, Initialized, MuteButtonClick
from worker_py.testing import Portal
from worker_py.wire import PREFIX


def test_an_event_of_the_call_before_is_not_the_new_calls_although_the_page_shows_that_one_now() -> None:
    app = App()
    seen: list[tuple[str, str, bool | None]] = []

    @app.on(MuteButtonClick)
    async def mute(event: MuteButtonClick, card: CallCard) -> None:
        seen.append(("mute", card.call_id, card.state.closed))
        with pytest.raises(CommandFailed, match="Call card is undefined"):
            await card.set_status_text("muted")

    @app.on(CloseButtonClick)
    async def close(event: CloseButtonClick, card: CallCard) -> None:
        seen.append(("close", card.call_id, card.state.closed))

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        seen.append(("answer", card.call_id, card.state.closed))

    with Portal(app) as portal:
        page = portal.open_page("again", {"call_id": "new", "kept": {"data": {}}})
        for seq, name, payload, call_id in (
            (4, "muteButtonClick", True, "old"),
            (5, "closeButtonClick", [], "old"),
            (7, "answerButtonClick", [], "new"),
        ):
            event = {"t": "event", "seq": seq, "name": PREFIX + name, "payload": payload}
            page.tell({**event, "redelivered": True, "call_id": call_id})
        portal.advance(1)
        assert seen == [("mute", "old", True), ("close", "old", True), ("answer", "new", False)]
        assert portal.sent == []
        assert page.unacknowledged == {}


def test_an_event_of_a_call_that_nobody_knows_any_more_does_not_wait_for_the_next_call() -> None:
    app = App()
    seen: list[tuple[str, str, bool | None]] = []

    async def note(event: CardEvent, card: CallCard) -> None:
        seen.append((event.meta.name.removeprefix(PREFIX), card.call_id, card.state.closed))

    app.add_handler(Initialized, note)
    app.add_handler(MuteButtonClick, note)

    with Portal(app) as portal:
        page = portal.open_page("again")
        for seq, name, payload, call_id in (
            (4, "muteButtonClick", True, "old"),
            (5, "initialized", {"CALL_ID": "new"}, "new"),
            (6, "muteButtonClick", False, "new"),
        ):
            event = {"t": "event", "seq": seq, "name": PREFIX + name, "payload": payload}
            page.tell({**event, "redelivered": True, "call_id": call_id})
        portal.advance(1)
        assert sorted(seen) == [
            ("initialized", "new", False),
            ("muteButtonClick", "new", False),
            ("muteButtonClick", "old", True),
        ]
        assert page.unacknowledged == {}
