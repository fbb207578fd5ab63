"""What is kept of a call outside the interpreter: what JSON can carry, within bounds, and only when it is news."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from worker_py import App, CallCard, CardState
from worker_py.call import Call
from worker_py.calls import Calls
from worker_py.desk import Desk
from worker_py.events import HangupButtonClick, Initialized
from worker_py.inbox import Attached
from worker_py.outbox import Outbox
from worker_py.page import Page
from worker_py.requests import Requests
from worker_py.settings import Settings
from worker_py.testing import Portal, VirtualTimeLoop


def page(page_id: str = "p") -> Page:
    requests = Requests(lambda _, __: None, lambda _, __, ___: None)
    return Page(page_id, "memory", requests, Settings, lambda: 0.0, Outbox(lambda _, __: None))


async def nothing(call: Call, command: Any) -> None:
    """Commands go nowhere here."""


def session(call_id: str = "A") -> Call:
    return Call(call_id, page(), nothing)


def news(of: Call) -> dict[str, Any] | None:
    text = of.news_to_keep()
    if text is None:
        return None
    found: dict[str, Any] = json.loads(text)
    assert found.pop("at") > 1_700_000_000_000
    return found


def test_state_and_data_are_news_once() -> None:
    call = session()
    call.card.data["n"] = 1
    call.state = CardState(title="T")
    first = {"state": {"title": "T"}, "data": {"n": 1}, "applied": None, "began": call.began_at}
    assert news(call) == first
    assert news(call) is None
    call.card.data["n"] = 2
    assert (news(call) or {})["data"] == {"n": 2}
    call.card.data.clear()
    assert (news(call) or {})["data"] == {}
    assert news(call) is None


def test_what_json_cannot_carry_is_left_out_and_the_rest_is_kept() -> None:
    call = session()
    call.card.data |= {"task": object(), "good": [1], "bytes": b"x", "nested": {"deep": {1, 2}}}
    assert (news(call) or {})["data"] == {"good": [1]}


def test_data_that_is_too_large_is_left_out_and_the_rest_is_kept() -> None:
    call = session()
    call.card.data |= {"large": "x" * 70_000, "small": 1, "half": "y" * 40_000, "other half": "z" * 40_000}
    assert sorted((news(call) or {})["data"]) == ["half", "small"]


def test_data_that_holds_itself_is_left_out() -> None:
    call = session()
    circle: list[Any] = []
    circle.append(circle)
    call.card.data |= {"circle": circle, "small": 1, 5: object()}  # type: ignore[dict-item]
    assert (news(call) or {})["data"] == {"small": 1}


def test_what_was_kept_is_taken_up_again() -> None:
    call = session()
    call.card.data["n"] = [1, {"a": None}]
    call.apply("p", 4, CardState(digits="12", muted=True))
    kept = news(call)
    again = session()
    assert (again.restored, again.card.restored) == (False, False)
    again.restore(kept or {})
    assert (again.card.state, again.card.data) == (CardState(digits="12", muted=True), {"n": [1, {"a": None}]})
    assert (again.restored, again.card.restored) == (True, True)


def test_a_restored_call_knows_which_events_its_state_has_seen() -> None:
    call = session()
    call.apply("p", 4, CardState())
    call.apply("p", 2, CardState(digits="1"))
    kept = news(call)
    assert not call.is_applied("p", 2)
    again = session()
    again.restore(kept or {})
    assert [again.is_applied("p", seq) for seq in (1, 4, 5)] == [True, True, False]
    assert not again.is_applied("q", 1)


def test_a_card_moves_between_pages_and_remembers_the_last() -> None:
    call = session()
    other = page("q")
    call.windows["p"].shown = False
    assert (call.card.page_ids, call.card.page_id) == ((), "p")
    call.join(other)
    assert (call.card.page_ids, call.card.page_id, call.card.page) == (("q",), "q", other)


class Outside:
    """Calls with an outside that writes down what it is told."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, Any]] = []
        self.closed: list[tuple[str, str]] = []
        self.told: list[dict[str, Any]] = []
        out = Outbox(lambda _, text: self.told.append(json.loads(text)))
        self.requests = Requests(out.post, lambda _, __, ___: None)
        self.out = out
        self.calls = Calls(out, Desk(), None, spawn=asyncio.ensure_future, closed=self.run_closed, keep=self.keep)

    @property
    def traced(self) -> list[str]:
        return [message["entry"]["name"] for message in self.told if message["t"] == "trace"]

    def page(self, page_id: str = "p") -> Page:
        return Page(page_id, "memory", self.requests, Settings, lambda: 0.0, self.out, self.calls.probed)

    def open(self, call_id: str, on: Page | None = None) -> Call:
        call, _ = self.calls.open(call_id, on or self.page())
        return call

    def run_closed(self, call: Call, reason: str) -> Any:
        self.closed.append((call.call_id, reason))

    def keep(self, call_id: str, kept: str | None) -> None:
        self.kept.append((call_id, kept and json.loads(kept)["data"]))


