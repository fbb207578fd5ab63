"""Interpreters that start from the same memory: what was frozen in it does not pretend to be fresh."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import BundleFor, OpenPage
from tests.support.browsers import needs
from tests.support.cases import table
from tests.support.complaints import Complaints
from tests.support.faulty_server import Fault, FaultyServer
from tests.support.witness import WITNESS, WitnessPage
from worker_py_tool.bundle import manifest
from worker_py_tool.demo import demo
from worker_py_tool.kit.browser_portal import BrowserPortal

APP = """
    import random
    import secrets
    import time
    import uuid

    from worker_py import App

    app = App()
    at_import = random.random()

    @app.on_page_event("draw")
    async def draw(payload, page):
        now = str(time.time_ns())  # as a number it is more than JSON in a page can hold
        drawn = [random.random(), random.randbytes(8).hex(), secrets.token_hex(8), uuid.uuid4().hex, now]
        await page.call("tell", [at_import, drawn])
"""


def drawn_in_a_browser_of_its_own(browser: Browser, portal_url: str, app_url: str) -> tuple[Any, list[Any]]:
    with browser.new_context() as context:
        page = BrowserPortal(context, portal_url, app_url, WitnessPage).open_page()
        assert page.diagnostics()["plain_boot"] is None
        page.emit("draw")
        at_import, drawn = page.told()
        return at_import, drawn


@pytest.mark.engines
def test_two_interpreters_of_one_snapshot_share_neither_random_numbers_nor_ids_nor_clocks(
    browser: Browser, bundle_for: BundleFor, serve_app: Callable[[Path], str], portal_url: str
) -> None:
    app_url = serve_app(bundle_for(APP, page_scripts=(WITNESS,)))
    one, other = (drawn_in_a_browser_of_its_own(browser, portal_url, app_url) for _ in range(2))
    assert one[0] == other[0]  # drawn while the snapshot was made: they do come from the same memory
    assert not set(one[1]) & set(other[1])


WHERE = """
    import locale
    import logging
    import os
    import socket
    import sys
    import time
    import uuid

    from worker_py import App

    app = App()
    uuid.uuid1()

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
        }
        old = [time.time_ns() - logging._startTime > 6e11, abs(time.monotonic()) > 600, uuid._node]
        await page.call("tell", [found, old])
"""


def test_an_interpreter_from_a_snapshot_runs_where_the_operator_is(
    browser: Browser, bundle_for: BundleFor, serve_app: Callable[[Path], str], portal_url: str
) -> None:
    told = []
    for source in (WHERE, f"kept = open(__file__)\n{dedent(WHERE)}"):
        app_url = serve_app(bundle_for(source, page_scripts=(WITNESS,)))
        with browser.new_context(timezone_id="Asia/Vladivostok") as context:
            page = BrowserPortal(context, portal_url, app_url, WitnessPage).open_page()
            assert (page.diagnostics()["plain_boot"] is None) is (source == WHERE)
            page.emit("where")
            told.append(page.told())
    (restored, old), (plain, _) = told
    assert restored == plain
    assert restored["zone"] == [-36000, -36000, 0, ["UTC+1000", "UTC+1000"], "UTC+1000 +1000"]
    assert restored["environment"]["TZ"] == "Asia/Vladivostok"
    assert old == [False, False, None]


LOCAL = """
    import time
    from datetime import datetime

    from worker_py import App

    app = App()

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
"""


def test_local_time_is_that_of_the_operators_zone(
    browser: Browser, bundle_for: BundleFor, serve_app: Callable[[Path], str], portal_url: str
) -> None:
    app_url = serve_app(bundle_for(LOCAL, page_scripts=(WITNESS,)))
    for zone in ("America/St_Johns", "Australia/Lord_Howe", "Europe/Moscow", "Pacific/Apia"):
        rows = [row for row in table("zones") if row["zone"] == zone]
        moments = [int(datetime.fromisoformat(row["utc"]).timestamp()) for row in rows]
        with browser.new_context(timezone_id=zone) as context:
            page = BrowserPortal(context, portal_url, app_url, WitnessPage).open_page()
            assert page.diagnostics()["plain_boot"] is None
            page.emit("at", moments)
            assert page.told() == [
                [row["local"], row["offset_s"], row["local"], row["offset_s"], moment]
                for row, moment in zip(rows, moments, strict=True)
            ], zone


PACKAGE = {
    "__init__.py": """
        from worker_py import App

        app = App()


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
    for name, text in PACKAGE.items():
        path = directory / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip(), encoding="utf-8")
    demo.build_demo(directory / "bundle", app=str(directory / "shop"), page_scripts=(WITNESS,))
    return directory / "bundle"


@pytest.fixture
def restored(open_page: OpenPage, package_bundle: Path) -> WitnessPage:
    """A page whose interpreter started from the snapshot."""
    page = open_page(bundle=package_bundle)
    assert page.diagnostics()["plain_boot"] is None
    return page


@pytest.mark.engines
def test_what_was_not_imported_before_the_snapshot_is_found_after_it(restored: WitnessPage) -> None:
    restored.emit("late")
    assert restored.until_noted(1) == [[1, "a", "imported late"]]


