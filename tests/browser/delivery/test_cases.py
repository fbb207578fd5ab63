"""The cases of `tests/cases` in a browser: they come to what they come to in the kit, with one interpreter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import SharedPageFor
from tests.support.cases import EVENTS_APP, HANDLERS, SHAPES, Payload, Row, check_report, payload_of, payloads, rows
from tests.support.witness import SharedPage
from worker_py.wire import EVENTS


@pytest.fixture(scope="module")
def booted(shared_page_for: SharedPageFor) -> SharedPage:
    page = shared_page_for(HANDLERS.read_text(encoding="utf-8"))
    page.provide("echo", "(value) => value")
    return page


@pytest.fixture
def stage(booted: SharedPage) -> Iterator[SharedPage]:
    with booted.case():
        booted.incoming_call()
        yield booted
        assert booted.stats()["workers"] == 1, "the interpreter lived on"


SAMPLE = 3
"""So many apart are those that CI tries here too: `tests/unit/test_pyodide_cases.py` has every handler, in Pyodide and
with the worker's limits, `tests/unit/test_wire.py` every payload."""
HANDLERS_HERE = [
    pytest.param(row, id=row["case"], marks=[pytest.mark.campaign] if number % SAMPLE else [])
    for number, row in enumerate(rows("handlers"))
]


@pytest.mark.parametrize("row", HANDLERS_HERE + [pytest.param(row, id=row["case"]) for row in rows("payloads")])
def test_a_handler_comes_to_the_same_in_a_browser(stage: SharedPage, row: Row) -> None:
    if "reported" in row:
        stage.complaints.expect(row["reported"])
    stage.raise_event("addCommentButtonClick", payload_of(row))
    if "said" in row:
        assert stage.told()[1] == row["said"]
    else:
        stage.until("Object.entries(stats.reports).some(([kind, count]) => count > (before.reports[kind] ?? 0))")
        (report,) = stage.reports()
        if "refused" in row:
            assert row["refused"] in report["text"]
        else:
            check_report(row, row["reported"], report["text"])
    stage.until("stats.waiting === 0")


MORE_REPORTS = "Object.values(stats.reports).reduce((sum, count) => sum + count, 0) === argument"


@pytest.fixture(scope="module")
def shapes(shared_page_for: SharedPageFor) -> SharedPage:
    return shared_page_for(SHAPES.read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", rows("shapes"), ids=lambda row: row["case"])
def test_a_handler_of_this_shape_runs_or_fails_alike_in_a_browser(shapes: SharedPage, row: Row) -> None:
    with shapes.case():
        before = shapes.stats()
        reports = sum(before["reports"].values())
        shapes.emit(row["case"], row["case"])
        if "reported" in row:
            shapes.until(MORE_REPORTS, reports + 1)
            (report,) = shapes.reports()
            check_report(row, row["reported"], report["text"])
            shapes.complaints.forget()  # the console tells no more than 20 a minute
        else:
            assert shapes.told() == row.get("said", row["case"])
        shapes.until("stats.waiting === 0")
        assert shapes.stats()["workers"] == before["workers"], "the interpreter lived on"


@pytest.fixture(scope="module")
def seen(shared_page_for: SharedPageFor) -> SharedPage:
    return shared_page_for(EVENTS_APP.read_text(encoding="utf-8"))


# tests/unit/test_wire.py reads all of them, in Pyodide too; here: test_events.py, test_bad_input.py
@pytest.mark.campaign
@pytest.mark.parametrize(
    "variants",
    [[row for row in payloads() if row.event == spec.short_name] for spec in EVENTS],
    ids=lambda rows: rows[0].event,
)
def test_the_payloads_of_an_event_are_seen_or_refused_alike_in_a_browser(
    seen: SharedPage, variants: list[Payload]
) -> None:
    with seen.case():
        seen.incoming_call()
        for row in variants[::SAMPLE]:
            seen.until_settled()
            seen.evaluate("witness.rest()")
            reports = sum(seen.stats()["reports"].values())
            seen.raise_event(row.event, row.payload)
            if row.refused:
                seen.until(MORE_REPORTS, reports + 1)
                assert row.refused in seen.reports()[-1]["text"], row.title
            else:
                name, fields = seen.told()
                assert (name.lower(), fields) == (row.event.lower(), as_the_driver_tells(row.seen)), row.title
                if row.left_out:
                    assert row.left_out in seen.reports()[-1]["text"], row.title
                assert sum(seen.stats()["reports"].values()) == reports + bool(row.left_out), row.title
        assert seen.stats()["workers"] == 1, "the interpreter lived on"


def as_the_driver_tells(value: Any) -> Any:
    """Half a character does not come through it; `handlers.json` has a row for one that does not leave the page."""
    return json.loads(
        json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )
