"""REST from Python, through the page, over HTTP to the simulated portal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Request, Route

from tests.browser.conftest import BX24_FIRST, CLIENTS, SharedPageFor
from tests.support.browsers import needs
from tests.support.witness import SharedPage
from worker_py_tool.bundle.build import Client

pytestmark = pytest.mark.engines
campaign = pytest.mark.campaign
ON_BOTH = pytest.mark.parametrize("booted", CLIENTS, indirect=True)
"""Where the clients differ: how they say the address and the tokens, and get new ones."""

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

    @app.on_page_event("given up")
    async def given_up(order, page):
        async def expire(limit):
            await page.call("until it is sent")
            limit.reschedule(asyncio.get_running_loop().time())

        try:
            async with asyncio.timeout(None) as limit:
                expiring = asyncio.create_task(expire(limit))
                await page.rest.call(*order)
        except TimeoutError:
            await expiring
            await page.call("tell", "given up")

    @app.on_page_event("read on")
    async def read_on(order, page):
        found = []
        try:
            async for item in page.rest.list(*order):
                found.append(item["ID"])
        except RestError as error:
            found.append(error.code)
        await page.call("tell", found)

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


@pytest.fixture(scope="module", params=BX24_FIRST)
def booted(request: pytest.FixtureRequest, shared_page_for: SharedPageFor) -> SharedPage:
    """With either client the page's own code makes the requests: what the other one differs in is run `ON_BOTH`."""
    chosen: Client = request.param
    return shared_page_for(APP, client=chosen)


@pytest.fixture
def stage(booted: SharedPage) -> Iterator[SharedPage]:
    with booted.case():
        yield booted


class Line:
    """What goes over the line to one method, for a while: `plan` says what becomes of each request.

    Attributes:
        sent: the bodies of the requests, tokens left out.
        tokens: the tokens in them.
        failed: how those that failed did.
    """

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.tokens: set[str] = set()
        self.failed: list[str | None] = []

    def saw(self, request: Request) -> None:
        body = dict(request.post_data_json or {})
        self.tokens.add(body.pop("auth"))
        self.sent.append(body)


CROSS_ORIGIN = {"Access-Control-Allow-Origin": "*"}


def lose(route: Route) -> None:
    route.abort("connectionreset")


def bad_gateway(route: Route) -> None:
    route.fulfill(status=502, body="<html>Bad Gateway</html>", headers=CROSS_ORIGIN)


def answer_with(http: dict[str, Any] | None, route: Route) -> None:
    """As a row of tests/cases/rest_faults.json says; what breaks off there is lost as a whole here."""
    if http is None or "cut" in http:
        lose(route)
    else:
        body = http["text"] if "text" in http else json.dumps(http["json"])
        route.fulfill(status=http["status"], body=body, headers=CROSS_ORIGIN)


def faults(row: dict[str, Any]) -> list[Callable[[Route], None]]:
    """A row's fault, as often as a request is made that meets it."""
    return [partial(answer_with, row["http"])] * row.get("sent", 1)


def page_of(number: int, route: Route) -> None:
    """One of three pages of a list."""
    more = {"next": 50 * (number + 1)} if number < 2 else {}
    answer_with({"status": 200, "json": {"result": [{"ID": number}], **more}}, route)


def hold(route: Route) -> None:
    """No answer, ever."""


@contextmanager
def line(stage: SharedPage, method: str, *plan: Callable[[Route], None]) -> Iterator[Line]:
    """The next requests to a method end as planned, the others as they would."""
    page, address = stage.playwright_page, f"**/rest/{method}.json"
    planned, seen = list(plan), Line()

    def take(route: Route) -> None:
        seen.saw(route.request)
        (planned.pop(0) if planned else Route.continue_)(route)

    def failed(request: Request) -> None:
        if f"/rest/{method}.json" in request.url:
            seen.failed.append(request.failure)

    page.route(address, take)
    page.on("requestfailed", failed)
    try:
        yield seen
    finally:
        page.remove_listener("requestfailed", failed)
        page.unroute(address, take)


def cases(name: str) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "cases" / f"{name}.json").read_text("utf-8"))
    return read


