"""Nothing is lost, and everything is handled in its order: whatever happens to the interpreter meanwhile."""

from __future__ import annotations

import random
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.conftest import BX24_FIRST, BundleFor, OpenPage
from tests.support.browsers import needs
from tests.support.complaints import Complaints
from tests.support.directory_server import DirectoryServer
from tests.support.raised import PREFIX, comments, initialized, one_of_each
from tests.support.stalling import HeldServer
from tests.support.witness import WITNESS
from worker_py_tool.bundle.build import Client
from worker_py_tool.kit.browser_portal import Raised
from worker_py_tool.paths import NODE_MODULES

APP = """
    from worker_py import App
    from worker_py.wire import EVENTS

    app = App()

    async def note(event, card):
        text = getattr(event, "comment", "")
        await card.page.call("tell", [event.meta.name, text, card.call_id, event.meta.redelivered])

    for each in EVENTS:
        app.add_handler(each.event_type, note)
"""
ASKED_IN_VAIN = 5
"""So often the page has asked for names before there are any."""

PLAIN_SDK_PAGE = """<!doctype html>
<script src="b24jssdk.js"></script>
<script src="page.js"></script>
"""
PLAIN_SDK_SCRIPT = """
// The 900 ms for which the SDK waits for an event are a minute here: a busy machine may be later than they.
const { setTimeout: later } = window;
window.setTimeout = (wake, ms, ...more) => later(wake, ms === 900 ? 60_000 : ms, ...more);
window.got = [];
B24Js.initializeB24Frame().then((frame) => {
  for (const name of NAMES) {
    frame.placement.bindEvent(name, (payload) => window.got.push([name, payload]));
  }
});
"""


@pytest.fixture(params=["bx24", pytest.param("b24jssdk", marks=pytest.mark.engines_all)])
def client(request: pytest.FixtureRequest) -> Client:
    """The tests of this module run on both clients."""
    chosen: Client = request.param
    return chosen


def burst(call_id: str = "A.1") -> list[Raised]:
    """All 17 events and 500 more."""
    *first, close = one_of_each(call_id)
    return [*first, *comments(500), close]


def identified(raised: list[Raised]) -> list[list[str]]:
    """Events by what tells them apart: the full name, and the comment."""
    return [
        [PREFIX + name, payload if isinstance(payload, str) and "Comment" in name else ""] for name, payload in raised
    ]


@pytest.mark.engines
def test_events_that_come_while_the_boot_is_stalled_are_each_handled_once_in_order(
    client: Client, bundle_for: BundleFor, open_page: OpenPage
) -> None:
    with HeldServer(bundle_for(APP, client=client, page_scripts=[WITNESS])) as app:
        page = open_page(url=f"http://app.localhost:{app.port}/", ready=False)
        raised = burst()

        page.raise_all_once_bound(raised)
        page.until("stats.events === argument", len(raised))
        assert page.stats()["state"] == "booting"
        app.release()
        page.until_settled()

        assert [note[:2] for note in page.notes()] == identified(raised)
        assert page.stats()["redelivered"] == 0


@pytest.mark.engines
@pytest.mark.engines_all  # binding is the page's: tests/static/page/binder.test.mjs
@pytest.mark.parametrize("client", BX24_FIRST)  # whatever the client: tests/static/page/binder.test.mjs
def test_names_that_the_portal_registers_late_are_bound_once_and_their_events_handled_in_order(
    open_page: OpenPage,
) -> None:
    page = open_page(APP, names="late")
    raised = burst()
    page.until("stats.binding.asked >= argument", ASKED_IN_VAIN)
    assert page.bound() == []

    page.portal("(portal) => void setTimeout(() => portal.registerNames())")
    page.raise_all_once_bound(raised)
    page.until("stats.events === argument", len(raised))
    page.until_settled()

    assert [note[:2] for note in page.notes()] == identified(raised)
    assert sorted(page.bound()) == sorted({PREFIX + name for name, _ in one_of_each("A.1")})


