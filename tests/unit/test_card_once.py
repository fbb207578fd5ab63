"""What a handler does once is done once, though its event is delivered again."""

import asyncio
import json
from typing import Any

import pytest

from worker_py import App, CallCard, RestError
from worker_py.events import AnswerButtonClick, HangupButtonClick
from worker_py.testing import CALL_ID, Portal


def writing_app() -> tuple[App, list[Any]]:
    """An app that writes an activity to the CRM when the call is answered, and waits before its handler ends."""
    app = App()
    seen: list[Any] = []

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        async def write() -> int:
            number = await card.rest.call("crm.activity.add", {"fields": {"SUBJECT": "Call"}})
            await card.rest.call("crm.timeline.comment.add", {"fields": {"ENTITY_ID": number}})
            return int(number)

        seen.append(("begins", event.meta.redelivered))
        seen.append(("written", await card.once("activity", write)))
        await asyncio.sleep(10)
        seen.append(("ends", event.meta.redelivered))

    return app, seen


class Crm:
    """The portal's CRM: what was written to it."""

    def __init__(self, portal: Portal) -> None:
        self.written: list[str] = []
        self.wait_s = {"crm.activity.add": 0.0, "crm.timeline.comment.add": 0.0}
        for method in self.wait_s:
            portal.rest[method] = self.method(method)

    def method(self, name: str) -> Any:
        async def write(params: dict[str, Any]) -> int:
            self.written.append(name)
            number = 40 + len(self.written)
            await asyncio.sleep(self.wait_s[name])
            return number

        return write


WRITES = ["crm.activity.add", "crm.timeline.comment.add"]


def test_an_interpreter_that_is_killed_between_the_write_and_the_acknowledgement_has_written_once() -> None:
    app, seen = writing_app()
    with Portal(app) as portal:
        crm = Crm(portal)
        portal.initialized()
        portal.raise_event("answerButtonClick")
        assert portal.page.unacknowledged != {}
        portal.kill_interpreter()
        portal.advance(10)
        assert crm.written == WRITES
        begun = [("begins", False), ("written", 41), ("begins", True), ("written", 41)]
        assert [each for each in seen if each[0] != "ends"] == begun
        assert seen[-1] == ("ends", True)
        assert portal.page.unacknowledged == {}


def test_killed_between_two_writes_it_goes_on_with_the_second_one() -> None:
    app, seen = writing_app()
    with Portal(app) as portal:
        crm = Crm(portal)
        crm.wait_s["crm.timeline.comment.add"] = 5
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(1)
        crm.wait_s["crm.timeline.comment.add"] = 0
        portal.kill_interpreter()
        assert crm.written.count("crm.activity.add") == 1
        assert seen[-1] == ("written", 41)


def test_without_it_the_same_kill_writes_twice() -> None:
    """What the others show is not the kit's own doing."""
    app = App()

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        await card.rest.call("crm.activity.add")
        await asyncio.sleep(10)

    with Portal(app) as portal:
        crm = Crm(portal)
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.kill_interpreter()
        assert crm.written == ["crm.activity.add"] * 2


def test_another_event_and_another_window_of_the_call_find_it_done_and_another_call_does_not() -> None:
    app = App()
    made: list[str] = []

    async def answered(event: AnswerButtonClick | HangupButtonClick, card: CallCard) -> None:
        async def make() -> str:
            made.append(card.call_id)
            await asyncio.sleep(1)
            return f"for {card.call_id}"

        card.data["once"] = await card.once("key", make)

    app.add_handler(AnswerButtonClick, HangupButtonClick, answered)
    with Portal(app) as portal:
        portal.initialized()
        second = portal.open_page()
        second.initialized()
        portal.raise_event("answerButtonClick")
        second.raise_event("hangupButtonClick")  # meanwhile: it waits for the one that is under way
        portal.advance(1)
        assert made == [CALL_ID]
        other = portal.open_page()
        other.initialized(CALL_ID="B")
        other.raise_event("answerButtonClick")
        portal.advance(1)
        assert made == [CALL_ID, "B"]
        assert portal.reports == []


def test_what_failed_is_not_done_and_may_be_tried_again() -> None:
    app = App()
    seen: list[Any] = []

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        seen.append(await card.once("activity", lambda: card.rest.call("crm.activity.add")))

    with Portal(app) as portal:
        portal.rest["crm.activity.add"] = RestError("ERROR_CORE", "no", 400)
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.rest["crm.activity.add"] = 7
        portal.raise_event("answerButtonClick")
        assert seen == [7]
        assert [each["error"] for each in portal.reports] == ["RestError"]


@pytest.mark.parametrize("result", [object(), "x" * 5000, float("nan")])
def test_of_what_json_cannot_carry_another_interpreter_knows_that_it_was_done(result: object) -> None:
    app = App()
    seen: list[Any] = []

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        async def make() -> object:
            seen.append("made")
            return result

        seen.append(await card.once("key", make))
        await asyncio.sleep(10)

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.kill_interpreter()
        assert seen == ["made", result, None]


def test_it_is_kept_as_soon_as_it_is_done_and_not_only_when_the_handler_ends() -> None:
    app, _ = writing_app()
    with Portal(app) as portal:
        Crm(portal)
        portal.initialized()
        portal.raise_event("answerButtonClick")
        assert json.loads(portal.page.kept[CALL_ID])["once"] == {"activity": 41}


def test_the_requests_of_what_is_not_done_once_have_no_name() -> None:
    app, _ = writing_app()

    @app.on(HangupButtonClick)
    async def hang_up(event: HangupButtonClick, card: CallCard) -> None:
        await card.once("batch", lambda: card.rest.batch({"a": ("crm.activity.add", {})}))
        await card.rest.call("crm.activity.add")

    with Portal(app) as portal:
        Crm(portal)
        portal.initialized()
        portal.raise_event("hangupButtonClick")
        asked = [each.get("once") for each in portal.page.messages if each["t"].startswith("rest")]
        assert asked == [f"{CALL_ID}/batch/1", None]
