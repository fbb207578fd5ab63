"""What is said to a page: to no page that has gone, as JSON, with no field that says nothing."""

import json

import pytest

from worker_py import outbox
from worker_py.outbox import Outbox


class Reader:
    """A page, as far as it can be written to."""

    id = "p"
    gone = False


def test_a_message_reaches_a_page_as_json_and_one_that_has_gone_not_at_all() -> None:
    sent: list[tuple[str, object]] = []
    out, page = Outbox(lambda page_id, text: sent.append((page_id, json.loads(text)))), Reader()
    out.tell(page, outbox.forget("A"))
    out.trace(page, "card", "opened", call_id="A")
    page.gone = True
    out.tell(page, outbox.forget("B"))
    out.trace(page, "card", "closed")
    assert sent == [
        ("p", {"t": "forget", "call_id": "A"}),
        ("p", {"t": "trace", "entry": {"kind": "card", "name": "opened", "call_id": "A"}}),
    ]


def test_what_json_cannot_carry_is_refused_before_anything_is_sent() -> None:
    sent: list[str] = []
    with pytest.raises(TypeError, match="not JSON serializable"):
        Outbox(lambda _, text: sent.append(text)).post("p", outbox.call("p1", "f", {1, 2}))
    assert sent == []


def test_a_command_says_what_it_is_for_only_when_it_is_not_the_apps_own() -> None:
    command = {"t": "command", "id": "c1", "command": "X", "params": {}}
    assert outbox.command("c1", "X", {}) == command
    assert outbox.command("c1", "X", {}, silent=True, purpose="mirror") == {
        **command, "silent": True, "purpose": "mirror",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (outbox.command("c1", "X", {}), "X"),
        ({**outbox.rest("crm.deal.get", {}), "id": "r1"}, "crm.deal.get"),
        (outbox.call("p1", "phone.answer", None), "phone.answer"),
        ({**outbox.rest_next("r1"), "id": "r2"}, ""),
    ],
)
def test_how_a_question_ended_names_what_was_asked(asked: outbox.Message, name: str) -> None:
    ended = outbox.outcome(asked, "ok", ms=1.26, started=5.9, cause=None, also={})
    assert ended == {
        "t": "outcome", "id": asked["id"], "kind": asked["t"], "name": name, "outcome": "ok", "ms": 1.3, "started": 5,
        "cause": None,
    }  # fmt: skip
