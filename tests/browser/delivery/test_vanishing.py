"""A handler that takes its worker with it: the event is delivered again some times, and then no more."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OpenPage
from tests.support.complaints import Complaints
from tests.support.raised import comments, initialized

APP = """
    import asyncio

    import js

    from worker_py import App
    from worker_py.events import AddCommentButtonClick

    app = App()

    @app.on(AddCommentButtonClick)
    async def run(event, card):
        await card.page.call("tell", [event.comment, event.meta.redelivered])
        if event.comment == "close":
            js.self.close()
            await asyncio.sleep(60)  # what ends in the same breath is acknowledged
"""
CLOSE = ("addCommentButtonClick", "close")


# tests/static/page/journal.test.mjs: an entry that was being handled in three workers that vanished is set aside, in
# two it is not; test_delivery.py and test_kept.py: workers that vanish in a browser
@pytest.mark.campaign
@pytest.mark.timeout(120)
def test_an_event_whose_handler_closes_the_worker_is_set_aside_after_three_and_the_others_are_handled(
    open_page: OpenPage, complaints: Complaints
) -> None:
    complaints.expect(r"the worker ended \(vanished")
    complaints.expect("was set aside: it was being handled in 3 workers")
    page = open_page(APP)
    page.raise_all([initialized("A.1"), *comments(2), CLOSE, *comments(2, first=2)])

    page.until("stats.set_aside === 1", timeout_s=80)
    page.until_settled()

    notes = page.notes()
    assert [redelivered for comment, redelivered in notes if comment == "close"] == [False, True, True]
    assert {comment for comment, _ in notes} == {"0", "1", "2", "3", "close"}
    assert [end.partition(":")[0] for end in page.worker_ends()] == ["vanished"] * 3
    found = page.diagnostics()
    assert found["ok"] is False
    assert "addCommentButtonClick was set aside" in " ".join(found["problems"])
    page.raise_all(comments(1, first=4))
    page.until_settled()
    assert page.notes()[-1] == ["4", False]
