"""An app with a package that it requires, in the browser, with nothing but the bundle to load from."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Route

from tests.browser.conftest import OpenPage
from tests.support.faulty_server import Fault, FaultyServer
from tests.support.witness import WITNESS, WitnessPage
from worker_py_tool.bundle import manifest
from worker_py_tool.bundle.report import boot_files
from worker_py_tool.demo import demo

pytestmark = pytest.mark.timeout(300)  # where nothing was downloaded and compiled yet

APP = """
import linecache
import sys

compiled = []
sys.addaudithook(lambda event, about: event == "compile" and compiled.append(str(about[1])))

import humanize
from worker_py import App
from worker_py.events import Initialized

app = App()


@app.on(Initialized)
async def greet(event, card):
    import humanize.filesize  # found after the start too
    code = humanize.filesize.naturalsize.__code__
    line = linecache.getline(code.co_filename, code.co_firstlineno)  # as a traceback shows it
    ours = [file for file in compiled if "site-packages" in file or "/app" in file]
    await card.page.call("tell", [humanize.ordinal(3), humanize.filesize.naturalsize(1_000_000), line.strip(), ours])
"""


def bundle_of(
    directory: Path,
    app: str = APP,
    requirements: Sequence[str] = ("humanize==4.17.0",),
    *,
    pyodide_packages: str = "",
) -> Path:
    (directory / "app.py").write_text(app, encoding="utf-8")
    demo.build_demo(
        directory / "bundle",
        app=str(directory / "app.py"),
        page_scripts=[WITNESS],
        requirements=requirements,
        pyodide_packages=pyodide_packages,
        hard_link=False,
        compress="none",
    )
    return directory / "bundle"


def told(page: WitnessPage) -> object:
    page.initialized()
    return page.told()


def test_a_package_works_from_the_snapshot_and_from_nothing_with_all_other_hosts_out_of_reach(
    context: BrowserContext, open_page: OpenPage, tmp_path: Path
) -> None:
    outside: list[str] = []

    def refuse(route: Route) -> None:
        outside.append(route.request.url)
        route.abort()

    context.route(lambda url: ".localhost:" not in url and not url.startswith(("data:", "blob:")), refuse)
    bundle = bundle_of(tmp_path)
    with FaultyServer(bundle) as server:
        page = open_page(url=f"http://app.localhost:{server.port}/")
        assert told(page) == ["3rd", "1.0 MB", "def naturalsize(", []]
        assert page.diagnostics()["plain_boot"] is None
        page.close()

    made = manifest.read(bundle)
    with FaultyServer(bundle) as server:
        server.faults[f"assets/{made.build}/snapshot.bin"] = Fault("missing")
        page = open_page(url=f"http://app.localhost:{server.port}/")
        assert told(page) == ["3rd", "1.0 MB", "def naturalsize(", []]
        reason = page.diagnostics()["plain_boot"]
        assert "snapshot.bin could not be loaded: HTTP 404" in reason
    assert outside == []


def test_a_boot_fetches_what_the_report_says_each_once(demo_bundle: Path, open_page: OpenPage) -> None:
    made = manifest.read(demo_bundle)
    expected = boot_files(demo_bundle, made)
    with FaultyServer(demo_bundle) as server:
        open_page(url=f"http://app.localhost:{server.port}/")
        asked = list(server.asked)
    late = {path for path in made.files if path.endswith((".whl", "app.zip", "python_stdlib.zip"))}
    late |= {path for path in made.files if "/phone/" in path} - set(expected)  # the page elected to hold the phone
    before = [path for path in asked if path not in late]
    assert sorted(set(before)) == sorted(expected)
    names = ("index.html", "shim.js", "worker.js", "snapshot.bin")
    stages = [next(path for path in expected if path.endswith(name)) for name in names]
    page, shim, worker, snapshot = (before.index(path) for path in stages)
    assert page < min(shim, worker) and worker < snapshot  # the scripts of page and worker are asked for side by side
    assert sorted(stages, key=expected.index) == stages
    shared = {path for path in before if before.count(path) > 1}
    assert all(path.endswith(".js") for path in shared), "only modules of both page and worker may be asked for twice"