@pytest.fixture
def plain_sdk_url(tmp_path: Path) -> Iterator[str]:
    """The address of a page of plain @bitrix24/b24jssdk, without anything of ours."""
    names = [PREFIX + name for name, _ in one_of_each("A.1")]
    shutil.copy(NODE_MODULES / "@bitrix24/b24jssdk/dist/umd/index.min.js", tmp_path / "b24jssdk.js")
    (tmp_path / "index.html").write_text(PLAIN_SDK_PAGE)
    (tmp_path / "page.js").write_text(f"const NAMES = {names};\n{PLAIN_SDK_SCRIPT}")
    with DirectoryServer(*tmp_path.iterdir()) as server:
        yield f"http://app.localhost:{server.port}/"


@pytest.mark.parametrize("client", ["bx24"])
def test_control_a_page_of_the_plain_sdk_loses_the_first_event_of_each_bind(
    plain_sdk_url: str, open_page: OpenPage
) -> None:
    page = open_page(url=plain_sdk_url, ready=False)
    raised = burst()

    page.raise_all_once_bound(raised)
    page.until_evaluates("() => got.some(([, payload]) => payload === '499')")

    lost = Counter(tuple(each) for each in identified(raised))
    lost -= Counter((name, payload if "Comment" in name else "") for name, payload in page.evaluate("got"))
    assert {name for name, _ in lost} == {name for name, _ in identified(raised)}, "one of each name was swallowed"
    assert lost[PREFIX + "addCommentButtonClick", "first"] == 1


@pytest.mark.parametrize("client", ["bx24"])
def test_control_a_page_of_the_plain_sdk_never_hears_of_names_that_the_portal_registers_late(
    plain_sdk_url: str, open_page: OpenPage
) -> None:
    page = open_page(url=plain_sdk_url, ready=False, names="late")
    in_vain = "(portal) => portal.log.filter(({kind}) => kind === 'bind lost').length"
    page.poll(lambda: page.portal(in_vain) == 17, "all binds in vain")

    page.portal("(portal) => portal.registerNames()")
    raised = "(portal, all) => all.map(([name, payload]) => portal.raise(name, payload))"
    assert set(page.portal(raised, burst())) == {0}, "none was sent to a callback"

    assert page.bound() == []
    assert page.evaluate("got") == []


# Workers that end -------------------------------------------------------------------------------------

CALLS = 10
KILLER = """() => {
  let left = 0;
  let kind = "";
  const count = (what) => {
    if (what === kind && --left === 0) workerPy.killWorker();
  };
  witness.ontold = () => count("note");
  addEventListener("workerpy:trace", ({ detail }) => count(detail.kind));
  window.killAfter = (number, what) => { [left, kind] = [number, what]; };
}"""


@needs("is_playwrights")
@pytest.mark.engines
@pytest.mark.parametrize(
    ("kills", "each_call"),
    [
        pytest.param(4, 20, marks=pytest.mark.timeout(180)),
        pytest.param(50, 100, marks=[pytest.mark.campaign, pytest.mark.timeout(900)]),
    ],
)
@pytest.mark.parametrize("client", ["bx24"])
@pytest.mark.engines_all  # hosting/test_hosting.py kills one there
def test_every_event_is_handled_although_the_worker_is_killed_at_random_points(
    context: BrowserContext, open_page: OpenPage, complaints: Complaints, kills: int, each_call: int
) -> None:
    """The points are counted in notes (in the middle of a handler) and in handlers that ended."""
    context.add_init_script("delete globalThis.SharedWorker")  # a worker of the page's own ends at once
    complaints.expect(r"the worker ended \(vanished")
    page = open_page(APP)
    page.evaluate(KILLER)
    chance = random.Random(20240515)
    calls = [[initialized(f"CALL.{number}"), *comments(each_call - 1)] for number in range(CALLS)]
    raised = [event for call in calls for event in call]
    size = len(raised) // kills

    for kill in range(kills):
        point = [chance.randint(1, size), chance.choice(["note", "handler"])]
        page.evaluate("([number, what]) => killAfter(number, what)", point)
        page.raise_all(raised[kill * size : (kill + 1) * size])
        page.until("stats.workers === argument", kill + 2)
        if chance.random() < 0.5:  # else the next events come while the next interpreter boots
            page.until_settled()
    page.until_settled()

    handled: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for _, comment, call_id, redelivered in page.notes():
        handled[call_id].append((comment, redelivered))
    wanted = ["", *(comment for _, comment in comments(each_call - 1))]
    for number in range(CALLS):
        notes = handled[f"CALL.{number}"]
        first_times = list(dict.fromkeys(comment for comment, _ in notes))
        assert first_times == wanted, f"CALL.{number} was not handled in order"
        seen: set[str] = set()
        for comment, redelivered in notes:
            assert redelivered or comment not in seen, f"{comment!r} came again and was not marked"
            seen.add(comment)


