"""What a page says: what builders write is what readers read, and what is no such message harms nothing."""

from typing import Any

import pytest

from worker_py import PayloadError, inbox


@pytest.mark.parametrize("build", [inbox.event, inbox.emit])
def test_what_a_page_delivers_is_read_as_it_was_written(build: Any) -> None:
    message = build("name", {"a": 1}, seq=4, at=1500.7, redelivered=True)
    assert inbox.read_delivered(message) == inbox.Delivered(4, "name", {"a": 1}, 1500, redelivered=True)


@pytest.mark.parametrize("at", [None, "5", float("nan"), float("inf"), []])
def test_a_time_that_is_none_and_a_mark_that_is_none_are_read_as_nothing(at: Any) -> None:
    read = inbox.read_delivered({"t": "event", "seq": 1, "at": at, "redelivered": "yes"})
    assert read == inbox.Delivered(1, "", None, 0, redelivered=False)


@pytest.mark.parametrize("seq", [None, "1", 1.5, True])
def test_what_has_no_number_is_no_delivery(seq: Any) -> None:
    with pytest.raises(PayloadError, match="'seq'"):
        inbox.read_delivered({"t": "event", "seq": seq})


def test_a_page_says_which_card_it_shows() -> None:
    read = inbox.read_attached(inbox.attach("shared", "why", {"call_id": "A", "kept": {"data": {}}}))
    assert read == inbox.Attached("shared", "why", "A", {"data": {}})


def test_a_page_says_what_it_keeps_of_the_app() -> None:
    assert inbox.read_attached(inbox.attach("shared", data="{}")).data == "{}"
    assert inbox.read_attached(inbox.attach("shared")).data is None
    assert inbox.read_attached({**inbox.attach("shared"), "data": {"visits": 1}}).data is None


@pytest.mark.parametrize("card", [None, 5, [], {}, {"call_id": 5}, {"kept": {}}])
def test_a_card_that_is_none_is_no_card(card: Any) -> None:
    assert inbox.read_attached(inbox.attach("shared", card=card)).call_id is None


@pytest.mark.parametrize(
    ("commands", "read"), [(["A", "B"], {"A", "B"}), (["A", 5], {"A"}), ([], None), (None, None), ({"A": 1}, None)]
)
def test_the_commands_that_the_portal_lists_are_names_or_nothing(commands: Any, read: set[str] | None) -> None:
    assert inbox.read_commands(inbox.interface_answer("?1", commands)) == read
