"""Functions of the page, called from Python; and what the page tells Python by itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Route

from tests.browser.conftest import BundleFor, OpenPage, SharedPageFor
from tests.support.browsers import needs
from tests.support.raised import initialized
from tests.support.stalling import HeldServer
from tests.support.witness import WITNESS, SharedPage, WitnessPage

pytestmark = pytest.mark.engines

APP = """
    import asyncio

    from worker_py import App, PageCallFailed, WorkerPyError
    from worker_py.events import Initialized

    app = App()

    @app.on_page_event("call me")
    async def call(order, page):
        try:
            answer = await page.call(order["name"], order.get("params"), timeout_s=order.get("timeout_s", 30))
        except WorkerPyError as error:
            fields = {key: value for key, value in vars(error).items()}
            await page.call("tell", {"raises": type(error).__name__, **fields})
        else:
            await page.call("tell", {"returns": answer})

    @app.on_page_event("cancel me")
    async def cancel(order, page):
        waiting = asyncio.create_task(page.call(order["name"]))
        await page.call("begun")
        waiting.cancel()
        try:
            await waiting
        except asyncio.CancelledError:
            await page.call("tell", "cancelled")

    @app.on_page_event("phone.ringing")
    async def ringing(payload, page):
        await page.call("tell", payload)

    @app.on(Initialized)
    async def ask(event, card):
        await card.page.call("tell", "is there")
        try:
            await card.page.call("nobody's")
        except PageCallFailed as error:
            await card.page.call("tell", error.name)
