"""Deadlines run in the worker: they are right although the hidden frame's timers tick once a second."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OpenPortal
from tests.support.placement import NOTEBOOK, Placement, initialized

APP = """
    import asyncio
    import time

    from worker_py import App, CommandTimeout, HandlerTimeout
    from worker_py.events import AddCommentButtonClick, DialpadButtonClick, SkipButtonClick

    app = App(command_timeout_ms=450, silent_ok_ms=250)

    @app.on(AddCommentButtonClick)
    async def unanswered(event, card):
        began = time.monotonic()
        try:
            await card.set_card_title("no answer")
        except CommandTimeout as late:
            await card.page.call("note", [time.monotonic() - began, late.timeout_ms])

    @app.on(SkipButtonClick)
    async def silent(event, card):
        began = time.monotonic()
        await card.start_timer()
        await card.page.call("note", [time.monotonic() - began, 250])

    async def slow(event, card):
        began = time.monotonic()
        try:
            await asyncio.sleep(60)
        except HandlerTimeout as late:
            await card.page.call("note", [time.monotonic() - began, late.limit_ms])
    app.add_handler(DialpadButtonClick, slow, timeout_s=0.35)
"""
TICKS = """async () => {
  const began = performance.now();
  for (let tick = 0; tick < 3; tick++) await new Promise((resolve) => setTimeout(resolve, 50));
  return performance.now() - began;
}"""


@pytest.mark.parametrize(
    ("event", "payload", "limit_ms"),
    [("addCommentButtonClick", "x", 450), ("skipButtonClick", [], 250), ("dialpadButtonClick", "1", 350)],
)
def test_deadline_passes_in_its_time_in_a_frame_whose_timers_are_throttled(
    open_portal: OpenPortal, event: str, payload: object, limit_ms: int
) -> None:
    placement = Placement(open_portal(APP, page_scripts=[NOTEBOOK], plain=""))
    placement.until_ready()
    placement.page.evaluate("portal.incomingCall({ silent: true })")
    placement.configure(silent=["CallCardSetCardTitle"])
    placement.raise_all([initialized("A.1")])
    placement.until_settled()
    assert placement.frame.evaluate(TICKS) > 1500, "three timers of 50 ms took longer than a second: they are throttled"

    placement.raise_all([(event, payload)])

    ((seconds, named_limit_ms),) = placement.until_noted(1)
    assert named_limit_ms == limit_ms
    assert limit_ms <= seconds * 1000 + 1 < limit_ms + 350
