"""REST through a page: results, errors, batches, lists, the rate limit, and pages that go away."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from worker_py import App, PageGone, RestError
from worker_py.page import Page
from worker_py.rest import Rest
from worker_py.testing import Portal

LIMITED = RestError("QUERY_LIMIT_EXCEEDED", "Too many requests", 503)


class Ask:
    """Runs one act with a page's REST, and keeps what came of it and when."""

    def __init__(self, act: Callable[[Rest], Awaitable[Any]], **limits: Any) -> None:
        self.results: list[Any] = []
        self.times: list[float] = []
        app = App(**limits)

        @app.on_page_event("go")
        async def run(payload: Any, page: Page) -> None:
            try:
                self.results.append(await act(page.rest))
            except Exception as error:  # noqa: BLE001 - whatever it is, the tests look at it
                self.results.append(error)
            self.times.append(self.portal.loop.time())

        self.portal = Portal(app)

    def __enter__(self) -> Portal:
        return self.portal

    def __exit__(self, *_: object) -> None:
        self.portal.close()


def asked(portal: Portal) -> list[dict[str, Any]]:
    kinds = ("rest", "rest_batch", "rest_next", "rest_done")
    return [message for message in portal.page.messages if message["t"] in kinds]


def test_a_call_sends_method_and_parameters_and_returns_the_result() -> None:
    ask = Ask(lambda rest: rest.call("crm.contact.get", {"id": 7}))
    with ask as portal:
        portal.rest["crm.contact.get"] = lambda params: {"ID": params["id"], "NAME": "Ada"}
        portal.emit("go")
        assert ask.results == [{"ID": 7, "NAME": "Ada"}]
        (message,) = asked(portal)
        assert {key: message[key] for key in ("t", "method", "params")} == {
            "t": "rest", "method": "crm.contact.get", "params": {"id": 7},
        }  # fmt: skip
        assert portal.outcomes == [("crm.contact.get", "ok")]


def test_parameters_may_be_left_out() -> None:
    ask = Ask(lambda rest: rest.call("profile"))
    with ask as portal:
        portal.rest["profile"] = lambda params: params
        portal.emit("go")
        assert ask.results == [{}]


def test_a_refusal_is_a_rest_error_with_code_description_and_status() -> None:
    ask = Ask(lambda rest: rest.call("crm.contact.get"))
    with ask as portal:
        portal.rest["crm.contact.get"] = RestError("NOT_FOUND", "No such contact", 400)
        portal.emit("go")
        (error,) = ask.results
        assert isinstance(error, RestError)
        assert (error.code, error.description, error.status) == ("NOT_FOUND", "No such contact", 400)
        assert portal.outcomes == [("crm.contact.get", "NOT_FOUND")]


def test_a_method_that_the_portal_does_not_know_is_refused_by_it() -> None:
    ask = Ask(lambda rest: rest.call("no.such.method"))
    with ask as portal:
        portal.emit("go")
        assert (ask.results[0].code, ask.results[0].status) == ("ERROR_METHOD_NOT_FOUND", 404)


@pytest.mark.parametrize(
    ("error", "code", "description", "status"),
    [
        ({}, "UNKNOWN_ERROR", "", 0),
        ({"code": None, "description": None, "status": "503"}, "UNKNOWN_ERROR", "", 0),
        ({"code": 5, "status": 500}, "5", "", 500),
    ],
)
def test_an_error_without_the_documented_fields_is_a_rest_error_all_the_same(
    error: Any, code: str, description: str, status: int
) -> None:
    ask = Ask(lambda rest: rest.call("slow"))
    with ask as portal:
        portal.rest["slow"] = never
        portal.emit("go")
        portal.page.tell({"t": "rest_answer", "id": asked(portal)[0]["id"], "error": error})
        (found,) = ask.results
        assert (found.code, found.description, found.status) == (code, description, status)


def test_no_answer_is_request_timeout_after_rest_timeout_ms() -> None:
    ask = Ask(lambda rest: rest.call("slow"), handler_timeout_s=None)
    with ask as portal:
        portal.rest["slow"] = never
        portal.emit("go")
        portal.advance(19.999)
        assert ask.results == []
        portal.advance(0.001)
        assert (ask.results[0].code, ask.results[0].description) == ("REQUEST_TIMEOUT", "no answer within 20000 ms")
        assert ask.times == [20]
        assert portal.outcomes == [("slow", "REQUEST_TIMEOUT")]


