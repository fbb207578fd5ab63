"""Code that would hold the interpreter for ever is interrupted; code that ends it costs no other event."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Iterator
from math import inf
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.conftest import OpenPage, SharedPageFor
from tests.support.browsers import Browsers, engine, needs
from tests.support.complaints import Complaints
from tests.support.hurry import HURRY, hurry, until_it_hangs
from tests.support.raised import comments, initialized
from tests.support.witness import SharedPage

LIMIT_MS = 400
MOST = 4
"""So often an interruption may be late because the machine has other things to do; a limit that is none always is."""
APP = """
    import asyncio
    import functools
    import itertools
    import json
    import os
    import re
    import time

    from worker_py import App, CallCard, HandlerTimeout
    from worker_py.events import AddCommentButtonClick, DialpadButtonClick, Initialized

    app = App(slice_limit_ms=400)

    def spin():
        while True:
            pass

    def catastrophic_regex():
        re.match(r"(a+)+$", "a" * 64 + "b")

    def never_less(one, other):
        while True:
            pass

    def sort_without_end():
        sorted([3, 1, 2], key=functools.cmp_to_key(never_less))

    def huge_power():
        return 7 ** (10 ** 8)

    async def spinning_child():
        async def child():
            spin()
        await asyncio.create_task(child())

    def swallowing():
        while True:
            try:
                spin()
            except Exception:
                pass

    class Bottomless:
        def __getattr__(self, name):
            return getattr(self, name + "x")

    class Mirror:
        def __repr__(self):
            return repr([self])

        def __eq__(self, other):
            return [self] == [Mirror()]

        __hash__ = None

    def deep_getattr():
        Bottomless().depth

    def deep_repr():
        repr(Mirror())

    def deep_eq():
        Mirror() == Mirror()

    def deep_sort_key():
        def key(value):
            return sorted([value], key=key)
        sorted([1], key=key)

    def deep_re_sub():
        def replace(match):
            return re.sub("a", replace, "a")
        re.sub("a", replace, "a")

    def abort():
        os.abort()

    def deep_json():
        json.loads("[" * 100_000 + "]" * 100_000)

    def loop_in_c():
        print("hangs")
        sum(itertools.count())

    DEADLY = {"abort": abort, "deep_json": deep_json, "loop_in_c": loop_in_c}

    @app.on(AddCommentButtonClick)
    async def run(event: AddCommentButtonClick, card: CallCard) -> None:
        if event.comment in DEADLY or event.comment not in globals():
            await card.page.call("tell", [event.comment, event.meta.redelivered])
            return DEADLY.get(event.comment, str)()
        try:
            pending = globals()[event.comment]()
            if pending is not None:
                await pending
        except HandlerTimeout as overrun:
            await card.page.call("tell", ["HandlerTimeout", overrun.reason, overrun.limit_ms])
            raise
        except RecursionError:
            await card.page.call("tell", ["RecursionError"])

    @app.on(DialpadButtonClick)
    async def next_event(event: DialpadButtonClick, card: CallCard) -> None:
        await card.page.call("tell", ["alive", event.key])

    @app.on_page_event("ask")
    async def ask(times, page):
        for _ in range(times):
            await page.call("wait")
            later = time.monotonic() + 0.05  # some time in which it would be interrupted
            while time.monotonic() < later:
                pass
        await page.call("tell", "answered")

    @app.on_page_event("wait for ever")
    async def wait(payload, page):
        await page.call("for ever", timeout_s=None)