@pytest.fixture(autouse=True)
def loop() -> Iterator[None]:
    """Windows note when they were shown."""
    before, loop = asyncio.events._get_running_loop(), VirtualTimeLoop()
    asyncio.events._set_running_loop(loop)
    yield
    asyncio.events._set_running_loop(before)
    loop.close()


@pytest.fixture
def outside() -> Outside:
    return Outside()


def test_what_an_earlier_interpreter_kept_is_taken_up_when_the_call_shows_up(outside: Outside) -> None:
    state = vars(CardState(digits="7"))
    outside.calls.remember({"A": json.dumps({"state": state, "data": {"n": 1}}), "B": "{", "C": "[1]", "D": "[" * 50})
    first = outside.open("A")
    assert (first.card.state.digits, first.card.data, first.restored) == ("7", {"n": 1}, True)
    for call_id in "BCDE":
        assert outside.open(call_id).restored is False
    assert outside.traced == ["restored", "opened", "opened", "opened", "opened"]


def test_only_the_calls_that_ended_last_are_known_to_have_ended(outside: Outside) -> None:
    for number in range(201):
        outside.calls.close(outside.open(str(number)), "closed_by_app")
    outside.calls.attach(outside.page("first"), Attached("", "", "0", None))
    outside.calls.attach(outside.page("last"), Attached("", "", "200", None))
    assert (outside.calls.find("0") is None, outside.calls.find("200")) == (False, None)


def test_what_is_kept_is_let_go_when_the_call_ends(outside: Outside) -> None:
    call = outside.open("A")
    call.card.data["n"] = 1
    outside.calls.keep(call)
    outside.calls.keep(call)
    outside.calls.close(call, "closed_by_app")
    outside.calls.close(call, "again")
    outside.calls.keep(call)
    assert outside.kept == [("A", {"n": 1}), ("A", None)]
    assert outside.closed == [("A", "closed_by_app")]
    assert outside.calls.find("A") is None


def test_another_user_gets_nothing_of_what_was_kept(outside: Outside) -> None:
    outside.calls.remember({"A": json.dumps({"state": {}, "data": {"n": 1}})})
    theirs = outside.open("B")
    theirs.windows["p"].shown = False
    outside.calls.user_changed(outside.page("of the new user"))
    assert outside.open("A").card.data == {}
    assert (outside.closed, theirs.card.state.closed) == ([("B", "user_changed")], True)


def test_a_call_that_began_on_the_new_users_page_goes_on_elsewhere_and_is_not_closed_here(outside: Outside) -> None:
    new = outside.page("of the new user")
    mine = outside.open("A", new)
    outside.calls.remember({"B": json.dumps({"state": {}, "data": {}})})
    restored = outside.open("B", new)
    outside.calls.user_changed(new)
    assert outside.closed == [("B", "user_changed")]
    assert (mine.card.state.closed, mine.shown(), outside.calls.find("A")) == (False, [], None)
    assert restored.ended == "user_changed"


def test_a_page_that_still_shows_a_card_that_ended_is_told_so() -> None:
    app, seen = App(), []

    @app.on(Initialized)
    def begin(event: Initialized, card: CallCard) -> None:
        seen.append((event.meta.resumed, card.restored))

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("closeButtonClick")
        late = portal.open_page("late", {"call_id": portal_call(portal), "kept": {"data": {"n": 1}}})
        late.raise_event("hangupButtonClick")
        assert [message["t"] for message in late.messages].count("forget") == 1
        late.initialized()
        assert seen == [(False, False), (False, False)]


def test_a_page_that_comes_back_takes_its_call_up_again() -> None:
    app = App()
    seen: list[Any] = []

    @app.on(HangupButtonClick)
    def hang_up(event: HangupButtonClick, card: CallCard) -> None:
        seen.append((event.meta.page_id, card.page_id, card.data))

    @app.on(Initialized)
    def begin(event: Initialized, card: CallCard) -> None:
        card.data["n"] = 1

    with Portal(app) as portal:
        portal.initialized()
        call_id = portal_call(portal)
        portal.page.detach("frozen")
        portal.advance(10)
        portal.page.tell({"t": "attach", "mode": "memory", "reason": "back", "card": {"call_id": call_id}})
        portal.raise_event("hangupButtonClick")
        portal.advance(1000)
        portal.raise_event("hangupButtonClick")
        assert seen == [("page-1", "page-1", {"n": 1})] * 2
        assert portal.page.unacknowledged == {}


def portal_call(portal: Portal) -> str:
    (call_id,) = {message["call_id"] for message in portal.page.messages if message["t"] == "keep"}
    return str(call_id)


def test_what_json_does_not_know_is_not_kept_but_the_rest_is() -> None:
    app = App()

    @app.on(Initialized)
    def fill(event: Initialized, card: CallCard) -> None:
        card.data |= {"good": 1, "bad": float("nan"), "worse": object()}

    with Portal(app) as portal:
        portal.initialized()
        kept = [json.loads(message["kept"]) for message in portal.page.messages if message["t"] == "keep"]
    assert kept[-1]["data"] == {"good": 1}
