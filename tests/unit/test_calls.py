"""Who owns a call, what ends it, and what is kept of it: pages that come, go, freeze, thaw and change their user."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from worker_py import App, CallCard, inbox
from worker_py.events import CardClosed, HangupButtonClick, Initialized, MuteButtonClick
from worker_py.testing import MemoryPage, Portal

CALL = "A"
DEPTH = 60 if sys.platform == "emscripten" else 100_000
"""What is nested deeper would end the interpreter in wasm; nothing that deep was ever kept."""
Journal = list[tuple[Any, ...]]


def watched_app(page_grace_s: float | None = 60) -> tuple[App, Journal]:
    """An app whose handlers write down event, call, page and marks."""
    app = App(page_grace_s=page_grace_s)
    journal: Journal = []

    def watch(event: Initialized | MuteButtonClick | HangupButtonClick, card: CallCard) -> None:
        card.data["n"] = card.data.get("n", 0) + 1
        marks = [name for name in ("redelivered", "resumed") if getattr(event.meta, name)]
        marks += ["restored"] if card.restored else []
        journal.append((type(event).__name__, card.call_id, event.meta.page_id, card.data["n"], *marks))

    for each in (Initialized, MuteButtonClick, HangupButtonClick):
        app.add_handler(each, watch)

    @app.on(CardClosed)
    def closed(event: CardClosed, card: CallCard) -> None:
        journal.append(("CardClosed", event.call_id, event.reason))

    return app, journal


def said(page: MemoryPage, kind: str) -> list[dict[str, Any]]:
    """The messages of one kind that the interpreter sent to a page."""
    return [message for message in page.messages if message["t"] == kind]


def attach(page: MemoryPage, card: object = None) -> None:
    """The page says again that it is here."""
    page.tell({"t": "attach", "mode": "memory", "reason": "back", "card": card})


# Pages that come and go ------------------------------------------------------------------------------


def test_a_call_waits_for_its_page_as_long_as_the_grace_and_not_longer() -> None:
    app, journal = watched_app(page_grace_s=10)
    with Portal(app) as portal:
        portal.initialized(CALL_ID=CALL)
        portal.page.detach()
        portal.advance(9.9)
        assert journal[1:] == []
        portal.advance(0.2)
        assert journal[1:] == [("CardClosed", CALL, "page_gone")]


def test_without_a_limit_a_call_waits_for_ever() -> None:
    app, journal = watched_app(page_grace_s=None)
    with Portal(app) as portal:
        portal.initialized(CALL_ID=CALL)
        portal.page.detach()
        portal.advance(1_000_000)
        portal.open_page("after").initialized(CALL_ID=CALL)
        assert journal[1:] == [("Initialized", CALL, "after", 2, "resumed")]


def test_the_grace_begins_anew_when_the_next_page_goes_too() -> None:
    app, journal = watched_app(page_grace_s=10)
    with Portal(app) as portal:
        portal.initialized(CALL_ID=CALL)
        portal.page.detach()
        portal.advance(9)
        second = portal.open_page("second")
        second.initialized(CALL_ID=CALL)
        portal.advance(60)
        second.detach()
        portal.advance(9)
        assert ("CardClosed", CALL, "page_gone") not in journal
        portal.advance(2)
        assert journal[-1] == ("CardClosed", CALL, "page_gone")


def test_a_call_that_ended_without_a_page_is_not_taken_up_by_its_id() -> None:
    app, journal = watched_app(page_grace_s=10)
    with Portal(app) as portal:
        portal.initialized(CALL_ID=CALL)
        portal.page.detach()
        portal.advance(11)
        portal.open_page("late").initialized(CALL_ID=CALL)
        assert journal[-1] == ("Initialized", CALL, "late", 1), "a new call, as far as anybody can know"


@pytest.mark.parametrize("waiting", [0, 2])
def test_a_click_without_initialized_is_nobodys_unless_exactly_one_call_waits(waiting: int) -> None:
    app, journal = watched_app()
    with Portal(app) as portal:
        for number in range(waiting):
            page = portal.open_page(f"left-{number}")
            page.initialized(CALL_ID=f"call-{number}")
            page.detach()
        after = portal.open_page("after")
        after.raise_event("hangupButtonClick")
        portal.advance(11)
        assert len(journal) == waiting
        assert [report["kind"] for report in said(after, "report")] == ["no_card"]


def test_entity_changed_may_be_of_a_card_to_come_and_does_not_take_up_the_call_that_waits() -> None:
    app, journal = watched_app()
    with Portal(app) as portal:
        portal.initialized(CALL_ID=CALL)
        portal.page.detach()
        after = portal.open_page("after")
        after.raise_event("entityChanged", {"CRM_ENTITY_ID": 5})
        after.initialized(CALL_ID="B")
        portal.advance(61)
        assert journal[1:] == [("Initialized", "B", "after", 1), ("CardClosed", CALL, "page_gone")]


def test_every_click_that_takes_up_a_call_is_marked_and_the_ones_after_it_are_the_pages_own() -> None:
    app, journal = watched_app()
    with Portal(app) as portal:
        portal.initialized(CALL_ID=CALL)
        portal.page.detach()
        after = portal.open_page("after")
        after.raise_event("muteButtonClick", True)
        after.raise_event("hangupButtonClick")
        assert journal[1:] == [
            ("MuteButtonClick", CALL, "after", 2, "resumed"),
            ("HangupButtonClick", CALL, "after", 3),
        ]


# Pages that freeze and thaw --------------------------------------------------------------------------


def test_a_page_that_thaws_has_its_call_back_when_nobody_took_it() -> None:
    app, journal = watched_app()
    with Portal(app) as portal:
        portal.initialized(CALL_ID=CALL)
        portal.page.detach("frozen")
        portal.advance(30)
        attach(portal.page, {"call_id": CALL, "kept": {"data": {"n": 100}}})
        portal.advance(120)
        portal.raise_event("hangupButtonClick")
        assert journal[1:] == [("HangupButtonClick", CALL, "page-1", 2)], "what the interpreter knows goes before"


def test_a_page_that_thaws_is_told_that_its_card_was_closed() -> None:
    app, _ = watched_app(page_grace_s=10)
    with Portal(app) as portal:
        portal.initialized(CALL_ID=CALL)
        portal.page.detach("frozen")
        portal.advance(11)
        attach(portal.page, {"call_id": CALL, "kept": {}})
        assert said(portal.page, "forget") == [{"t": "forget", "call_id": CALL}]
        entry = said(portal.page, "trace")[-1]["entry"]
        assert (entry["name"], entry["detail"]) == ("closed", "page_gone")


def test_a_page_that_thaws_joins_the_window_that_shows_its_call_now() -> None:
    app, journal = watched_app()
    with Portal(app) as portal:
        portal.initialized(CALL_ID=CALL)
        portal.page.detach("frozen")
        other = portal.open_page("other")
        other.initialized(CALL_ID=CALL)
        other.raise_event("muteButtonClick", True)
        attach(portal.page, {"call_id": CALL, "kept": {}})
        assert portal.page.card is not None
        assert portal.page.card.muted is True, "what happened while it was away"
        portal.raise_event("hangupButtonClick")
        assert journal[2:] == [("MuteButtonClick", CALL, "other", 3), ("HangupButtonClick", CALL, "page-1", 4)]
        assert portal.page.unacknowledged == {}


# Interpreters that are replaced ----------------------------------------------------------------------


def test_the_page_that_shows_a_call_gives_it_to_the_next_interpreter() -> None:
    app, journal = watched_app()
    with Portal(app) as portal:
        kept = {"data": {"n": 6}, "state": {"muted": True}}
        page = portal.open_page("owner", card={"call_id": CALL, "kept": kept})
        page.raise_event("hangupButtonClick")
        assert journal == [("HangupButtonClick", CALL, "owner", 7, "restored")]


def test_what_a_page_has_goes_before_what_the_storage_has() -> None:
    app, journal = watched_app()
    with Portal(app) as portal:
        portal.dispatcher.calls.remember({CALL: json.dumps({"data": {"n": 1}})})
        page = portal.open_page("owner", card={"call_id": CALL, "kept": {"data": {"n": 6}}})
        page.raise_event("hangupButtonClick")
        assert journal == [("HangupButtonClick", CALL, "owner", 7, "restored")]


@pytest.mark.parametrize(("of_the_page", "of_the_storage", "holds"), [(5, 4, 6), (4, 5, 1), (None, 5, 1), (4, None, 6)])
def test_of_two_records_the_newer_one_holds(of_the_page: int | None, of_the_storage: int | None, holds: int) -> None:
    app, journal = watched_app()
    with Portal(app) as portal:
        portal.dispatcher.calls.remember({CALL: json.dumps({"data": {"n": 1}, "at": of_the_storage})})
        page = portal.open_page("owner", card={"call_id": CALL, "kept": {"data": {"n": 6}, "at": of_the_page}})
        page.raise_event("hangupButtonClick")
        assert journal == [("HangupButtonClick", CALL, "owner", holds + 1, "restored")]


def test_what_another_interpreter_keeps_later_is_taken_up_too_and_never_over_what_is_known_here() -> None:
    app, journal = watched_app()
    with Portal(app) as portal:
        portal.dispatcher.calls.remember({CALL: json.dumps({"data": {"n": 4}}), "over": json.dumps({"data": {"n": 9}})})
        portal.dispatcher.calls.remember({CALL: json.dumps({"data": {"n": 6}}), "over": None})
        portal.initialized(CALL_ID=CALL)
        portal.dispatcher.calls.remember({CALL: json.dumps({"data": {"n": 1}})})
        portal.raise_event("closeButtonClick")
        portal.initialized(CALL_ID="over")
        assert journal == [
            ("Initialized", CALL, "page-1", 7, "resumed", "restored"),
            ("CardClosed", CALL, "closed_by_operator"),
            ("Initialized", "over", "page-1", 1),
        ]


@pytest.mark.parametrize("way", ["initialized", "attached", "clicked"])
def test_a_page_that_a_call_has_come_to_has_what_is_kept_of_it(way: str) -> None:
    app, _ = watched_app()
    with Portal(app) as portal:
        portal.initialized(CALL_ID=CALL)
        kept = said(portal.page, "keep")[-1]
        portal.page.detach("gone")
        page = portal.open_page("next", card={"call_id": CALL, "kept": {}} if way == "attached" else None)
        if way == "initialized":
            page.initialized(CALL_ID=CALL)
        elif way == "clicked":
            page.raise_event("hangupButtonClick")
        first = said(page, "keep")[0]
        assert {**json.loads(first["kept"]), "at": 0} == {**json.loads(kept["kept"]), "at": 0}


@pytest.mark.parametrize("kept", [None, {}, "text", 7])
def test_a_page_whose_copy_is_of_no_use_still_has_what_the_storage_has(kept: object) -> None:
    app, journal = watched_app()
    with Portal(app) as portal:
        portal.dispatcher.calls.remember({CALL: json.dumps({"data": {"n": 1}})})
        page = portal.open_page("owner", card={"call_id": CALL, "kept": kept})
        page.raise_event("hangupButtonClick")
        assert journal == [("HangupButtonClick", CALL, "owner", 2, "restored")]


def test_a_call_of_the_storage_is_taken_up_by_its_id_once_and_marked() -> None:
    app, journal = watched_app()
    with Portal(app) as portal:
        portal.dispatcher.calls.remember({CALL: json.dumps({"data": {"n": 4}})})
        portal.initialized(CALL_ID=CALL)
        portal.raise_event("closeButtonClick")
        portal.initialized(CALL_ID=CALL)
        assert journal == [
            ("Initialized", CALL, "page-1", 5, "resumed", "restored"),
            ("CardClosed", CALL, "closed_by_operator"),
            ("Initialized", CALL, "page-1", 1),
        ]


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "null", "[" * DEPTH])
def test_storage_that_was_tampered_with_costs_what_was_kept_and_nothing_else(text: str) -> None:
    app, journal = watched_app()
    with Portal(app) as portal:
        portal.dispatcher.calls.remember({CALL: text})
        portal.initialized(CALL_ID=CALL)
        assert journal == [("Initialized", CALL, "page-1", 1)]


@pytest.mark.parametrize("first", ["one", "two"])
def test_all_windows_of_a_call_give_it_to_the_next_interpreter_and_each_is_handled(first: str) -> None:
    app, journal = watched_app()
    card = {"call_id": CALL, "kept": {"data": {"n": 6}}}
    with Portal(app) as portal:
        pages = {name: portal.open_page(name, card=card) for name in [first, *{"one", "two"} - {first}]}
        pages["two"].raise_event("muteButtonClick", True)
        pages["one"].raise_event("hangupButtonClick")
        assert journal == [
            ("MuteButtonClick", CALL, "two", 7, "restored"), ("HangupButtonClick", CALL, "one", 8, "restored"),
        ]  # fmt: skip
        assert pages["one"].card is not None
        assert pages["one"].card.muted is True


def test_a_window_that_joins_keeps_the_call_for_the_interpreter_after_this_one_too() -> None:
    app, _ = watched_app()
    with Portal(app) as portal:
        other = portal.open_page("other")
        portal.initialized(CALL_ID=CALL)
        other.initialized(CALL_ID=CALL)
        assert said(other, "keep") == said(portal.page, "keep") != []


def test_a_page_that_says_that_it_shows_a_call_is_a_window_of_it_whatever_it_keeps() -> None:
    app, journal = watched_app()
    with Portal(app) as portal:
        portal.initialized(CALL_ID=CALL)
        other = portal.open_page("other", card={"call_id": CALL, "kept": False})
        portal.page.detach()
        other.raise_event("hangupButtonClick")
        assert journal[1:] == [("HangupButtonClick", CALL, "other", 2)]


# What is kept ----------------------------------------------------------------------------------------


def test_what_is_kept_goes_to_the_page_and_to_the_storage_and_goes_from_both_with_the_card() -> None:
    app, _ = watched_app()
    stored: list[tuple[str, str | None]] = []
    with Portal(app) as portal:
        portal.dispatcher.keep = lambda call_id, kept: stored.append((call_id, kept))
        portal.initialized(CALL_ID=CALL)
        assert [(message["call_id"], message["kept"]) for message in said(portal.page, "keep")] == stored
        assert json.loads(stored[-1][1] or "")["data"] == {"n": 1}
        portal.raise_event("closeButtonClick")
        assert stored[-1] == (CALL, None)
        assert said(portal.page, "forget") == [{"t": "forget", "call_id": CALL}]


# Users -----------------------------------------------------------------------------------------------


def test_another_user_ends_calls_that_wait_for_a_page_too() -> None:
    app, journal = watched_app()
    with Portal(app) as portal:
        portal.initialized(CALL_ID=CALL)
        portal.page.detach()
        portal.open_page("next").tell(inbox.user_changed())
        portal.advance(100)
        assert journal[1:] == [("CardClosed", CALL, "user_changed")]


def test_a_call_that_the_new_user_began_is_left_without_closing_its_card() -> None:
    app, journal = watched_app()
    stored: list[tuple[str, str | None]] = []
    with Portal(app) as portal:
        next_page = portal.open_page("next")
        next_page.initialized(CALL_ID=CALL)
        portal.dispatcher.keep = lambda call_id, kept: stored.append((call_id, kept))
        next_page.tell(inbox.user_changed())
        next_page.detach()
        portal.advance(100)
        assert journal == [("Initialized", CALL, "next", 1)]
        assert stored == []


def test_a_call_of_the_storage_is_not_the_new_users() -> None:
    app, journal = watched_app()
    with Portal(app) as portal:
        portal.dispatcher.calls.remember({CALL: json.dumps({"data": {"n": 4}})})
        portal.page.tell(inbox.user_changed())
        portal.initialized(CALL_ID=CALL)
        assert journal == [("Initialized", CALL, "page-1", 1)]


def test_a_call_that_was_taken_up_from_the_user_before_ends_although_the_page_is_the_new_users() -> None:
    app, journal = watched_app()
    with Portal(app) as portal:
        portal.dispatcher.calls.remember({CALL: json.dumps({"data": {"n": 4}})})
        portal.initialized(CALL_ID=CALL)
        portal.page.tell(inbox.user_changed())
        assert journal[1:] == [("CardClosed", CALL, "user_changed")]