@pytest.mark.engines
def test_files_are_there_in_the_first_event_and_waiting_for_them_is_no_hang(
    open_page: OpenPage, package_bundle: Path
) -> None:
    made = manifest.read(package_bundle)
    with FaultyServer(package_bundle) as server:
        # Longer than a page waits for a worker that hangs: seven seconds of its ticks.
        server.faults[f"assets/{made.build}/app.zip"] = Fault("late", late_s=10)
        page = open_page(url=f"http://app.localhost:{server.port}/")
        assert page.diagnostics()["plain_boot"] is None
        page.emit("files")
        found = page.until_noted(1)
        assert found == [[7, "lamp,20", ["__init__.py", "later.py"], "lamp,20", True]]
        assert page.diagnostics()["workers"]["ended"] == []


@pytest.mark.engines
def test_a_traceback_after_the_snapshot_shows_the_line_of_the_app(
    restored: WitnessPage, complaints: Complaints
) -> None:
    complaints.expect("on purpose")
    restored.emit("fail")
    restored.until("stats.reports.handler_failed === 1")
    (report,) = restored.diagnostics()["reports"]
    assert 'raise LookupError("on purpose")  # the line that failed' in report["text"]
    assert "/app/shop/__init__.py" in report["text"]


@needs("switches_stacks")
def test_python_may_wait_for_a_promise_where_the_browser_can_switch_stacks(restored: WitnessPage) -> None:
    assert restored.evaluate("() => 'Suspending' in WebAssembly")
    restored.emit("suspend")
    assert restored.until_noted(1) == [7]


def test_a_browser_that_cannot_switch_stacks_starts_from_the_same_snapshot(
    open_page: OpenPage, package_bundle: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(package_bundle, bundle)
    (worker,) = bundle.glob("assets/*/worker/worker.js")
    text = worker.read_text(encoding="utf-8")
    worker.write_text(f"delete WebAssembly.Suspending; delete WebAssembly.promising;\n{text}", encoding="utf-8")
    for compressed in worker.parent.glob("worker.js.*"):
        compressed.unlink()
    replace(manifest.read(bundle), files=manifest.list_files(bundle)).write(bundle)
    page = open_page(bundle=bundle)
    assert page.diagnostics()["plain_boot"] is None
    page.emit("late")
    assert page.until_noted(1) == [[1, "a", "imported late"]]
    page.emit("suspend")
    assert "stack switching not supported" in page.until_noted(2)[1]


CANNOT_BE_FROZEN = {
    "open file": ("kept = open('/tmp/kept', 'w')", "keeps a file open"),
    "JavaScript object": ("from js import Object\nkept = Object.new()", "serialize"),
    "name that only browsers have": ("from js import indexedDB", "indexedDB"),
    "task": ("import asyncio\nkept = asyncio.ensure_future(asyncio.sleep(0))", "starts a task"),
}


@pytest.mark.parametrize(
    "what",
    [
        "open file",
        pytest.param("JavaScript object", marks=pytest.mark.campaign),
        "name that only browsers have",
        pytest.param("task", marks=pytest.mark.campaign),
    ],
)
def test_an_app_that_cannot_be_frozen_boots_from_nothing_and_the_reason_is_named(
    open_page: OpenPage, bundle_for: BundleFor, what: str
) -> None:
    source, reason = CANNOT_BE_FROZEN[what]
    bundle = bundle_for(f"from worker_py import App\n{source}\napp = App()\n", page_scripts=(WITNESS,))
    page = open_page(bundle=bundle)
    assert reason in page.diagnostics()["plain_boot"]


@pytest.mark.engines
def test_an_app_that_imports_js_at_module_level_is_frozen(open_page: OpenPage, bundle_for: BundleFor) -> None:
    source = """
        import js
        from worker_py import App

        app = App()

        @app.on_page_event("where")
        async def where(payload, page):
            await page.call("tell", js.location.pathname.rpartition("/")[2])
    """
    page = open_page(bundle=bundle_for(source, page_scripts=(WITNESS,)))
    assert page.diagnostics()["plain_boot"] is None
    page.emit("where")
    assert page.until_noted(1) == ["worker.js"]


KEPT = """async () => {
  const cache = await caches.open("worker-py /");
  const found = await cache.keys();
  return found.length === 1 && found[0].url.endsWith("/snapshot.bin");
}"""
SPOIL = """async () => {
  const cache = await caches.open("worker-py /");
  const [request] = await cache.keys();
  const content = new Uint8Array(await (await cache.match(request)).arrayBuffer());
  content[content.length >> 1] ^= 1;
  await cache.put(request, new Response(content));
}"""


def boot_again(page: WitnessPage) -> str | None:
    """End the interpreter, and wait for the next one; why it did not start from the snapshot."""
    started = page.stats()["workers"]
    page.kill_interpreter()
    page.until(f"stats.workers === {started + 1} && stats.state === 'ready'")
    reason: str | None = page.diagnostics()["plain_boot"]
    return reason


def test_a_boot_takes_the_copy_that_the_boot_before_kept_and_drops_a_damaged_one(
    restored: WitnessPage, complaints: Complaints
) -> None:
    complaints.expect("the worker ended")
    restored.until_evaluates(KEPT)
    assert boot_again(restored) is None

    restored.evaluate(SPOIL)
    assert "damaged" in (boot_again(restored) or "")

    assert boot_again(restored) is None
    restored.until_evaluates(KEPT)
