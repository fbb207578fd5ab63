"""The handlers of `tests/cases` in a browser: they come to what they come to in the kit, with one interpreter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.conftest import SharedPageFor
from tests.support.cases import HANDLERS, Row, check_report, payload_of, rows
from tests.support.witness import SharedPage


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


@pytest.mark.parametrize("row", rows("handlers") + rows("payloads"), ids=lambda row: row["case"])
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
