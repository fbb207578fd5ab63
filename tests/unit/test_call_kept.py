"""What outlives the interpreter: state and data that the page keeps, and what the next interpreter makes of them."""

import asyncio
import json
from typing import Any

import pytest

from tests.support.told import traced
from worker_py import App, CallCard, CardState
from worker_py.events import DialpadButtonClick, Initialized
from worker_py.testing import CALL_ID, MemoryPage, Portal
from worker_py.wire import PREFIX


def kept(page: MemoryPage) -> list[dict[str, Any]]:
    return [json.loads(message["kept"]) for message in page.messages if message["t"] == "keep"]


def digits_app() -> tuple[App, list[Any]]:
    app = App()
    seen: list[Any] = []

    @app.on(Initialized)
    def begin(event: Initialized, card: CallCard) -> None:
        seen.append(("initialized", event.meta.redelivered, event.meta.resumed))
        card.data["started"] = True

    @app.on(DialpadButtonClick)
    async def tone(event: DialpadButtonClick, card: CallCard) -> None:
        seen.append((event.key, event.meta.redelivered, card.state.digits, dict(card.data)))
        await card.set_status_text(card.state.digits)
        await asyncio.sleep(100)

    return app, seen


def test_state_and_data_are_kept_by_the_page_and_given_to_the_next_interpreter() -> None:
    app, _ = digits_app()
    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("dialpadButtonClick", "5")
        last = kept(portal.page)[-1]
        assert (last["data"], last["state"]["digits"], last["state"]["status_text"]) == ({"started": True}, "5", "5")
    again, seen = digits_app()
    with Portal(again) as portal:
        page = portal.open_page("again", {"call_id": CALL_ID, "kept": {**last, "applied": ["again", 2]}})
        assert traced(page, "card") == ["restored"]
        page.tell({"t": "event", "seq": 3, "name": PREFIX + "dialpadButtonClick", "payload": "6", "redelivered": True})
    assert seen == [("6", True, "56", {"started": True})]


def test_an_event_that_the_kept_state_knows_is_handled_again_but_does_not_happen_twice() -> None:
    app, seen = digits_app()
    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("dialpadButtonClick", "5")
        last = kept(portal.page)[-1]
        unacknowledged = dict(portal.page.unacknowledged)
        assert (list(unacknowledged), last["applied"]) == ([2], ["page-1", 2])
    again, seen = digits_app()
    with Portal(again) as portal:
        portal.page.tell({"t": "attach", "mode": "memory", "card": {"call_id": CALL_ID, "kept": last}})
        portal.page.tell({**unacknowledged[2], "redelivered": True})
        portal.page.tell({**unacknowledged[2], "seq": 3, "payload": "6"})
    assert seen == [("5", True, "5", {"started": True}), ("6", False, "56", {"started": True})]


@pytest.mark.parametrize(
    "card",
    [
        5, [], {}, {"call_id": 5}, {"call_id": "A", "kept": 5}, {"call_id": "A", "kept": {"state": 1, "data": 2}},
        {"call_id": "A", "kept": {"state": {"digits": 5, "ui_state": {}}, "data": {}, "applied": ["x"]}},
    ],
)  # fmt: skip
def test_whatever_a_page_kept_the_next_event_is_handled(card: Any) -> None:
    app = App()
    seen: list[CardState] = []

    @app.on(DialpadButtonClick)
    def tone(event: DialpadButtonClick, card: CallCard) -> None:
        seen.append(card.state)

    with Portal(app) as portal:
        page = portal.open_page("again", card)
        page.initialized(CALL_ID="A", PHONE_NUMBER="hidden", CRM_ENTITY_TYPE="", CRM_ENTITY_ID=0)
        page.raise_event("dialpadButtonClick", "1")
    assert seen == [CardState(digits="1")]


def test_only_news_are_kept() -> None:
    with Portal(App()) as portal:
        portal.initialized()
        portal.raise_event("hangupButtonClick")
        portal.raise_event("muteButtonClick", False)
        assert len(kept(portal.page)) == 1
        portal.raise_event("muteButtonClick", True)
        assert len(kept(portal.page)) == 2