def ask(stage: SharedPage, kind: str, order: object) -> Any:
    stage.emit(kind, order)
    return stage.told()


def contact_ids(stage: SharedPage, **rest: object) -> list[str]:
    ids: list[str] = ask(stage, "list", ["crm.contact.list", {"select": ["ID"], **rest}])
    return ids


@ON_BOTH
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
    stage.complaints.expect_logged(f"{status}")  # the browser itself notes the failed request

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


@needs("tells_bodies")
@ON_BOTH
def test_expired_token_is_refreshed_once_for_all_calls_that_wait(stage: SharedPage) -> None:
    stage.complaints.expect_logged("401")
    stage.configure(rest={"expire": True, "lifetime_s": 3600})
    refreshes = []
    stage.playwright_page.on(
        "request", lambda request: refreshes.append(request.url) if "simulation.refresh" in request.url else None
    )

    answers = ask(stage, "call at once", [["crm.contact.get", {"id": 1001 + number}] for number in range(8)])

    assert [answer["returns"]["ID"] for answer in answers] == [str(1001 + number) for number in range(8)]
    assert len(refreshes) == 1


@pytest.mark.engines_all  # Python's own: tests/unit/test_rest.py
def test_rate_limit_is_waited_out_with_growing_pauses(stage: SharedPage) -> None:
    stage.complaints.expect_logged("503")
    stage.configure(rest={"limit": 2})

    answer = ask(stage, "call", ["crm.contact.get", {"id": 1001}])

    assert answer["returns"]["ID"] == "1001"
    assert answer["seconds"] >= 1.5, "half a second, then a whole one"


@campaign  # the deadline: tests/unit/test_rest.py; the end of a request: test_a_request_that_python_gives_up_…
def test_answer_that_does_not_come_is_a_timeout(stage: SharedPage) -> None:
    stage.configure(rest={"delay_ms": {"crm.deal.get": 60_000}})

    answer = ask(stage, "call", ["crm.deal.get", {"id": 1}])

    assert (answer["code"], answer["status"]) == ("REQUEST_TIMEOUT", 0)
    assert 7.9 <= answer["seconds"] < 30, "it is the deadline that was given"


def test_start_asks_for_the_page_that_begins_there(stage: SharedPage) -> None:
    ids = contact_ids(stage)

    pages = [
        ask(stage, "call", ["crm.contact.list", {"select": ["ID"], "start": start}])["returns"]
        for start in range(0, len(ids), 50)
    ]

    assert [row["ID"] for page in pages for row in page] == ids


@needs("tells_bodies")
def test_what_python_said_is_what_the_portal_gets(stage: SharedPage) -> None:
    rows = cases("rest_params")
    with line(stage, "profile") as called, line(stage, "batch") as batched:
        for row in rows:
            ask(stage, "call", ["profile", row["params"]])
            if row["query"] is not None:
                ask(stage, "batch", {"calls": {"a": ["profile", row["params"]]}})

    assert called.sent == [row["params"] for row in rows]
    assert [body["cmd"] for body in batched.sent] == [
        {"a": f"profile?{row['query']}"} for row in rows if row["query"] is not None
    ]


@needs("tells_bodies")
def test_whatever_the_portal_answers_what_may_not_be_done_twice_is_sent_once_and_ends_with_it(
    stage: SharedPage,
) -> None:
    stage.complaints.expect_logged("Failed to load resource")
    for row in cases("rest_faults"):
        with line(stage, "crm.contact.add", *faults(row)) as seen:
            answer = ask(stage, "call", ["crm.contact.add", {"fields": {"NAME": "Ada"}}])

        if row["again"] == "always":
            assert (answer.get("code"), len(seen.sent)) == (None, 2), row["title"]
        else:
            raised = (row.get("raised", row["error"]["code"]), row["error"]["status"], row.get("sent", 1))
            assert (answer["code"], answer["status"], len(seen.sent)) == raised, row["title"]


def test_the_portal_does_not_mind_the_case_of_a_methods_name(stage: SharedPage) -> None:
    assert ask(stage, "call", ["PROFILE", {}])["returns"] == ask(stage, "call", ["profile", {}])["returns"]


