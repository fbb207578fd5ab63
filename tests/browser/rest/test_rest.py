"""REST from Python, through the page, over HTTP to the simulated portal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import BX24_FIRST, SharedPageFor
from tests.support.witness import SharedPage
from worker_py_tool.build import Client

APP = """
    import asyncio
    import time

    from worker_py import App, RestError

    app = App(rest_timeout_ms=8000)

    async def outcome(coroutine):
        try:
            return {"returns": await coroutine}
        except RestError as error:
            return {"code": error.code, "description": error.description, "status": error.status}

    @app.on_page_event("call")
    async def call(order, page):
        began = time.monotonic()
        answer = await outcome(page.rest.call(*order))
        await page.call("tell", {**answer, "seconds": time.monotonic() - began})

    @app.on_page_event("call at once")
    async def call_at_once(orders, page):
        await page.call("tell", await asyncio.gather(*(outcome(page.rest.call(*order)) for order in orders)))

    @app.on_page_event("batch")
    async def batch(order, page):
        calls = {key: tuple(row) for key, row in order["calls"].items()}
        await page.call("tell", await outcome(page.rest.batch(calls, halt=order.get("halt", False))))

    @app.on_page_event("list")
    async def listed(order, page):
        found = [item["ID"] async for item in app.rest.list(*order)]
        await page.call("tell", found)

    @app.on_page_event("first of list")
    async def first(order, page):
        async for item in page.rest.list(*order):
            await page.call("tell", item["ID"])
            break
"""


@pytest.fixture(scope="module", params=["bx24", "b24jssdk"])
def booted(request: pytest.FixtureRequest, shared_page_for: SharedPageFor) -> SharedPage:
    """These tests run on both clients."""
    chosen: Client = request.param
    return shared_page_for(APP, client=chosen)


@pytest.fixture
def stage(booted: SharedPage) -> Iterator[SharedPage]:
    with booted.case():
        yield booted


def ask(stage: SharedPage, kind: str, order: object) -> Any:
    stage.emit(kind, order)
    return stage.told()


def contact_ids(stage: SharedPage, **rest: object) -> list[str]:
    ids: list[str] = ask(stage, "list", ["crm.contact.list", {"select": ["ID"], **rest}])
    return ids


def test_call_returns_the_result(stage: SharedPage) -> None:
    answer = ask(stage, "call", ["crm.contact.get", {"id": 1001}])

    assert answer["returns"]["ID"] == "1001"
    assert answer["returns"]["NAME"] == "Ada"


@pytest.mark.parametrize(
    ("order", "code", "status"),
    [
        (["crm.nothing.get", {}], "ERROR_METHOD_NOT_FOUND", 404),
        (["telephony.externalCall.finish", {"CALL_ID": "none"}], "ERROR_NOT_FOUND", 400),
    ],
)
def test_refusal_is_a_rest_error_with_code_description_and_status(
    stage: SharedPage, order: list[Any], code: str, status: int
) -> None:
    stage.complaints.expect(f"{status}")  # the browser itself notes the failed request

    answer = ask(stage, "call", order)

    assert (answer["code"], answer["status"]) == (code, status)
    assert "not found" in answer["description"].lower()


def test_batch_gives_every_result_under_its_key(stage: SharedPage) -> None:
    calls = {f"contact {number}": ["crm.contact.get", {"id": 1001 + number}] for number in range(60)}

    answer = ask(stage, "batch", {"calls": calls})

    assert {key: row["ID"] for key, row in answer["returns"].items()} == {
        f"contact {number}": str(1001 + number) for number in range(60)
    }


def test_batch_raises_the_first_error_in_it(stage: SharedPage) -> None:
    calls = {"good": ["crm.contact.get", {"id": 1001}], "bad": ["crm.nothing.get", {}]}

    assert ask(stage, "batch", {"calls": calls})["code"] == "ERROR_METHOD_NOT_FOUND"


def test_list_goes_through_all_pages(stage: SharedPage) -> None:
    ids = contact_ids(stage)

    assert len(ids) > 100, "more than two pages"
    assert len(set(ids)) == len(ids)
    assert {str(number) for number in range(1001, 1121)} <= set(ids)


def test_list_that_fits_on_one_page_ends_there(stage: SharedPage) -> None:
    assert contact_ids(stage, filter={"ID": ["1001", "1002"]}) == ["1001", "1002"]


def test_list_that_is_left_early_asks_for_no_more_pages(stage: SharedPage) -> None:
    first = ask(stage, "first of list", ["crm.contact.list", {}])
    stage.until("stats.waiting === 0")

    assert isinstance(first, str)
    requests = [entry for entry in stage.trace() if entry["name"] == "crm.contact.list"]
    assert [entry["outcome"] for entry in requests] == ["ok"]


def test_expired_token_is_refreshed_once_for_all_calls_that_wait(stage: SharedPage) -> None:
    stage.complaints.expect("401")
    stage.configure(rest={"expire": True, "lifetime_s": 3600})
    refreshes = []
    stage.playwright_page.on(
        "request", lambda request: refreshes.append(request.url) if "simulation.refresh" in request.url else None
    )

    answers = ask(stage, "call at once", [["crm.contact.get", {"id": 1001 + number}] for number in range(8)])

    assert [answer["returns"]["ID"] for answer in answers] == [str(1001 + number) for number in range(8)]
    assert len(refreshes) == 1


def test_rate_limit_is_waited_out_with_growing_pauses(stage: SharedPage) -> None:
    stage.complaints.expect("503")
    stage.configure(rest={"limit": 2})

    answer = ask(stage, "call", ["crm.contact.get", {"id": 1001}])

    assert answer["returns"]["ID"] == "1001"
    assert answer["seconds"] >= 1.5, "half a second, then a whole one"


@pytest.mark.parametrize("booted", BX24_FIRST, indirect=True)
def test_answer_that_does_not_come_is_a_timeout(stage: SharedPage) -> None:
    stage.configure(rest={"delay_ms": {"crm.deal.get": 9500}})

    answer = ask(stage, "call", ["crm.deal.get", {"id": 1}])

    assert (answer["code"], answer["status"]) == ("REQUEST_TIMEOUT", 0)
    assert 7.9 <= answer["seconds"] < 9.4


def test_tokens_never_enter_the_worker(stage: SharedPage) -> None:
    stage.evaluate("workerPy.record()")
    ask(stage, "call", ["crm.contact.get", {"id": 1001}])
    recorded = stage.evaluate("JSON.stringify(workerPy.record(false))")

    assert "crm.contact.get" in recorded
    for name in ("access_token", "AUTH_ID", "refresh_token", "REFRESH_ID"):
        assert name not in recorded