def test_the_deadline_of_requests_is_the_apps_and_none_is_none() -> None:
    for limit, expected in ((200, [0.2]), (None, [])):
        ask = Ask(lambda rest: rest.call("slow"), rest_timeout_ms=limit, handler_timeout_s=None)
        with ask as portal:
            portal.rest["slow"] = never
            portal.emit("go")
            portal.advance(100_000)
            assert ask.times == expected


def test_a_page_that_goes_away_ends_the_request_and_no_other_is_made_through_it() -> None:
    async def twice(rest: Rest) -> None:
        with pytest.raises(PageGone):
            await rest.call("slow")
        await rest.call("slow")

    ask = Ask(twice)
    with ask as portal:
        portal.rest["slow"] = never
        portal.emit("go")
        portal.page.detach()
        assert isinstance(ask.results[0], PageGone)
        assert ask.results[0].page_id == "page-1"
        assert len(asked(portal)) == 1


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda rest: rest.call(""), "a REST method is a non-empty str, not str"),
        (lambda rest: rest.call(None), "a REST method is a non-empty str, not NoneType"),
        (lambda rest: rest.call("m", [1]), "REST parameters are a mapping, not list"),
        (lambda rest: rest.call("m", "id=1"), "REST parameters are a mapping, not str"),
        (lambda rest: rest.batch({"a": "profile"}), "call 'a' of a batch should be (method, parameters), not str"),
        (lambda rest: rest.batch({"a": ()}), "call 'a' of a batch should be (method, parameters), not tuple"),
        (lambda rest: rest.batch({"a": ("m", {}, 1)}), "call 'a' of a batch should be (method, parameters), not tuple"),
        (lambda rest: rest.batch({"a": (1, {})}), "a REST method is a non-empty str, not int"),
        (lambda rest: rest.call("m", {"x": object()}), "Object of type object is not JSON serializable"),
    ],
)
def test_arguments_of_the_wrong_kind_are_refused_before_anything_is_sent(act: Any, message: str) -> None:
    ask = Ask(act)
    with ask as portal:
        portal.emit("go")
        assert [(type(each), str(each)) for each in ask.results] == [(TypeError, message)]
        assert asked(portal) == []


@pytest.mark.parametrize("known", ["profile", "PROFILE", "Profile"])
@pytest.mark.parametrize("called", ["profile", "PROFILE", "pRofile"])
def test_the_portal_does_not_mind_the_case_of_a_methods_name(known: str, called: str) -> None:
    ask = Ask(lambda rest: rest.call(called))
    with ask as portal:
        portal.rest[known] = {"ID": "1"}
        portal.emit("go")
        assert ask.results == [{"ID": "1"}]


def test_an_error_that_a_test_puts_in_the_portals_place_is_final_whatever_it_is() -> None:
    for code, status in (("INTERNAL_SERVER_ERROR", 500), ("QUERY_LIMIT_EXCEEDED", 503)):
        ask = Ask(lambda rest: rest.call("crm.contact.get"))
        with ask as portal:
            portal.rest["crm.contact.get"] = RestError(code, status=status)
            portal.emit("go")
            assert ([error.code for error in ask.results], ask.times) == ([code], [0])


# The rate limit --------------------------------------------------------------------------------------------------


def test_the_rate_limit_is_waited_out_with_growing_pauses() -> None:
    at: list[float] = []

    def limited(params: Any) -> Any:
        at.append(ask.portal.loop.time())
        if len(at) < 4:
            raise LIMITED
        return "done"

    ask = Ask(lambda rest: rest.call("busy"))
    with ask as portal:
        portal.rest["busy"] = limited
        portal.emit("go")
        portal.advance(100)
        assert (ask.results, at) == (["done"], [0, 0.5, 1.5, 3.5])


