"""What is kept of a call outside the interpreter: what JSON can carry, within bounds, and only when it is news."""

import json
from dataclasses import replace
from typing import Any

from worker_py import App, CallCard, CardState
from worker_py.calls import Calls
from worker_py.events import HangupButtonClick, Initialized
from worker_py.page import Page
from worker_py.requests import Requests
from worker_py.session import Session
from worker_py.settings import Settings
from worker_py.testing import Portal


def page(page_id: str = "p") -> Page:
    requests = Requests(lambda _, __: None, lambda _, __, ___: None)
    return Page(page_id, "memory", requests, Settings(), lambda: 0.0, lambda _, __: None)


async def nothing(card: CallCard, command: Any) -> None:
    """Commands go nowhere here."""


def session(call_id: str = "A") -> Session:
    return Session(call_id, page(), nothing)


def news(of: Session) -> dict[str, Any] | None:
    text = of.news_to_keep()
    return None if text is None else json.loads(text)


def test_state_and_data_are_news_once() -> None:
    call = session()
    call.card.data["n"] = 1
    call.set_state(CardState(title="T"))
    assert news(call) == {"state": {"title": "T"}, "data": {"n": 1}, "applied": None}
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
    call.move_to(None)
    assert (call.owner, call.card.page_id) == (None, "p")
    call.move_to(other)
    assert (call.owner, call.card.page_id, call.card.page) == (other, "q", other)


class Outside:
    """The dispatcher, as far as the calls need it."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, Any]] = []
        self.closed: list[tuple[str, str]] = []
        self.traced: list[str] = []

    def tell(self, page: Page, message: Any) -> None:
        """Messages go nowhere here."""

    def trace(self, page: Page, kind: str, name: str, **more: Any) -> None:
        self.traced.append(name)

    def run_closed(self, session: Session, reason: str) -> Any:
        self.closed.append((session.call_id, reason))

    def keep(self, call_id: str, kept: str | None) -> None:
        self.kept.append((call_id, kept and json.loads(kept)["data"]))


def test_what_an_earlier_interpreter_kept_is_taken_up_when_the_call_shows_up() -> None:
    outside = Outside()
    calls = Calls(outside, None)
    state = replace(CardState(), digits="7").to_json()
    calls.remember({"A": json.dumps({"state": state, "data": {"n": 1}}), "B": "{", "C": "[1]", "D": "[" * 50})
    first = calls.open("A", page())
    assert (first.card.state.digits, first.card.data, first.restored) == ("7", {"n": 1}, True)
    for call_id in "BCDE":
        assert calls.open(call_id, page()).restored is False
    assert outside.traced == ["restored", "opened", "opened", "opened", "opened"]


def test_only_the_calls_that_ended_last_are_known_to_have_ended() -> None:
    calls = Calls(Outside(), None)
    for number in range(201):
        calls.close(calls.open(str(number), page()), "closed_by_app")
    first, last = page("first"), page("last")
    calls.attach(first, {"call_id": "0"})
    calls.attach(last, {"call_id": "200"})
    assert (first.current is calls.find("0"), last.current) == (True, None)


def test_what_is_kept_is_let_go_when_the_call_ends() -> None:
    outside = Outside()
    calls = Calls(outside, None)
    call = calls.open("A", page())
    call.card.data["n"] = 1
    calls.keep(call)
    calls.keep(call)
    calls.close(call, "closed_by_app")
    calls.close(call, "again")
    calls.keep(call)
    assert outside.kept == [("A", {"n": 1}), ("A", None)]
    assert outside.closed == [("A", "closed_by_app")]
    assert calls.find("A") is None


def test_another_user_gets_nothing_of_what_was_kept() -> None:
    outside = Outside()
    calls = Calls(outside, None)
    calls.remember({"A": json.dumps({"state": {}, "data": {"n": 1}})})
    theirs = calls.open("B", page())
    calls.user_changed(page("of the new user"))
    assert calls.open("A", page()).card.data == {}
    assert (outside.closed, theirs.card.state.closed) == ([("B", "user_changed")], True)


def test_a_call_that_began_on_the_new_users_page_goes_on_elsewhere_and_is_not_closed_here() -> None:
    outside = Outside()
    calls = Calls(outside, None)
    new = page("of the new user")
    mine = calls.open("A", new)
    calls.remember({"B": json.dumps({"state": {}, "data": {}})})
    restored = calls.open("B", new)
    calls.user_changed(new)
    assert outside.closed == [("B", "user_changed")]
    assert (mine.card.state.closed, mine.owner, calls.find("A"), restored.ended) == (False, None, None, "user_changed")


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


def test_a_page_that_knows_that_another_owns_its_card_does_not_own_it_after_a_restart() -> None:
    app, seen = App(), []

    @app.on(HangupButtonClick)
    def hang_up(event: HangupButtonClick, card: CallCard) -> None:
        seen.append(event.meta.page_id)

    with Portal(app) as portal:
        other = portal.open_page("other", {"call_id": "A", "kept": False})
        other.raise_event("hangupButtonClick")
        owner = portal.open_page("owner", {"call_id": "A", "kept": {}})
        owner.raise_event("hangupButtonClick")
        other.raise_event("hangupButtonClick")
        assert seen == ["owner"]
        assert [message["kept"] for message in other.messages if message["t"] == "keep"] == ["false"]


def test_a_page_that_comes_back_after_another_took_its_call_sees_a_broadcast() -> None:
    app, seen = App(), []

    @app.on(HangupButtonClick)
    def hang_up(event: HangupButtonClick, card: CallCard) -> None:
        seen.append(event.meta.page_id)

    with Portal(app) as portal:
        portal.initialized()
        call_id = portal_call(portal)
        portal.page.detach("frozen")
        other = portal.open_page("other")
        other.initialized()
        portal.page.tell({"t": "attach", "mode": "memory", "reason": "back", "card": {"call_id": call_id}})
        portal.raise_event("hangupButtonClick")
        other.raise_event("hangupButtonClick")
        assert seen == ["other"]


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
