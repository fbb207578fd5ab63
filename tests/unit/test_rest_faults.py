"""REST when the portal fails: what is sent again and what never, at every step of calls, lists and batches.

The page's part, from HTTP to the errors that come here, is tests/static/page/client/rest_faults.test.mjs, on the same
cases.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from worker_py import App, RestError
from worker_py.page import Page
from worker_py.rest import Rest, reads
from worker_py.testing import Portal
from worker_py.virtual_time import VirtualTimeLoop

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "cases" / "rest_faults.json").read_text(encoding="utf-8")
)
FAULTS = pytest.mark.parametrize("fault", CASES, ids=lambda fault: fault["title"])
PAUSES = {"always": [0.5, 1, 2, 4, 8], "reading": [0.5, 1, 2], "never": []}


class ScriptedPage:
    """Answers the requests of a `Rest` from a script, and keeps what was asked and when."""

    def __init__(self, *script: Any) -> None:
        self.script = list(script)
        self.asked: list[dict[str, Any]] = []
        self.told: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.loop = VirtualTimeLoop()

    async def request(self, message: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(message)
        self.times.append(self.loop.time())
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(answer, dict) and "code" in answer:
            if message["t"] == "rest_batch":  # the page says the same of each call
                return {"result": {key: {"error": answer} for key in message["calls"]}}
            raise RestError(answer["code"] or "UNKNOWN_ERROR", answer.get("description", ""), answer["status"])
        given: dict[str, Any] = answer(message) if callable(answer) else answer
        return given

    def act(self, act: Callable[[Rest], Awaitable[Any]]) -> Any:
        """Run it, and return what came of it: a value or a RestError."""
        outcome: Any = None

        async def tried() -> None:
            nonlocal outcome
            try:
                outcome = await act(Rest(self.request, self.told.append))
            except RestError as error:
                outcome = error

        task = self.loop.create_task(tried())
        self.loop.advance(100)
        assert task.done()
        self.loop.close()
        return outcome


def raised(fault: dict[str, Any]) -> tuple[str, str, int]:
    error = fault["error"]
    return fault.get("raised", error["code"]), error.get("description", ""), error["status"]


def fields(error: object) -> tuple[str, str, int]:
    assert isinstance(error, RestError)
    return error.code, error.description, error.status


def times_of(pauses: list[float]) -> list[float]:
    return [sum(pauses[:count]) for count in range(len(pauses) + 1)]


def pauses(fault: dict[str, Any], *, repeatable: bool) -> list[float]:
    again = fault["again"]
    return PAUSES[again] if repeatable or again == "always" else []


@FAULTS
@pytest.mark.parametrize(
    ("method", "idempotent", "repeatable"),
    [("crm.contact.get", False, True), ("crm.contact.add", False, False), ("crm.contact.update", True, True)],
)
def test_a_call_that_fails_for_ever_raises_the_portals_error(
    fault: dict[str, Any], method: str, idempotent: bool, repeatable: bool
) -> None:
    page = ScriptedPage(fault["error"])

    error = page.act(lambda rest: rest.call(method, {"id": 7}, idempotent=idempotent))

    assert fields(error) == raised(fault)
    assert page.times == times_of(pauses(fault, repeatable=repeatable))
    assert all(message == page.asked[0] for message in page.asked)


@FAULTS
@pytest.mark.parametrize("method", ["crm.contact.get", "crm.contact.add"])
def test_a_call_that_fails_once_goes_on_only_where_it_may_be_sent_again(fault: dict[str, Any], method: str) -> None:
    page = ScriptedPage(fault["error"], {"result": "done"})

    outcome = page.act(lambda rest: rest.call(method))

    if pauses(fault, repeatable=reads(method)):
        assert (outcome, page.times) == ("done", [0, 0.5])
    else:
        assert (fields(outcome), page.times) == (raised(fault), [0])


PAGES: list[Any] = [
    {"result": [1, 2], "cursor": "r1"},
    {"result": [3, 4], "cursor": "r2"},
    {"result": [5]},
]


@FAULTS
@pytest.mark.parametrize("step", [0, 1, 2])
@pytest.mark.parametrize("method", ["crm.deal.list", "app.deals"])
def test_a_list_fails_at_any_page_after_the_items_before(fault: dict[str, Any], step: int, method: str) -> None:
    seen: list[int] = []
    page = ScriptedPage(*PAGES[:step], fault["error"])

    async def read(rest: Rest) -> None:
        async for item in rest.list(method):
            seen.append(item)  # noqa: PERF401 - what came before the failure must be there

    error = page.act(read)

    assert seen == [1, 2, 3, 4][: 2 * step]
    assert fields(error) == raised(fault)
    assert page.times == [0] * step + times_of(pauses(fault, repeatable=reads(method)))
    assert {message.get("of") for message in page.asked[step:]} == {f"r{step}" if step else None}
    assert page.told == ([{"t": "rest_done", "of": f"r{step}"}] if step else []), "the page forgets where it went on"


@FAULTS
@pytest.mark.parametrize("step", [0, 1, 2])
def test_a_list_that_fails_once_at_any_page_goes_on_there(fault: dict[str, Any], step: int) -> None:
    page = ScriptedPage(*PAGES[:step], fault["error"], *PAGES[step:])

    async def read(rest: Rest) -> list[Any]:
        return [item async for item in rest.list("crm.deal.list")]

    outcome = page.act(read)

    if pauses(fault, repeatable=True):
        assert (outcome, len(page.asked), page.told) == ([1, 2, 3, 4, 5], 4, [])
    else:
        assert fields(outcome) == raised(fault)


def all_done(message: dict[str, Any]) -> dict[str, Any]:
    return {"result": {key: {"result": params["n"]} for key, (_, params) in message["calls"].items()}}


@FAULTS
@pytest.mark.parametrize("step", [0, 1, 2])
@pytest.mark.parametrize("method", ["crm.contact.get", "crm.contact.add"])
@pytest.mark.parametrize("halt", [False, True])
def test_a_batch_refused_as_a_whole_raises_the_portals_own_error_at_any_part(
    fault: dict[str, Any], step: int, method: str, halt: bool
) -> None:
    calls: Any = {f"call {number}": (method, {"n": number}) for number in range(120)}
    page = ScriptedPage(*[all_done] * step, fault["error"])

    error = page.act(lambda rest: rest.batch(calls, halt=halt))

    assert fields(error) == raised(fault)
    assert page.times == [0] * step + times_of(pauses(fault, repeatable=reads(method)))


@FAULTS
@pytest.mark.parametrize("step", [0, 1, 2])
def test_a_batch_refused_once_at_any_part_goes_on_where_it_may(fault: dict[str, Any], step: int) -> None:
    calls: Any = {str(number): ("crm.contact.get", {"n": number}) for number in range(120)}
    page = ScriptedPage(*[all_done] * step, fault["error"], all_done)

    outcome = page.act(lambda rest: rest.batch(calls))

    if pauses(fault, repeatable=True):
        assert outcome == {str(number): number for number in range(120)}
        sizes = [50, 50, 20]
        assert [len(message["calls"]) for message in page.asked] == [*sizes[: step + 1], *sizes[step:]]
    else:
        assert fields(outcome) == raised(fault)


@FAULTS
def test_a_batch_refused_as_a_whole_returns_its_error_for_each_call_when_asked_to(fault: dict[str, Any]) -> None:
    page = ScriptedPage(fault["error"])

    outcome = page.act(lambda rest: rest.batch({"a": ("m", {}), "b": ("m", {})}, return_errors=True))

    assert {key: fields(error) for key, error in outcome.items()} == {"a": raised(fault), "b": raised(fault)}


def test_a_batch_of_which_one_call_alone_could_do_harm_is_not_sent_again() -> None:
    lost = {"code": "NETWORK_ERROR", "status": 0}
    mixed: Any = {"a": ("crm.contact.get", {"n": 1}), "b": ("crm.contact.add", {"n": 2})}

    once = ScriptedPage(lost, all_done)
    assert fields(once.act(lambda rest: rest.batch(mixed)))[0] == "NETWORK_ERROR"
    assert len(once.asked) == 1

    told_that_it_does_none = ScriptedPage(lost, all_done)
    assert told_that_it_does_none.act(lambda rest: rest.batch(mixed, idempotent=True)) == {"a": 1, "b": 2}


@pytest.mark.parametrize("halt", [False, True])
def test_a_batch_with_errors_of_some_calls_is_sent_once_and_keeps_what_succeeded(halt: bool) -> None:
    error = {"code": "NOT_FOUND", "description": "Not found", "status": 200}
    rows: dict[str, Any] = {"a": {"result": 1}, "b": {"error": error}} | ({} if halt else {"c": {"result": 3}})
    page = ScriptedPage({"result": rows})

    outcome = page.act(
        lambda rest: rest.batch(
            {key: ("crm.contact.get", {}) for key in "abc"}, halt=halt, return_errors=True, idempotent=True
        )
    )

    assert len(page.asked) == 1
    assert {key: getattr(value, "code", value) for key, value in outcome.items()} == {"a": 1, "b": "NOT_FOUND"} | (
        {} if halt else {"c": 3}
    )


def test_the_errors_of_all_calls_of_a_batch_that_differ_are_no_refusal_of_the_whole() -> None:
    rows = {
        "a": {"error": {"code": "QUERY_LIMIT_EXCEEDED", "status": 200}},
        "b": {"error": {"code": "NOT_FOUND", "status": 200}},
    }
    page = ScriptedPage({"result": rows})

    error = page.act(lambda rest: rest.batch({"a": ("crm.contact.get", {}), "b": ("crm.contact.get", {})}))

    assert (fields(error)[0], len(page.asked)) == ("QUERY_LIMIT_EXCEEDED", 1)


class Silent:
    """An app that makes requests of a portal which falls silent, with two seconds for each."""

    def __init__(self, act: Callable[[Rest], Awaitable[None]]) -> None:
        self.ended: list[tuple[str, float]] = []
        self.app = App(rest_timeout_ms=2000)

        @self.app.on_page_event("go")
        async def go(payload: Any, page: Page) -> None:
            begun = time.monotonic()
            try:
                await act(page.rest)
            except RestError as error:
                self.ended.append((error.code, round(time.monotonic() - begun, 2)))


async def silence(_: object) -> None:
    await asyncio.Future()


def sent_by(portal: Portal) -> list[dict[str, Any]]:
    return [message for message in portal.page.messages if message["t"] in ("rest", "rest_next", "rest_batch")]


@pytest.mark.parametrize("step", [0, 1, 2])
def test_silence_at_any_page_of_a_list_is_told_in_time_and_called_off_and_not_sent_again(step: int) -> None:
    seen: list[int] = []

    async def read(rest: Rest) -> None:
        async for item in rest.list("crm.deal.list"):
            seen.append(item)  # noqa: PERF401 - what came before the silence must be there

    silent = Silent(read)
    with Portal(silent.app) as portal:
        portal.rest["crm.deal.list"] = silence
        portal.emit("go")
        for number in range(step):
            answer = {"t": "rest_answer", "id": sent_by(portal)[-1]["id"], "result": [number], "cursor": f"c{number}"}
            portal.page.tell(answer)
        portal.advance(5)
        last = sent_by(portal)[-1]["id"]
        of = [message["of"] for message in portal.page.messages if message["t"] == "rest_done"]
        cancelled = [message["id"] for message in portal.page.messages if message["t"] == "cancel"]

        assert (seen, silent.ended) == (list(range(step)), [("REQUEST_TIMEOUT", 2)])
        assert (len(sent_by(portal)), cancelled, of) == (step + 1, [last], [f"c{step - 1}"] if step else [])


@pytest.mark.parametrize("step", [0, 1, 2])
@pytest.mark.parametrize("halt", [False, True])
def test_silence_at_any_part_of_a_batch_is_told_in_time_and_called_off_and_not_sent_again(
    step: int, halt: bool
) -> None:
    async def ask(rest: Rest) -> None:
        await rest.batch({str(number): ("crm.deal.get", {"n": number}) for number in range(120)}, halt=halt)

    silent = Silent(ask)
    with Portal(silent.app) as portal:
        portal.rest["crm.deal.get"] = lambda params: silence(params) if params["n"] // 50 == step else params["n"]
        portal.emit("go")
        portal.advance(5)
        cancelled = [message["id"] for message in portal.page.messages if message["t"] == "cancel"]

        assert silent.ended == [("REQUEST_TIMEOUT", 2)]
        assert (len(sent_by(portal)), cancelled) == (step + 1, [sent_by(portal)[-1]["id"]])


@pytest.mark.parametrize(
    ("method", "reading"),
    [
        ("crm.contact.get", True), ("CRM.Contact.GET", True), ("crm.deal.list", True), ("crm.lead.fields", True),
        ("user.current", True), ("user.search", True), ("crm.status.entity.types", True), ("profile", True),
        ("PROFILE", True), ("app.info", True), ("scope", True), ("user.admin", True), ("server.time", True),
        ("crm.contact.add", False), ("crm.contact.update", False), ("crm.contact.delete", False),
        ("telephony.externalCall.register", False), ("placement.bind", False), ("im.notify", False),
        ("get", False), ("list", False), ("crm.contact.getaway", False), ("crm.contact.add.get.x", False),
        ("event.offline.get", False), ("Event.Offline.Get", False), ("event.offline.list", True), ("batch", False),
    ],
)  # fmt: skip
def test_what_reads_is_told_by_its_name(method: str, reading: bool) -> None:
    assert reads(method) is reading


def test_the_text_of_an_error_is_cut() -> None:
    rows = {"a": {"error": {"code": "C" * 10_000, "description": "d" * 50_000_000, "status": 400}}}
    page = ScriptedPage({"result": rows})

    code, description, _ = fields(page.act(lambda rest: rest.batch({"a": ("m", {})})))

    assert (len(code), len(description)) == (200, 2000)
