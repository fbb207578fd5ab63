"""The cases of `tests/cases` in the kit: they come to what they come to in the browser."""

import json

import pytest

from tests.cases import events, shapes
from tests.cases.handlers import app, kept
from tests.support.cases import Payload, Row, check_report, payload_of, payloads, rows
from worker_py.testing import Portal


@pytest.mark.parametrize("row", rows("handlers") + rows("payloads"), ids=lambda row: row["case"])
def test_a_handler_comes_to_the_same_in_the_kit(row: Row) -> None:
    told: list[tuple[str, object]] = []
    kept.clear()
    with Portal(app) as portal:
        portal.provide("tell", told.append)
        portal.provide("echo", lambda value: value)
        portal.initialized()
        portal.raise_event("addCommentButtonClick", payload_of(row))
        portal.advance(1)
        if "refused" in row:
            assert told == []
            assert row["refused"] in portal.reports[0]["text"]
        elif "reported" in row:
            (report,) = portal.reports
            check_report(row, report["error"], report["text"])
        else:
            assert json.loads(json.dumps([said for _, said in told])) == [row["said"]]
            assert portal.reports == []
        assert [name for name, _ in portal.sent] == row.get("commands", [])


@pytest.mark.parametrize("row", rows("shapes"), ids=lambda row: row["case"])
def test_a_handler_of_this_shape_runs_or_fails_alike_in_the_kit(row: Row) -> None:
    told: list[object] = []
    with Portal(shapes.app) as portal:
        portal.provide("tell", told.append)
        portal.emit(row["case"], row["case"])
        portal.advance(1)
        if "reported" in row:
            (report,) = portal.reports
            check_report(row, report["error"], report["text"])
        else:
            assert portal.reports == []
            assert told == [row.get("said", row["case"])]


@pytest.mark.parametrize("row", payloads(), ids=lambda row: row.title)
def test_a_payload_is_seen_or_refused_alike_in_the_kit(row: Payload) -> None:
    told: list[tuple[str, object]] = []
    with Portal(events.app) as portal:
        portal.provide("tell", told.append)
        portal.initialized()
        told.clear()
        portal.raise_event(row.event, row.payload, raw=True)
        portal.advance(1)
        if row.refused:
            assert told == []
            assert [row.refused in report["text"] for report in portal.reports] == [True]
        else:
            assert [row.left_out in report["text"] for report in portal.reports] == [True] * bool(row.left_out)
            assert [name.lower() for name, _ in told] == [row.event.lower()]
            assert json.dumps(told[0][1]) == json.dumps(row.seen)
