"""The app's own data: what of it is JSON outlives interpreters, and of two writes of a key the newer one holds."""

import json
from typing import Any

import pytest

from worker_py import App, CallCard, Page
from worker_py import events as ev
from worker_py.app_data import DELETED_KEPT, AppData
from worker_py.testing import Portal


class Interpreter:
    """One interpreter's part, on a clock that the test tells."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.app_data = AppData(lambda: self.now)
        self.data: dict[str, Any] = {}

    def news(self, at: float) -> dict[str, Any]:
        """What is to be kept after this time."""
        self.now = at
        return {key: json.loads(text) for key, text in self.app_data.news(self.data).items()}

    def kept(self) -> dict[str, Any]:
        kept: dict[str, Any] = json.loads(self.app_data.kept or "{}")
        return kept

    def take(self, record: object) -> bool:
        return self.app_data.take(self.data, record)


def test_each_key_is_news_once_with_the_time_of_its_write() -> None:
    one = Interpreter()
    assert one.news(1) == {}
    assert one.app_data.kept is None
    one.data |= {"visits": 1, "queue": ["a"]}
    assert one.news(5) == {"app.data/visits": [5, "1"], "app.data/queue": [5, '["a"]']}
    assert one.news(6) == {}
    one.data["queue"].append("b")
    assert one.news(7) == {"app.data/queue": [7, '["a","b"]']}
    del one.data["visits"]
    assert one.news(8) == {"app.data/visits": [8]}
    assert one.kept() == {"visits": [8], "queue": [7, '["a","b"]']}


def test_the_newest_write_of_a_key_wins_whichever_record_comes_last() -> None:
    one, other = Interpreter(), Interpreter()
    one.data |= {"same": "old", "mine": 1}
    one.news(5)
    other.data |= {"same": "new", "theirs": 2}
    other.news(6)
    before = one.kept()
    assert one.take(other.kept())
    assert not other.take({"same": before["same"]})
    assert other.take(before)
    assert one.data == other.data == {"same": "new", "mine": 1, "theirs": 2}
    assert one.news(9) == other.news(9) == {}
    assert one.kept() == other.kept()
    assert not one.take(other.kept()), "what is known is no news"


def test_a_key_that_was_deleted_stays_deleted_until_it_is_written_again() -> None:
    one, other = Interpreter(), Interpreter()
    one.data["queue"] = 1
    one.news(5)
    other.take(one.kept())
    del one.data["queue"]
    one.news(6)
    assert other.take(one.kept())
    assert other.data == {}
    other.data["queue"] = 2
    other.news(6)  # in the same millisecond: it is the newer one all the same
    assert one.take(other.kept())
    assert one.data == {"queue": 2}


def test_what_was_written_and_not_noted_yet_is_newer_than_what_comes() -> None:
    one = Interpreter()
    one.data["n"] = "mine"
    one.now = 50
    assert not one.take({"n": [40, '"theirs"']})
    assert one.data == {"n": "mine"}


def test_what_the_app_has_put_there_while_it_was_imported_is_older_than_what_was_kept() -> None:
    one = Interpreter()
    one.data |= {"visits": 0, "new": []}
    one.app_data.begin(one.data)
    assert one.take({"visits": [5, "7"]})
    assert one.data == {"visits": 7, "new": []}
    assert one.news(9) == {}


@pytest.mark.parametrize("value", [object(), {1}, b"x", float("nan"), {"deep": {"deeper": {1}}}])
def test_what_json_cannot_carry_stays_in_memory_and_its_older_value_does_not_come_back(value: object) -> None:
    one = Interpreter()
    one.data |= {"n": 1, "other": 2}
    one.news(5)
    one.data["n"] = value
    assert one.news(6) == {"app.data/n": [6]}
    assert one.data["n"] is value


def test_what_is_too_large_is_left_out_and_the_rest_is_kept() -> None:
    one = Interpreter()
    one.data |= {"large": "x" * 70_000, "half": "y" * 40_000, "other half": "z" * 40_000, "small": 1, 5: "no text"}  # type: ignore[dict-item]
    assert sorted(one.news(5)) == ["app.data/half", "app.data/small"]


def test_not_every_key_that_was_ever_deleted_is_remembered() -> None:
    one = Interpreter()
    for number in range(DELETED_KEPT + 50):
        one.data[f"call {number}"] = True
        one.news(10 + number)
        one.data.clear()
        one.news(10 + number)
    one.news(999)
    assert len(one.kept()) == DELETED_KEPT
    assert f"call {DELETED_KEPT + 49}" in one.kept()
    assert "call 0" not in one.kept()


@pytest.mark.parametrize(
    "record", [None, 5, [], {"n": 5}, {"n": []}, {"n": [5, 6]}, {"n": [5, "{"]}, {"n": ["5", "1"]}]
)
def test_a_record_that_is_none_changes_nothing(record: object) -> None:
    one = Interpreter()
    one.data["n"] = 1
    assert not one.take(record)
    assert one.data == {"n": 1}


def counting_app() -> App:
    app = App()
    app.data["visits"] = 0

    @app.on(ev.Initialized)
    def greet(event: ev.Initialized, card: CallCard) -> None:
        app.data["visits"] += 1

    @app.on_page_event("queue")
    def queue(payload: Any, page: Page) -> None:
        app.data["queue"] = payload

    @app.on(ev.PageAttached)
    def attached(event: ev.PageAttached, page: Page) -> None:
        app.data.setdefault("pages", []).append(page.id)

    return app


def test_what_handlers_of_any_kind_write_outlives_the_interpreter() -> None:
    app = counting_app()
    with Portal(app) as portal:
        portal.initialized()
        portal.emit("queue", ["a", "b"])
        portal.kill_interpreter()
        assert app.data == {"visits": 1, "queue": ["a", "b"], "pages": ["page-1", "page-1"]}


def test_a_page_that_comes_later_keeps_it_too_and_brings_it_to_an_interpreter_without_storage() -> None:
    app = counting_app()
    with Portal(app) as portal:
        portal.initialized()
        second = portal.open_page("second")
        kept = second.kept_data
    app.data = {}
    with Portal(app) as portal:
        assert app.data == {"pages": ["page-1"]}
        page = portal.page
        page.kept_data = kept
        page.rejoin("memory")
        assert app.data["visits"] == 1


def test_another_interpreter_of_the_same_user_is_heard_and_the_pages_keep_what_it_wrote() -> None:
    app = counting_app()
    with Portal(app) as portal:
        portal.loop.call_soon(lambda: portal.dispatcher.remember({"app.data/theirs": '[1700000000001,"[1]"]'}))
        portal.loop.settle()
        assert app.data["theirs"] == [1]
        assert json.loads(portal.page.kept_data or "")["theirs"] == [1700000000001, "[1]"]


def test_data_that_the_app_replaced_by_something_odd_is_reported_and_the_event_is_done_with() -> None:
    app = App()

    @app.on(ev.AnswerButtonClick)
    def answer(event: ev.AnswerButtonClick, card: CallCard) -> None:
        app.data = 5  # type: ignore[assignment]

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        assert [each["handler"] for each in portal.reports] == ["what is kept"]
        assert portal.page.unacknowledged == {}


def test_a_card_whose_data_are_odd_keeps_nothing_of_the_other_calls_and_the_app_from_being_kept() -> None:
    app = App()

    @app.on(ev.AnswerButtonClick)
    def answer(event: ev.AnswerButtonClick, card: CallCard) -> None:
        app.cards[0].data = object()  # type: ignore[assignment]
        app.cards[1].data["n"] = 1
        app.data["n"] = 2

    with Portal(app) as portal:
        portal.initialized(CALL_ID="odd")
        other = portal.open_page()
        other.initialized(CALL_ID="other")
        portal.raise_event("answerButtonClick")
        assert {each["handler"] for each in portal.reports} == {"what is kept"}
        assert json.loads(other.kept["other"])["data"] == {"n": 1}
        assert '"n"' in (portal.page.kept_data or "")