def test_a_rate_limit_that_does_not_end_is_raised_in_the_end() -> None:
    at: list[float] = []

    def limited(params: Any) -> Any:
        at.append(ask.portal.loop.time())
        raise LIMITED

    ask = Ask(lambda rest: rest.call("busy"))
    with ask as portal:
        portal.rest["busy"] = limited
        portal.emit("go")
        portal.advance(100)
        assert ask.results[0].code == "QUERY_LIMIT_EXCEEDED"
        assert at == [0, 0.5, 1.5, 3.5, 7.5, 15.5]


def test_any_other_error_is_raised_at_once() -> None:
    calls: list[Any] = []

    def refuses(params: Any) -> Any:
        calls.append(params)
        raise RestError("INTERNAL_SERVER_ERROR", "", 500)

    ask = Ask(lambda rest: rest.call("broken"))
    with ask as portal:
        portal.rest["broken"] = refuses
        portal.emit("go")
        assert (len(calls), ask.times) == (1, [0])


# Batches ---------------------------------------------------------------------------------------------------------


def test_a_batch_returns_the_results_by_key() -> None:
    ask = Ask(lambda rest: rest.batch({"who": ("profile", {}), "n": ["count", {"of": 3}], "bare": ("profile",)}))
    with ask as portal:
        portal.rest |= {"profile": {"ID": 1}, "count": lambda params: params["of"]}
        portal.emit("go")
        assert ask.results == [{"who": {"ID": 1}, "n": 3, "bare": {"ID": 1}}]
        (message,) = asked(portal)
        assert (message["t"], message["halt"]) == ("rest_batch", False)
        assert message["calls"] == {"who": ["profile", {}], "n": ["count", {"of": 3}], "bare": ["profile", {}]}


def test_an_empty_batch_asks_nothing() -> None:
    ask = Ask(lambda rest: rest.batch({}))
    with ask as portal:
        portal.emit("go")
        assert (ask.results, asked(portal)) == ([{}], [])


def test_a_batch_raises_the_first_error_in_the_order_given() -> None:
    ask = Ask(lambda rest: rest.batch({"a": ("ok", {}), "b": ("no.b", {}), "c": ("no.c", {})}))
    with ask as portal:
        portal.rest |= {"ok": 1, "no.b": RestError("B"), "no.c": RestError("C")}
        portal.emit("go")
        assert [each.code for each in ask.results] == ["B"]


def test_a_batch_can_return_its_errors_among_the_results() -> None:
    ask = Ask(lambda rest: rest.batch({"a": ("ok", {}), "b": ("no", {})}, return_errors=True))
    with ask as portal:
        portal.rest |= {"ok": 1, "no": RestError("B", "b", 400)}
        portal.emit("go")
        (results,) = ask.results
        assert (results["a"], results["b"].code, results["b"].status) == (1, "B", 400)


def test_a_batch_of_more_than_fifty_goes_in_parts_of_fifty() -> None:
    ask = Ask(lambda rest: rest.batch({str(number): ("echo", {"n": number}) for number in range(120)}))
    with ask as portal:
        portal.rest["echo"] = lambda params: params["n"]
        portal.emit("go")
        assert ask.results == [{str(number): number for number in range(120)}]
        assert [len(message["calls"]) for message in asked(portal)] == [50, 50, 20]


def test_a_batch_that_halts_does_not_ask_for_the_parts_after_the_failure() -> None:
    calls: dict[str, Any] = {str(number): ("echo" if number else "no", {}) for number in range(60)}
    ask = Ask(lambda rest: rest.batch(calls, halt=True, return_errors=True))
    with ask as portal:
        portal.rest |= {"echo": 1, "no": RestError("NO")}
        portal.emit("go")
        assert len(asked(portal)) == 1
        assert asked(portal)[0]["halt"] is True
        assert list(ask.results[0]) == ["0"], "the portal runs nothing behind the first error"


def test_what_halt_left_out_is_no_error_and_is_not_among_the_results() -> None:
    ask = Ask(lambda rest: rest.batch({"a": ("slow", {}), "b": ("slow", {})}, halt=True, return_errors=True))
    with ask as portal:
        portal.rest["slow"] = never
        portal.emit("go")
        answer = {"t": "rest_answer", "id": asked(portal)[0]["id"], "result": {"a": {"error": {"code": "A"}}}}
        portal.page.tell(answer)
        (results,) = ask.results
        assert {key: error.code for key, error in results.items()} == {"a": "A"}