# Bursts -----------------------------------------------------------------------------------------------

COUNTING = """
    import gc

    import pyodide_js
    from worker_py import App
    from worker_py.events import AddCommentButtonClick

    app = App(command_timeout_ms=None)  # in a burst, an answer waits behind the events that came before it
    seen = []
    keeping = True

    @app.on(AddCommentButtonClick)
    async def count(event, card):
        global keeping
        number = int(event.comment)
        if keeping:
            seen.append(number)
        if number % 100 == 0:
            await card.set_status_text(event.comment)

    @app.on_page_event("what was seen")
    async def show(payload, page):
        await page.call("tell", seen)

    @app.on_page_event("measure")
    async def measure(payload, page):
        global keeping
        keeping = False
        seen.clear()
        module = pyodide_js._module  # the whole one, which a word of ctypes gets into a bundle: pythonapi
        if not hasattr(module, "pyproxy_alloc_map"):
            module.enable_pyproxy_allocation_tracing()
        for _ in range(3):
            gc.collect()
        info = module._malloc(40)
        module._mallinfo(info)
        allocated = module.HEAP32[(info >> 2) + 7]
        module._free(info)
        found = {
            "allocated bytes": allocated,
            "objects": len(gc.get_objects()),
            "wasm bytes": module.HEAPU8.length,
            "references": module._hiwire_num_refs(),
            "proxies": module.pyproxy_alloc_map.size,
        }
        del module
        await page.call("tell", found)
"""


# tests/static/page/event_queue_pace.test.mjs: of a burst only a window is on its way; here: bursts of 517 above
@pytest.mark.campaign
@pytest.mark.timeout(180)
@pytest.mark.parametrize("size", [3_000, 10_000])
@pytest.mark.parametrize("client", ["bx24"])
def test_thousands_of_events_in_a_burst_are_all_handled_in_their_order(open_page: OpenPage, size: int) -> None:
    page = open_page(COUNTING)
    page.silent_card()

    page.raise_all([initialized("A.1"), *comments(size)])
    page.until_settled(timeout_s=150)
    page.emit("what was seen")

    assert page.until_noted(1) == [list(range(size))]
    assert [int(sent["statusText"]) for sent in page.sent("CallCardSetStatusText")] == list(range(0, size, 100))


@pytest.mark.campaign
@pytest.mark.timeout(900)
@pytest.mark.parametrize("client", ["bx24"])
def test_a_hundred_thousand_events_leave_nothing_behind(open_page: OpenPage) -> None:
    """Measured when the bounded buffers are full (the trace holds 2,000 entries), and at the end."""
    page = open_page(COUNTING)
    page.silent_card()
    page.raise_all([initialized("A.1")])

    def after(events: int) -> dict[str, int]:
        for first in range(0, events, 1000):
            page.raise_all(comments(1000, first))
            page.until_settled()
        page.emit("measure")
        page.until_settled()
        found: dict[str, int] = page.notes()[-1]
        return found

    after(1000)  # the first measurement makes what measuring needs
    full, end = after(10_000), after(90_000)

    assert end["wasm bytes"] == full["wasm bytes"]
    assert end["references"] <= full["references"]
    assert end["proxies"] <= full["proxies"]
    assert full["allocated bytes"] > 1_000_000, "measured at all: sys.getallocatedblocks() is 0 in Pyodide"
    assert end["allocated bytes"] <= full["allocated bytes"] * 1.01
    assert end["objects"] <= full["objects"] * 1.01
