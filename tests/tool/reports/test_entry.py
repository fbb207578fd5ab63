"""What comes to a sink is read with suspicion."""

import json
from dataclasses import asdict
from typing import Any

import pytest

from tests.support.envelopes import boot, envelope, event
from worker_py_tool.reports.entry import CHARS, DETAIL_CHARS, NoEnvelope, read


def test_a_failure_is_kept_by_what_groups_it() -> None:
    sent = event()
    [entry] = read(envelope(sent))
    assert asdict(entry) == {
        "id": sent["event_id"],
        "kind": "handler_failed",
        "level": "error",
        "handler": "greet",
        "event": "BackgroundCallCard::initialized",
        "type": "LookupError",
        "code": "",
        "place": "/app/cards.py:7",
        "build": "a" * 12,
        "version": "0.2.0",
        "portal": "c" * 16,
        "operator": "b" * 32,
        "mode": "shared",
        "browser": "Chrome 156",
        "ms": None,
        "times": 1,
        "detail": "{}",
    }


def test_a_boot_is_kept_with_its_time_and_a_repetition_with_how_often() -> None:
    [booted, repeated] = read(envelope(boot(412.4), event(extra={"repeated": 7})))
    assert (booted.kind, booted.ms, booted.times) == ("boot", 412, 1)
    assert (repeated.ms, repeated.times) == (None, 7)


def test_several_come_at_once_and_what_is_no_event_is_left_out() -> None:
    body = envelope(event()) + b'{"type":"session"}\n{}\n' + envelope(event()).split(b"\n", 1)[1]
    assert len(read(body)) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n\n",
        b"no JSON\n",
        b"[]\n",
        b'{}\n{"type":"event"}\n',
        b'{}\n{"type":"event"}\n[]\n',
        b'{}\n{"type":"event"}\n{"event_id":"short"}\n',
        b'{}\n{"type":"event"}\n' + b'{"a":' * 20_000 + b"1" + b"}" * 20_000 + b"\n",
        b"{}\n" + b'{"type":"event"}\n{}\n' * 200,
        b"\xff\xfe{}\n",
    ],
    ids=["empty", "blank", "text", "list", "half", "item", "id", "nested", "many", "bytes"],
)
def test_what_is_no_envelope_is_refused(body: bytes) -> None:
    with pytest.raises(NoEnvelope):
        read(body)


HOSTILE: list[Any] = [
    None,
    [],
    {},
    7,
    -1,
    1e400,
    True,
    "x" * 100_000,
    "<script>alert(1)</script>",
    "'; DROP TABLE entries; --",
    "\x1b[2J\u202e\x00\r\nHTTP/1.1 200",
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_stands_where_is_bounded_and_printable(hostile: Any) -> None:
    known = {"event_id": "0" * 32}
    everywhere = {
        **known,
        **dict.fromkeys(("level", "release", "user", "tags", "contexts", "exception", "extra", "message"), hostile),
    }
    deeper = {
        **known,
        "level": hostile,
        "release": hostile,
        "user": {"id": hostile},
        "tags": dict.fromkeys(("kind", "handler", "event", "code", "portal", "mode"), hostile),
        "contexts": {"browser": {"name": hostile, "version": hostile}},
        "exception": {
            "values": [{"type": hostile, "stacktrace": {"frames": [{"filename": hostile, "lineno": hostile}]}}]
        },
        "extra": {"ms": hostile, "repeated": hostile, "phases": {"a": hostile}, "list": [hostile] * 100},
        "message": {"formatted": hostile},
    }
    if hostile == 1e400:
        everywhere, deeper = (json.loads(json.dumps(each)) for each in (everywhere, deeper))
    for entry in read(envelope(everywhere, deeper)):
        values = asdict(entry)
        detail = values.pop("detail")
        assert len(detail) <= DETAIL_CHARS
        for value in values.values():
            if isinstance(value, str):
                assert len(value) <= CHARS + 12
                assert value.isprintable()
                assert "\u202e" not in value
            else:
                assert value is None or 0 <= value <= 10**6
        assert entry.kind == "other"
        assert entry.build == "other"


def test_a_forged_version_is_no_version() -> None:
    for release in ("9.9.9<b>+" + "a" * 12, "../../etc+zzz", "0.2.0+" + "A" * 12, "x" * 5000):
        [entry] = read(envelope(event(release=release)))
        assert "other" in (entry.version, entry.build)