@pytest.mark.parametrize("answered", [{}, {"a": None}, None, [], "x"])
@pytest.mark.parametrize("halt", [True, False])
def test_a_batch_whose_answer_lacks_a_call_has_failed(answered: Any, halt: bool) -> None:
    ask = Ask(lambda rest: rest.batch({"a": ("slow", {})}, halt=halt))
    with ask as portal:
        portal.rest["slow"] = never
        portal.emit("go")
        portal.page.tell({"t": "rest_answer", "id": asked(portal)[0]["id"], "result": answered})
        assert [str(each) for each in ask.results] == ["NO_RESULT: the answer to the batch lacks call 'a'"]


def test_a_batch_that_is_rate_limited_as_a_whole_is_tried_again() -> None:
    tried: list[float] = []

    def limited(params: Any) -> Any:
        tried.append(ask.portal.loop.time())
        if len(tried) <= 2:
            raise LIMITED
        return len(tried)

    ask = Ask(lambda rest: rest.batch({"a": ("busy", {}), "b": ("busy", {})}))
    with ask as portal:
        portal.rest["busy"] = limited
        portal.emit("go")
        portal.advance(1)
        assert (ask.results, tried) == ([{"a": 3, "b": 4}], [0, 0, 0.5, 0.5])


def test_a_batch_that_halts_runs_nothing_behind_the_first_error() -> None:
    ran: list[int] = []

    def act(params: Any) -> int:
        ran.append(params["n"])
        if params["n"] == 1:
            raise RestError("NO")
        return len(ran)

    for halt, expected in ((True, [0, 1]), (False, [0, 1, 2])):
        ran.clear()
        ask = Ask(partial(Rest.batch, calls={str(n): ("act", {"n": n}) for n in range(3)}, halt=halt))
        with ask as portal:
            portal.rest["act"] = act
            portal.emit("go")
            assert ([error.code for error in ask.results], ran) == (["NO"], expected)


# Lists -----------------------------------------------------------------------------------------------------------


async def collect(rest: Rest, method: str = "crm.deal.list", params: Any = None) -> list[Any]:
    return [item async for item in rest.list(method, params)]


def test_a_list_goes_on_until_its_last_page() -> None:
    ask = Ask(lambda rest: collect(rest, params={"order": {"ID": "ASC"}}))
    with ask as portal:
        portal.rest["crm.deal.list"] = list(range(120))
        portal.emit("go")
        assert ask.results == [list(range(120))]
        assert [message["t"] for message in asked(portal)] == ["rest", "rest_next", "rest_next"]
        first, second, third = asked(portal)
        assert (first["params"], first["paged"]) == ({"order": {"ID": "ASC"}}, True)
        assert (second["of"], third["of"]) == (first["id"], second["id"])


def test_a_list_that_fits_in_a_page_or_is_empty_asks_once() -> None:
    for items in ([], [1, 2], None):
        ask = Ask(collect)
        with ask as portal:
            portal.rest["crm.deal.list"] = items
            portal.emit("go")
            assert ask.results == [items or []]
            assert len(asked(portal)) == 1


@pytest.mark.parametrize("start", [50, "50"])
def test_a_call_that_says_where_to_start_gets_that_page(start: Any) -> None:
    async def pages(rest: Rest) -> list[Any]:
        return [
            await rest.call("crm.deal.list"),
            await rest.call("crm.deal.list", {"start": start}),
            await rest.call("crm.deal.list", {"start": 100}),
            await rest.call("crm.deal.list", {"start": -1}),
            (await rest.batch({"a": ("crm.deal.list", {"start": start})}))["a"],
            await collect(rest, params={"start": start}),
            await rest.call("app.deals", {"start": start}),
            await rest.call("app.deals"),
        ]

    ask = Ask(pages)
    with ask as portal:
        portal.rest["crm.deal.list"] = portal.rest["app.deals"] = list(range(125))
        portal.emit("go")
        first, second, third = list(range(50)), list(range(50, 100)), list(range(100, 125))
        assert ask.results == [[first, second, third, first, second, second + third, second, list(range(125))]]


def test_a_list_within_an_object_is_found() -> None:
    ask = Ask(collect)
    with ask as portal:
        portal.rest["crm.deal.list"] = {"items": [1, 2], "note": "x"}
        portal.emit("go")
        assert ask.results == [[1, 2]]