"""

RUNAWAYS = ["spin", "catastrophic_regex", "sort_without_end", "spinning_child"]
DEEP = ["deep_getattr", "deep_repr", "deep_eq", "deep_sort_key", "deep_re_sub"]


@pytest.fixture(scope="module")
def booted(shared_page_for: SharedPageFor) -> SharedPage:
    return shared_page_for(APP)


@pytest.fixture
def stage(booted: SharedPage) -> Iterator[SharedPage]:
    with booted.case():
        booted.incoming_call()
        yield booted
        assert booted.stats()["workers"] == 1, "the interpreter lived on"


@pytest.mark.engines
@pytest.mark.parametrize("runaway", RUNAWAYS)
def test_runaway_sees_handler_timeout_and_the_next_event_is_handled(stage: SharedPage, runaway: str) -> None:
    stage.complaints.expect("HandlerTimeout")

    stage.raise_event("addCommentButtonClick", runaway)
    stage.raise_event("dialpadButtonClick", "5")

    told = [stage.told(), stage.told()]
    assert ["HandlerTimeout", "slice", LIMIT_MS] in told
    assert ["alive", "5"] in told
    stage.until("stats.waiting === 0")
    outcomes = {
        entry["event"].split("::")[1]: entry["outcome"] for entry in stage.trace() if entry["kind"] == "handler"
    }
    assert outcomes == {"addCommentButtonClick": "timeout", "dialpadButtonClick": "ok"}


@pytest.mark.engines
def test_runaway_is_interrupted_soon_after_its_limit(stage: SharedPage) -> None:
    stage.complaints.expect("HandlerTimeout")
    took_ms: list[float] = []

    while min(took_ms, default=inf) >= LIMIT_MS + 1500 and len(took_ms) < MOST:
        stage.raise_event("addCommentButtonClick", "spin")
        stage.told()
        stage.until("stats.waiting === 0")
        took_ms.append(stage.trace("handler")[-1]["duration_ms"])
        assert took_ms[-1] >= LIMIT_MS

    assert min(took_ms) < LIMIT_MS + 1500, took_ms


@pytest.mark.engines
def test_runaway_that_swallows_its_interruption_is_ended_all_the_same(stage: SharedPage) -> None:
    stage.complaints.expect("KeyboardInterrupt")

    stage.raise_event("addCommentButtonClick", "swallowing")
    stage.raise_event("dialpadButtonClick", "6")

    assert stage.told() == ["alive", "6"]
    stage.until("stats.waiting === 0")


@pytest.mark.engines
@pytest.mark.parametrize("deep", DEEP)
def test_recursion_without_end_is_a_recursion_error_and_not_the_end(stage: SharedPage, deep: str) -> None:
    stage.raise_event("addCommentButtonClick", deep)
    stage.raise_event("dialpadButtonClick", "7")

    assert [stage.told(), stage.told()] == [["RecursionError"], ["alive", "7"]]


LONGEST_GAP_MS = 250
"""A gap in which a busy machine runs something else counts for this much at most: see `static/worker/interrupt.js`."""
ANSWERS = 3
"""Two gaps that count are beyond the limit."""


@pytest.mark.engines
def test_time_in_which_nothing_runs_is_not_held_against_what_takes_the_next_answer(stage: SharedPage) -> None:
    stage.evaluate(
        """() => workerPy.provide("wait", () => new Promise((resolve) => {
          window.answered = (window.answered ?? -1) + 1;
          window.answer = resolve;
        }))"""
    )
    stage.emit("ask", ANSWERS)

    for number in range(ANSWERS):
        stage.until("window.answered === argument", number)
        stage.playwright_page.wait_for_timeout(LONGEST_GAP_MS + 110)  # this is what is tested, not a wait for something
        stage.evaluate("window.answer()")

    assert stage.told() == "answered"


# Limits -----------------------------------------------------------------------------------------------

WORKS = """
    import time

    from js import BroadcastChannel
    from worker_py import App, HandlerTimeout
    from worker_py.events import AddCommentButtonClick

    app = App(slice_limit_ms=%s)

    def compute(seconds):
        # Said at once, in the middle of the slice: no message of `page.call` leaves before its end.
        BroadcastChannel.new("tests").postMessage("computing")
        # Time in which the computer slept shows as one long round, and is not counted.
        computed = 0.0
        last = time.monotonic()
        while computed < seconds:
            for number in range(2_000):
                number * number
            now = time.monotonic()
            computed += min(now - last, 0.05)
            last = now

    @app.on(AddCommentButtonClick)
    async def work(event, card):
        started = time.monotonic()
        try:
            compute(float(event.comment))
        except HandlerTimeout:
            await card.page.call("tell", "interrupted")
        else:
            await card.page.call("tell", time.monotonic() - started)
