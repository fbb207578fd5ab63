"""Interpreters that start from the same memory: what was frozen in it does not pretend to be fresh."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import BundleFor, OpenPage
from tests.support.browsers import needs
from tests.support.cases import table
from tests.support.complaints import Complaints
from tests.support.faulty_server import Fault, FaultyServer
from tests.support.hosting import with_worker_that_begins
from tests.support.witness import WITNESS, WitnessPage
from worker_py_tool.bundle import manifest
from worker_py_tool.demo import demo
from worker_py_tool.kit.browser_portal import BrowserPortal

PACKAGE = {
    "__init__.py": """
        import locale
        import logging
        import os
        import random
        import secrets
        import socket
        import sys
        import time
        import uuid
        from datetime import datetime

        import js
        from worker_py import App

        app = App()
        at_import = random.random()
        uuid.uuid1()


        @app.on_page_event("draw")
        async def draw(payload, page):
            now = str(time.time_ns())  # as a number it is more than JSON in a page can hold
            drawn = [random.random(), random.randbytes(8).hex(), secrets.token_hex(8), uuid.uuid4().hex, now]
            await page.call("tell", [at_import, drawn])


        @app.on_page_event("where")
        async def where(payload, page):
            at = time.localtime(0)
            found = {
                "zone": [time.timezone, time.altzone, time.daylight, list(time.tzname), time.strftime("%Z %z")],
                "local": [at.tm_hour, at.tm_zone, at.tm_gmtoff],
                "environment": dict(os.environ),
                "locale": locale.setlocale(locale.LC_ALL),
                "program": [sys.argv, sys.orig_argv, sys.executable, os.getcwd(), os.getpid(), os.umask(0)],
                "machine": [socket.gethostname(), list(os.uname()), repr(sys._emscripten_info)],
                "streams": [sys.stdout.encoding, sys.stdout.isatty(), sys.stdin.isatty()],
                "worker": js.location.pathname.rpartition("/")[2],
            }
            old = [time.time_ns() - logging._startTime > 6e11, abs(time.monotonic()) > 600, uuid._node]
            await page.call("tell", [found, old])


        @app.on_page_event("at")
        async def at(moments, page):
            local = [time.localtime(seconds) for seconds in moments]
            aware = [datetime.fromtimestamp(seconds).astimezone() for seconds in moments]
            shown = [
                [time.strftime("%Y-%m-%dT%H:%M:%S", one), one.tm_gmtoff, two.replace(tzinfo=None).isoformat(),
                 int(two.utcoffset().total_seconds()), int(time.mktime(one))]
                for one, two in zip(local, aware)
            ]
            await page.call("tell", shown)


        @app.on_page_event("late")
        async def late(payload, page):
            import colorsys
            from xml.etree import ElementTree

            from .parts import later

            await page.call("tell", [colorsys.rgb_to_hsv(0, 0, 1)[2], ElementTree.XML("<a/>").tag, later.VALUE])


        @app.on_page_event("files")
        async def files(payload, page):
            import importlib.metadata
            import os
            from importlib import resources
            from pathlib import Path

            here = Path(__file__).parent
            found = [
                os.stat(here / "prices.csv").st_size,
                (here / "prices.csv").read_text(),
                sorted(os.listdir(here / "parts")),
                resources.files("shop").joinpath("prices.csv").read_text(),
                importlib.metadata.version("worker-py") != "",
            ]
            await page.call("tell", found)


        @app.on_page_event("fail")
        async def fail(payload, page):
            raise LookupError("on purpose")  # the line that failed


        @app.on_page_event("suspend")
        async def suspend(payload, page):
            from js import Promise
            from pyodide.ffi import create_proxy, run_sync

            try:
                waited = await create_proxy(lambda: run_sync(Promise.resolve(7))).callPromising()
            except Exception as error:
                waited = str(error)
            await page.call("tell", waited)
    """,
    "prices.csv": "lamp,20",
    "parts/__init__.py": "",
    "parts/later.py": "VALUE = 'imported late'\n",
}


@pytest.fixture(scope="module")
def package_bundle(bundles_directory: Path) -> Path:
    """An app that is a package directory, with a module that is not imported before a handler runs."""
    directory = bundles_directory / "package"
    for file, text in PACKAGE.items():
        path = directory / "shop" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip(), encoding="utf-8")
    demo.build_demo(directory / "bundle", app=str(directory / "shop"), page_scripts=(WITNESS,), compress="none")
    return directory / "bundle"


@pytest.fixture
def restored(open_page: OpenPage, package_bundle: Path, warm_page: Page) -> WitnessPage:
    """A page whose interpreter started from the snapshot."""
    page = open_page(bundle=package_bundle, page=warm_page)
    assert page.diagnostics()["plain_boot"] is None
    return page


def drawn(page: WitnessPage) -> tuple[Any, list[Any]]:
    page.emit("draw")
    at_import, fresh = page.told()
    return at_import, fresh


@pytest.mark.engines
@pytest.mark.engines_all  # the page's own: tests/static/worker/downloads.test.mjs
def test_diagnostics_tell_what_the_download_of_a_boot_consisted_of(restored: WitnessPage) -> None:
    told = restored.diagnostics()
    parts = told["boot_download"]
    of_network = {"fetch", "decode", "compile"} if parts.keys() & {"fetch"} else set()
    assert parts.keys() == {"module", "read", "hash"} | of_network
    assert all(0 <= ms <= told["boot"]["total"] for ms in parts.values()), told


@pytest.mark.engines
def test_one_that_cannot_switch_stacks_starts_from_the_same_snapshot_and_shares_no_random_numbers_ids_and_clocks(
    restored: WitnessPage, open_page: OpenPage, package_bundle: Path, tmp_path: Path
) -> None:
    without = "delete WebAssembly.Suspending; delete WebAssembly.promising;"
    page = open_page(bundle=with_worker_that_begins(package_bundle, tmp_path / "bundle", without))
    assert page.diagnostics()["plain_boot"] is None
    page.emit("late")
    assert page.told() == [1, "a", "imported late"]
    page.emit("suspend")
    assert "stack switching not supported" in page.told()

    one, other = drawn(restored), drawn(page)
    assert one[0] == other[0]  # drawn while the snapshot was made: they do come from the same memory
    assert not set(one[1]) & set(other[1])


def of_zone(zone: str) -> tuple[list[int], list[list[Any]]]:
    """Moments of the table, in seconds, and what the app tells of each."""
    rows = [row for row in table("zones") if row["zone"] == zone]
    moments = [int(datetime.fromisoformat(row["utc"]).timestamp()) for row in rows]
    shown = [[row["local"], row["offset_s"], row["local"], row["offset_s"]] for row in rows]
    return moments, [[*each, moment] for each, moment in zip(shown, moments, strict=True)]


@pytest.mark.campaign  # in CI: each row in test_thaw.py, in CPython and in Pyodide, and one zone in the test of copies
@pytest.mark.parametrize("zone", ["America/St_Johns", "Europe/Moscow", "Pacific/Apia"])
def test_local_time_is_that_of_the_operators_zone(
    browser: Browser, package_bundle: Path, serve_app: Callable[[Path], str], portal_url: str, zone: str
) -> None:
    moments, shown = of_zone(zone)
    with browser.new_context(timezone_id=zone) as context:
        page = BrowserPortal(context, portal_url, serve_app(package_bundle), WitnessPage).open_page()
        assert page.diagnostics()["plain_boot"] is None
        page.emit("at", moments)
        assert page.told() == shown


@pytest.mark.engines
def test_what_was_not_imported_before_the_snapshot_is_found_after_it(restored: WitnessPage) -> None:
    restored.emit("late")
    assert restored.until_noted(1) == [[1, "a", "imported late"]]


@pytest.mark.engines
@pytest.mark.engines_all  # the test before waits for files there too
def test_files_are_there_in_the_first_event_and_waiting_for_them_is_no_hang(
    open_page: OpenPage, package_bundle: Path
) -> None:
    made = manifest.read(package_bundle)
    with FaultyServer(package_bundle) as server:
        # Longer than a page waits for a worker that hangs: seven seconds of its ticks.
        server.faults[f"assets/{made.build}/app.zip"] = Fault("late", late_s=8)
        page = open_page(url=f"http://app.localhost:{server.port}/")
        assert page.diagnostics()["plain_boot"] is None
        page.emit("files")
        found = page.until_noted(1)
        assert found == [[7, "lamp,20", ["__init__.py", "__pycache__", "later.py"], "lamp,20", True]]
        assert page.diagnostics()["workers"]["ended"] == []


@pytest.mark.engines
@pytest.mark.engines_all  # Python's own
def test_a_traceback_after_the_snapshot_shows_the_line_of_the_app(
    restored: WitnessPage, complaints: Complaints
) -> None:
    complaints.expect("on purpose")
    restored.emit("fail")
    restored.until("stats.reports.handler_failed === 1")
    (report,) = restored.reports("handler_failed")
    assert 'raise LookupError("on purpose")  # the line that failed' in report["text"]
    assert "/app/shop/__init__.py" in report["text"]


@pytest.mark.engines
@needs("switches_stacks")
def test_python_may_wait_for_a_promise_where_the_browser_can_switch_stacks(restored: WitnessPage) -> None:
    assert restored.evaluate("() => 'Suspending' in WebAssembly")
    restored.emit("suspend")
    assert restored.until_noted(1) == [7]


CANNOT_BE_FROZEN = {
    "JavaScript object": ("from js import Object\nkept = Object.new()", "serialize"),
    "name that only browsers have": ("from js import indexedDB", "indexedDB"),
    "task": ("import asyncio\nkept = asyncio.ensure_future(asyncio.sleep(0))", "starts a task"),
}


@pytest.mark.campaign  # in CI: test_import_failure.py; boot.test.mjs "the bundle says why it has no snapshot"
@pytest.mark.parametrize("what", CANNOT_BE_FROZEN)
def test_an_app_that_cannot_be_frozen_boots_from_nothing_and_the_reason_is_named(
    open_page: OpenPage, bundle_for: BundleFor, what: str
) -> None:
    source, reason = CANNOT_BE_FROZEN[what]
    bundle = bundle_for(f"from worker_py import App\n{source}\napp = App()\n", page_scripts=(WITNESS,))
    page = open_page(bundle=bundle)
    assert reason in page.diagnostics()["plain_boot"]


SNAPSHOT, MODULE = "snapshot.bin", "pyodide.asm.wasm"
KEPT = """async (file) => {
  const cache = await caches.open("worker-py /");
  return (await cache.keys()).some(({ url }) => url.endsWith(`/${file}`));
}"""
SPOIL = """async ([file, cut]) => {
  const cache = await caches.open("worker-py /");
  const request = (await cache.keys()).find(({ url }) => url.endsWith(`/${file}`));
  const copy = await cache.match(request);
  const content = new Uint8Array(await copy.arrayBuffer());
  content[content.length >> 1] ^= 1;
  await cache.put(request, new Response(cut ? content.subarray(1) : content, { headers: copy.headers }));
}"""


PATIENT = """{
  const { setTimeout: later } = globalThis;
  const patient = (act, ms) => (String(act).includes(".#keep(") ? 0 : ms === 1000 ? 60_000 : ms);
  globalThis.setTimeout = (act, ms, ...more) => later(act, patient(act, ms), ...more);
}
"""
"""In a worker: copies are kept at once, and found also by a busy machine, which needs more than a second for that."""


@pytest.fixture
def patient_bundle(package_bundle: Path, tmp_path: Path) -> Path:
    return with_worker_that_begins(package_bundle, tmp_path / "patient", PATIENT)


def boot_again(page: WitnessPage) -> str | None:
    """End the interpreter, and wait for the next one; why it did not start from the snapshot."""
    started = page.stats()["workers"]
    page.kill_interpreter()
    page.until(f"stats.workers === {started + 1} && stats.state === 'ready'")
    drawn(page)  # it works: no pause goes before the next one
    reason: str | None = page.diagnostics()["plain_boot"]
    return reason


def test_a_boot_takes_copies_that_were_kept_or_none_of_a_damaged_snapshot_and_runs_where_the_operator_is_in_each_way(
    browser: Browser,
    patient_bundle: Path,
    serve_app: Callable[[Path], str],
    portal_url: str,
    complaints: Complaints,
) -> None:
    complaints.expect("the worker ended")
    zone = "Australia/Lord_Howe"
    moments, shown = of_zone(zone)

    def told_where(page: WitnessPage) -> Any:
        page.emit("at", moments)
        assert page.told() == shown
        page.emit("where")
        return page.told()

    with browser.new_context(timezone_id=zone) as context:
        complaints.watch(context)
        page = BrowserPortal(context, portal_url, serve_app(patient_bundle), WitnessPage).open_page()
        assert page.diagnostics()["plain_boot"] is None
        restored, old = told_where(page)
        for file in (SNAPSHOT, MODULE):
            page.until_evaluates(KEPT, file)
        assert boot_again(page) is None
        assert "fetch" not in page.diagnostics()["boot_download"]

        page.evaluate(SPOIL, [SNAPSHOT, False])
        assert "damaged" in (boot_again(page) or "")
        page.poll(lambda: not page.evaluate(KEPT, SNAPSHOT), "no copy of the snapshot")
        plain, _ = told_where(page)
    assert restored == plain
    assert restored["zone"][:3] == [-37800, -39600, 1]
    assert restored["environment"]["TZ"] == zone
    assert restored["worker"] == "worker.js"  # an app that imports js is frozen all the same
    assert old == [False, False, None]


@pytest.mark.campaign  # in CI: module_file.test.mjs "a copy that does not compile is dropped, and the module …"
def test_a_boot_fetches_the_module_in_place_of_a_damaged_copy(
    open_page: OpenPage, patient_bundle: Path, complaints: Complaints
) -> None:
    complaints.expect("the worker ended")
    page = open_page(bundle=patient_bundle)
    page.until_evaluates(KEPT, MODULE)
    page.evaluate(SPOIL, [MODULE, True])
    assert boot_again(page) is None
    assert "fetch" in page.diagnostics()["boot_download"]
    page.until_evaluates(KEPT, MODULE)