@pytest.mark.parametrize("result", ["text", 5, {}, {"a": [1], "b": [2]}])
def test_a_result_without_a_list_is_refused(result: Any) -> None:
    ask = Ask(collect)
    with ask as portal:
        portal.rest["crm.deal.list"] = result
        portal.emit("go")
        assert ask.results[0].code == "NOT_A_LIST"


def test_a_list_that_nobody_reads_to_its_end_lets_the_page_forget_where_it_goes_on() -> None:
    async def first_only(rest: Rest) -> Any:
        items = rest.list("crm.deal.list")
        found = await anext(items)
        await items.aclose()  # type: ignore[attr-defined]
        return found

    ask = Ask(first_only)
    with ask as portal:
        portal.rest["crm.deal.list"] = list(range(120))
        portal.emit("go")
        assert ask.results == [0]
        assert [message["t"] for message in asked(portal)] == ["rest", "rest_done"]
        assert asked(portal)[1]["of"] == asked(portal)[0]["id"]


def test_pages_of_a_list_are_asked_for_as_they_are_needed() -> None:
    async def fifty_one(rest: Rest) -> int:
        count = 0
        async for _ in rest.list("crm.deal.list"):
            count += 1
            if count == 51:
                break
        return count

    ask = Ask(fifty_one)
    with ask as portal:
        portal.rest["crm.deal.list"] = list(range(200))
        portal.emit("go")
        assert ask.results == [51]
        assert [message["t"] for message in asked(portal)][:2] == ["rest", "rest_next"]


def test_a_list_whose_later_page_fails_raises_after_the_items_before() -> None:
    seen: list[Any] = []

    async def read(rest: Rest) -> None:
        async for item in rest.list("slow"):
            seen.append(item)  # noqa: PERF401 - what came before the failure must be there

    ask = Ask(read)
    with ask as portal:
        portal.rest["slow"] = never
        portal.emit("go")
        portal.page.tell({"t": "rest_answer", "id": asked(portal)[0]["id"], "result": [1, 2], "cursor": "x"})
        portal.page.tell({"t": "rest_answer", "id": asked(portal)[1]["id"], "error": {"code": "GONE"}})
        assert (seen, ask.results[0].code, asked(portal)[1]["of"]) == ([1, 2], "GONE", "x")


@pytest.mark.parametrize(
    "name", ["../../mail", "..", "profile?auth=x", "a/b", "a&b", "a b", "a#b", "a%2fb", ".a", "a\n"]
)
@pytest.mark.parametrize("way", ["call", "list", "batch"])
def test_a_methods_name_leads_nowhere_but_to_a_method(name: str, way: str) -> None:
    app, refused = App(), []

    @app.on_page_event("go")
    async def go(payload: object, page: Page) -> None:
        try:
            match way:
                case "call":
                    await page.rest.call(name)
                case "list":
                    _ = [each async for each in page.rest.list(name)]
                case _:
                    await page.rest.batch({"one": (name, {})})
        except ValueError as error:
            refused.append(str(error))

    with Portal(app) as portal:
        portal.emit("go")
        portal.advance(1)
        assert refused == [f"{name!r} is no name of a REST method: such as 'crm.contact.get'"]
        assert [message for message in portal.page.messages if message["t"].startswith("rest")] == []


def test_the_method_of_a_list_is_checked_too() -> None:
    ask = Ask(lambda rest: collect(rest, ""))
    with ask as portal:
        portal.emit("go")
        assert isinstance(ask.results[0], TypeError)


async def never(params: Any) -> None:
    await asyncio.Event().wait()


def test_a_batch_with_two_keys_that_are_one_as_text_is_refused_before_anything_is_sent() -> None:
    twice: Any = {1: ("crm.deal.get", {"id": 1}), "1": ("crm.deal.get", {"id": 2})}
    ask = Ask(lambda rest: rest.batch(twice))
    with ask as portal:
        portal.emit("go")
        (error,) = ask.results
        assert (type(error), str(error)) == (
            ValueError, "two calls of the batch have the key '1'; give each a key of its own",
        )  # fmt: skip
        assert asked(portal) == []