"""


@pytest.mark.campaign  # tests/static/worker/boot.test.mjs: an app without a limit for its slices is not interrupted
def test_slice_limit_of_none_lets_code_run_on(open_page: OpenPage) -> None:
    page = open_page(WORKS % "None")
    page.raise_all([initialized("A.1"), ("addCommentButtonClick", "1.6")])

    (seconds,) = page.until_noted(1)

    assert seconds > 1.5, "well beyond the default limit"
    assert page.worker_ends() == []


IMPATIENT = """
    import sys
    import time
    from pathlib import Path

    from worker_py import App
    from worker_py.events import AddCommentButtonClick

    app = App(slice_limit_ms=%s)

    @app.on(AddCommentButtonClick)
    async def work(event, card):
        text = "import time; end = time.monotonic() + 1.5\\nwhile time.monotonic() < end: pass"
        Path("/tmp/slow.py").write_text(text)
        sys.path.insert(0, "/tmp")
        import slow
        while time.monotonic() < slow.end + 0.1:
            pass
        await card.page.call("tell", "done")

"""


# tests/unit/test_interrupt.py: test_after_an_import_that_took_long_the_handler_has_a_whole_slice_once
@pytest.mark.campaign
def test_the_time_that_an_import_takes_is_not_held_against_the_handler(open_page: OpenPage) -> None:
    page = open_page(IMPATIENT % (2 * LONGEST_GAP_MS + 200))
    page.raise_all([initialized("A.1"), ("addCommentButtonClick", "")])

    assert page.until_noted(1) == ["done"]
    page.until_settled()
    assert page.reports() == []


def processes_below(marker: str) -> list[int]:
    """A browser started with this marker on its command line, and all its descendants."""
    parents: dict[int, int] = {}
    roots = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            command = (directory / "cmdline").read_bytes().split(b"\0")
            status = (directory / "stat").read_text()
        except OSError:
            continue  # it has ended meanwhile
        pid = int(directory.name)
        parents[pid] = int(status.rpartition(")")[2].split()[1])
        if f"--{marker}".encode() in command:
            roots.append(pid)
    found = set(roots)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found)


@pytest.fixture
def suspendable(browsers: Browsers, complaints: Complaints) -> Iterator[tuple[BrowserContext, str]]:
    """A context in a browser of its own, and the marker by which its processes are found."""
    marker = f"worker-py-test-{uuid.uuid4().hex}"
    browser = browsers.launch(arguments=[f"--{marker}"])
    context = browser.new_context()
    complaints.watch(context)
    yield context, marker
    browser.close()


# tests/static/worker/interrupt.test.mjs: a laptop that slept an hour in the middle of a slice does not count as a
# runaway; tests/static/page/link.test.mjs: a page that slept for hours does not take its worker for hung
@pytest.mark.campaign
@needs("takes_flags")
def test_a_computer_that_sleeps_in_the_middle_of_a_computation_makes_it_neither_a_runaway_nor_a_hang(
    suspendable: tuple[BrowserContext, str], open_page: OpenPage
) -> None:
    context, marker = suspendable
    page = open_page(WORKS % "4000", page=context.new_page())
    page.evaluate(
        """() => {
          window.doing = new Promise((resolve) => {
            new BroadcastChannel("tests").onmessage = ({ data }) => resolve(data);
          });
        }"""
    )
    sleepers = processes_below(marker)  # those of the worker, too: from its message on there is 1.5 s
    page.raise_all([initialized("A.1"), ("addCommentButtonClick", "1.5")])
    assert page.evaluate("window.doing") == "computing"

    for pid in sleepers:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(5)  # this is what is tested, not a wait for something
    for pid in sleepers:
        os.kill(pid, signal.SIGCONT)

    (seconds,) = page.until_noted(1)
    assert seconds != "interrupted"
    assert seconds > 5, "it did sleep in the middle"
    page.until_settled()
    assert page.worker_ends() == []


# What ends the interpreter ----------------------------------------------------------------------------

NOTICED_AFTER_S = 6
"""A page takes a worker for dead that says nothing for so long: the limit of a slice, and four seconds more."""
SHARED, OWN = "one interpreter for all pages", "one of the page's own"
PYODIDES_OWN_WORDS = r"Aborted\(\)|Pyodide has suffered|cause of the fatal error|RuntimeError|RangeError"


@pytest.fixture
def hosting(request: pytest.FixtureRequest, context: BrowserContext) -> str:
    """How the interpreter is hosted; a browser without SharedWorker has one for each page."""
    if engine().is_playwrights:
        context.add_init_script(path=HURRY)
    if request.param == OWN:
        context.add_init_script("delete globalThis.SharedWorker")
    return str(request.param)


@pytest.mark.parametrize(
    ("hosting", "deadly", "how"),
    [
        pytest.param(SHARED, "abort", "fatal", marks=pytest.mark.engines),
        pytest.param(OWN, "abort", "fatal", marks=pytest.mark.campaign),
        pytest.param(SHARED, "deep_json", "fatal", marks=pytest.mark.campaign),
        pytest.param(OWN, "loop_in_c", "hang", marks=needs("is_playwrights")),
        pytest.param(OWN, "deep_json", "fatal", marks=pytest.mark.campaign),
        pytest.param(SHARED, "loop_in_c", "hang", marks=pytest.mark.campaign),
    ],
    indirect=["hosting"],
)
@pytest.mark.timeout(120)
def test_event_that_ends_the_interpreter_is_delivered_twice_then_set_aside_and_the_others_are_handled(
    hosting: str, open_page: OpenPage, complaints: Complaints, deadly: str, how: str
) -> None:
    """And what waited for an answer of the page is told that nobody waits any more."""
    complaints.expect(rf"the worker ended \({how}")
    complaints.expect("ended the interpreter twice and was set aside")
    if hosting == OWN and how == "fatal":
        complaints.expect(PYODIDES_OWN_WORDS)
    page = open_page(APP)
    page.evaluate(
        """() => workerPy.provide("for ever", (_, { signal }) => window.called ? null : new Promise(() => {
          window.called = true;
          signal.addEventListener("abort", () => { window.aborted = true; });
        }))"""
    )
    page.emit("wait for ever")
    page.until("window.called")

    page.raise_all([initialized("A.1"), *comments(3), ("addCommentButtonClick", deadly), *comments(3, first=3)])

    if how == "hang":
        for times in (1, 2):
            until_it_hangs(page, times)
            hurry(page, NOTICED_AFTER_S)
    page.until("stats.set_aside === 1", timeout_s=80)
    page.until_settled()

    assert page.evaluate("window.aborted")
    assert (page.diagnostics()["host"]["mode"] == "dedicated") == (hosting == OWN)
    notes = page.notes()
    assert [note for note in notes if note[0] == deadly] == [[deadly, False], [deadly, True]]
    assert sorted({comment for comment, _ in notes} - {deadly}) == list("012345")
    assert [end.partition(":")[0] for end in page.worker_ends()] == [how, how]
    assert page.reports("set_aside")[0]["event"].endswith("addCommentButtonClick")
    page.raise_all(comments(1, first=6))
    page.until_settled()
    assert page.notes()[-1] == ["6", False]


@pytest.mark.engines
@pytest.mark.timeout(240)
def test_the_event_behind_a_loop_in_c_is_handled_within_the_time_of_the_engine(
    context: BrowserContext, open_page: OpenPage, complaints: Complaints
) -> None:
    """A worker that hangs burns on until the browser ends it; meanwhile another boots beside it.

    In Chromium the page does not wait for all of the silence; in the other engines it does.
    """
    complaints.expect(r"the worker ended \(hang")
    hurried = engine().name == "chromium"
    if hurried:
        context.add_init_script(path=HURRY)
    page = open_page(APP)
    page.raise_all([initialized("A.1"), ("addCommentButtonClick", "loop_in_c")])
    until_it_hangs(page, 1)
    began = time.monotonic()
    page.raise_event("addCommentButtonClick", "next")
    if hurried:
        hurry(page, NOTICED_AFTER_S)
    page.until_evaluates("() => window.witness?.told.some(([comment]) => comment === 'next')", timeout_s=200)
    assert time.monotonic() - began < engine().recovers_within_s