"""


@pytest.fixture(scope="module")
def booted(shared_page_for: SharedPageFor) -> SharedPage:
    return shared_page_for(APP)


@pytest.fixture
def stage(booted: SharedPage) -> Iterator[SharedPage]:
    with booted.case():
        yield booted


def provide(stage: SharedPage, function: str) -> None:
    stage.provide("phone.answer", function)


def call(stage: WitnessPage, **order: object) -> object:
    stage.emit("call me", {"name": "phone.answer", **order})
    return stage.told()


@pytest.mark.parametrize("value", [None, True, 12.5, "übertragen 📞", [1, [2, "3"]], {"nested": {"list": [None]}}])
def test_value_goes_to_the_page_and_comes_back_as_it_was(stage: SharedPage, value: object) -> None:
    provide(stage, "(params) => params")

    assert call(stage, params=value) == {"returns": value}


def test_function_may_be_asynchronous(stage: SharedPage) -> None:
    provide(stage, "async ({ line }) => { await new Promise((done) => setTimeout(done, 1)); return `on ${line}`; }")

    assert call(stage, params={"line": "reg1"}) == {"returns": "on reg1"}


def test_function_that_returns_nothing_gives_none(stage: SharedPage) -> None:
    provide(stage, "() => {}")

    assert call(stage) == {"returns": None}


@pytest.mark.parametrize(
    ("body", "name", "message"),
    [
        ("() => { throw new RangeError('line busy'); }", "RangeError", "line busy"),
        ("async () => { throw new DOMException('no microphone', 'NotFoundError'); }", "NotFoundError", "no microphone"),
        ("() => { throw 'just words'; }", "Error", "just words"),
        ("() => 10n", "TypeError", "what it returned was refused: not JSON"),
        ("() => { const loop = {}; loop.loop = loop; return loop; }", "TypeError", "what it returned was refused"),
    ],
)
def test_error_of_a_page_function_comes_with_its_name_and_message(
    stage: SharedPage, body: str, name: str, message: str
) -> None:
    provide(stage, body)

    answer = call(stage)

    assert isinstance(answer, dict)
    assert (answer["raises"], answer["function"], answer["name"]) == ("PageCallFailed", "phone.answer", name)
    assert answer["message"].startswith(message)


def test_function_that_nobody_provides_is_an_error_that_says_so(stage: SharedPage) -> None:
    answer = call(stage, name="phone.nothing")

    assert isinstance(answer, dict)
    assert (answer["raises"], answer["function"], answer["name"]) == ("PageCallFailed", "phone.nothing", "NotProvided")


def test_function_that_does_not_answer_in_time_is_a_timeout_and_its_signal_aborts(stage: SharedPage) -> None:
    provide(
        stage,
        """(_, { signal }) => new Promise(() => {
          window.aborted = new Promise((resolve) => signal.addEventListener("abort", () => resolve("aborted")));
        })""",
    )

    assert call(stage, timeout_s=0.3) == {"raises": "PageCallTimeout", "function": "phone.answer", "timeout_s": 0.3}
    assert stage.evaluate("window.aborted") == "aborted"


def test_cancelling_the_call_in_python_aborts_the_function_s_signal(stage: SharedPage) -> None:
    stage.evaluate(
        """() => {
          let running;
          const begun = new Promise((resolve) => { running = resolve; });
          workerPy.provide("begun", () => begun);
          workerPy.provide("phone.answer", (_, { signal }) => new Promise(() => {
            window.aborted = new Promise((resolve) => signal.addEventListener("abort", () => resolve("aborted")));
            running();
          }));
          workerPy.emit("cancel me", { name: "phone.answer" });
        }"""
    )

    assert stage.told() == "cancelled"
    assert stage.evaluate("window.aborted") == "aborted"


def test_what_the_page_emits_reaches_python_in_order(stage: SharedPage) -> None:
    stage.evaluate("() => { for (let n = 0; n < 20; n++) workerPy.emit('phone.ringing', { n }); }")

    assert [stage.told() for _ in range(20)] == [{"n": n} for n in range(20)]


@pytest.mark.parametrize("arguments", ["''", "7, {}", "'phone.ringing', 10n"])
def test_emit_refuses_what_python_could_not_get(stage: SharedPage, arguments: str) -> None:
    thrown = stage.evaluate(
        f"() => {{ try {{ workerPy.emit({arguments}); return null; }} catch (error) {{ return error.name; }} }}"
    )

    assert thrown == "TypeError"


@pytest.mark.engines_all  # delivery/test_delivery.py stalls a boot there
def test_what_the_page_emits_before_python_runs_is_delivered_in_order(
    bundle_for: BundleFor, open_page: OpenPage
) -> None:
    with HeldServer(bundle_for(APP, page_scripts=[WITNESS])) as app:
        page = open_page(url=f"http://app.localhost:{app.port}/", ready=False)
        page.until_evaluates("() => window.workerPy !== undefined")
        page.evaluate("() => { for (let n = 0; n < 50; n++) workerPy.emit('phone.ringing', n); }")
        assert page.stats()["state"] == "booting"
        app.release()

        assert page.until_noted(50) == list(range(50))


@needs("is_playwrights")
@pytest.mark.engines_all  # the page's own: tests/static/page/executor.test.mjs
@pytest.mark.parametrize(
    "when",  # tests/static/page/executor.test.mjs: a function that is awaited is called as soon as it is provided
    [pytest.param("at once", marks=pytest.mark.campaign), "when the document is parsed"],
)
def test_function_is_awaited_whose_script_runs_later_than_python(when: str, open_page: OpenPage) -> None:
    page = open_page(APP)
    held: list[Route] = []
    page.playwright_page.route(f"**/{WITNESS.name}", lambda route: held.append(route))
    page.portal("(portal) => void portal.reloadFrame()")
    page.until_bound()
    page.evaluate("void workerPy.record()")
    page.raise_event(*initialized("first"))
    page.until("workerPy.record().entries.some(({ message }) => message.t === 'call')")
    assert not page.evaluate("Boolean(window.witness)")

    script = WITNESS.read_text(encoding="utf-8")
    if when != "at once":
        script = f"document.addEventListener('DOMContentLoaded', () => {{ {script} }});"
    page.poll(lambda: held != [], "the request for the script")
    held[0].fulfill(body=script, content_type="text/javascript")

    assert page.until_noted(2) == ["is there", "NotProvided"]


@needs("is_playwrights")
@pytest.mark.engines_all  # it is the test's own means
def test_function_of_a_test_is_heard_of_by_a_page_whose_scripts_have_not_come(open_page: OpenPage) -> None:
    page = open_page(APP)
    held: list[Route] = []
    page.playwright_page.route("**/page/shim.js", lambda route: held.append(route), times=1)
    page.portal("(portal) => void portal.reloadFrame()")
    page.poll(lambda: held != [] and not page.evaluate("'workerPy' in window"), "a page without its scripts")

    page.provide("phone.answer", "() => 7")
    held[0].continue_()
    page.until_ready()

    assert call(page) == {"returns": 7}