def test_a_batch_that_halts_runs_nothing_behind_the_first_error(stage: SharedPage) -> None:
    name = f"Behind {stage.client}"
    calls = {"no": ["crm.nothing.get", {}], "behind": ["crm.contact.add", {"fields": {"NAME": name}}]}
    for halt, found in ((True, 0), (False, 1)):
        assert ask(stage, "batch", {"calls": calls, "halt": halt})["code"] == "ERROR_METHOD_NOT_FOUND"
        assert len(contact_ids(stage, filter={"NAME": name})) == found


@needs("tells_bodies")
def test_what_may_not_be_done_twice_is_sent_once_and_its_lost_connection_told_at_once(stage: SharedPage) -> None:
    stage.complaints.expect_logged("ERR_CONNECTION_RESET")
    with line(stage, "crm.contact.add", lose) as seen:
        answer = ask(stage, "call", ["crm.contact.add", {"fields": {"NAME": "Once"}}])

    # After `rest_timeout_ms` it would be REQUEST_TIMEOUT.
    assert (answer["code"], answer["status"], len(seen.sent)) == ("NETWORK_ERROR", 0, 1)


@needs("tells_bodies")
def test_what_reads_is_asked_again_after_lost_connections_and_bad_gateways(stage: SharedPage) -> None:
    stage.complaints.expect_logged("ERR_CONNECTION_RESET")
    stage.complaints.expect_logged("502")
    with line(stage, "crm.contact.get", lose, bad_gateway) as seen:
        answer = ask(stage, "call", ["crm.contact.get", {"id": 1001}])

    assert (answer["returns"]["ID"], len(seen.sent)) == ("1001", 3)


def test_a_portal_that_is_down_is_told_with_its_own_code(stage: SharedPage) -> None:
    stage.complaints.expect_logged("500")
    stage.configure(rest={"down": True})

    answer = ask(stage, "call", ["crm.contact.add", {}])

    assert (answer["code"], answer["description"], answer["status"]) == (
        "INTERNAL_SERVER_ERROR", "Internal server error", 500,
    )  # fmt: skip


@pytest.mark.parametrize("halt", [False, True])
def test_a_batch_that_is_refused_as_a_whole_is_raised_with_the_portals_own_code(stage: SharedPage, halt: bool) -> None:
    stage.complaints.expect_logged("403")
    stage.configure(rest={"deny": ["batch"]})

    answer = ask(stage, "batch", {"calls": {"a": ["crm.contact.get", {"id": 1001}]}, "halt": halt})

    assert (answer["code"], answer["description"], answer["status"]) == ("ACCESS_DENIED", "Access denied!", 403)


@campaign  # test_a_batch_that_is_rate_limited_as_a_whole_is_tried_again in tests/unit/test_rest.py
def test_a_batch_that_meets_the_rate_limit_is_sent_again(stage: SharedPage) -> None:
    stage.complaints.expect_logged("503")
    stage.configure(rest={"limit": 2})

    answer = ask(stage, "batch", {"calls": {"a": ["crm.contact.get", {"id": 1001}]}})

    assert answer["returns"]["a"]["ID"] == "1001"


@needs("tells_bodies")
def test_a_list_goes_on_at_the_page_that_failed(stage: SharedPage) -> None:
    stage.complaints.expect_logged("502")
    with line(stage, "crm.contact.list", Route.continue_, bad_gateway) as seen:
        ids = ask(stage, "read on", ["crm.contact.list", {"select": ["ID"]}])

    assert ids == contact_ids(stage)
    assert [body.get("start") for body in seen.sent] == [None, 50, 50, 100]


@needs("tells_bodies")
@campaign  # test_a_list_fails_at_any_page_after_the_items_before in tests/unit/test_rest_faults.py
def test_a_list_whose_later_page_never_comes_gives_the_items_before_and_the_error(stage: SharedPage) -> None:
    stage.complaints.expect_logged("ERR_CONNECTION_RESET")
    with line(stage, "crm.contact.list", Route.continue_, lose, lose, lose, lose) as seen:
        found = ask(stage, "read on", ["crm.contact.list", {"select": ["ID"]}])

    assert (len(found), found[-1], len(seen.sent)) == (51, "NETWORK_ERROR", 5)


@needs("tells_bodies")
@campaign  # test_a_list_fails_at_any_page_after_the_items_before, and tests/static/page/client/rest_faults.test.mjs
@pytest.mark.parametrize("step", [0, 1, 2])
def test_whatever_the_portal_answers_at_a_page_of_a_list_ends_it_after_the_items_before(
    stage: SharedPage, step: int
) -> None:
    stage.complaints.expect_logged("Failed to load resource")
    pages = [partial(page_of, number) for number in range(3)]
    for row in cases("rest_faults"):
        with line(stage, "app.deals", *pages[:step], *faults(row), *pages[step:]) as seen:
            found = ask(stage, "read on", ["app.deals", {}])

        ended = [0, 1, 2] if row["again"] == "always" else [*range(step), row.get("raised", row["error"]["code"])]
        assert found == ended, row["title"]
        assert seen.sent[step].get("start") == [None, 50, 100][step], row["title"]


@needs("tells_bodies")
@pytest.mark.parametrize("step", [pytest.param(0, marks=campaign), 1, pytest.param(2, marks=campaign)])
def test_a_batch_of_three_requests_goes_on_at_the_one_that_failed_or_ends_there(stage: SharedPage, step: int) -> None:
    stage.complaints.expect_logged("502")
    stage.complaints.expect_logged("403")
    calls = {str(number): ["crm.contact.get", {"id": 1001 + number}] for number in range(120)}
    with line(stage, "batch", *[Route.continue_] * step, bad_gateway) as seen:
        answer = ask(stage, "batch", {"calls": calls})
    assert [row["ID"] for row in answer["returns"].values()] == [str(1001 + number) for number in range(120)]
    sizes = [50, 50, 20]
    assert [len(body["cmd"]) for body in seen.sent] == [*sizes[: step + 1], *sizes[step:]]

    denied = {"status": 403, "json": {"error": "ACCESS_DENIED", "error_description": "Access denied!"}}
    with line(stage, "batch", *[Route.continue_] * step, partial(answer_with, denied)) as seen:
        answer = ask(stage, "batch", {"calls": calls})
    assert (answer["code"], answer["status"], len(seen.sent)) == ("ACCESS_DENIED", 403, step + 1)


@needs("tells_bodies")
def test_a_request_that_python_gives_up_is_aborted_and_not_sent_again(stage: SharedPage) -> None:
    stage.provide("until it is sent", "() => new Promise((resolve) => { window.isSent = resolve; })")
    with line(stage, "crm.contact.add", hold) as seen:
        stage.emit("given up", ["crm.contact.add", {"fields": {"NAME": "Given up"}}])
        stage.poll(lambda: seen.sent != [], "the request")
        stage.until("window.isSent !== undefined")
        stage.evaluate("isSent()")
        assert stage.told() == "given up"
        ask(stage, "call", ["profile", {}])  # and a moment later
        stage.poll(lambda: seen.failed != [], "the end of the request")

        assert seen.failed == ["net::ERR_ABORTED"]
        assert len(seen.sent) == 1


@needs("tells_bodies")
@ON_BOTH
def test_tokens_never_enter_the_worker(stage: SharedPage) -> None:
    stage.evaluate("workerPy.record()")
    with line(stage, "crm.contact.get") as seen:
        ask(stage, "call", ["crm.contact.get", {"id": 1001}])
    with line(stage, "crm.nothing.get") as failing:
        stage.complaints.expect_logged("404")
        ask(stage, "call", ["crm.nothing.get", {}])
    recorded = stage.evaluate("JSON.stringify(workerPy.record(false))")
    told = stage.evaluate("JSON.stringify([workerPy.trace(), workerPy.diagnostics(), workerPy.stats()])")

    assert "crm.contact.get" in recorded
    (token,) = seen.tokens | failing.tokens
    assert len(token) > 20
    for secret in ("access_token", "AUTH_ID", "refresh_token", "REFRESH_ID", token):
        assert secret not in recorded
        assert secret not in told
