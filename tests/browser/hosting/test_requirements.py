"""An app with a package that it requires, in the browser, with nothing but the bundle to load from."""

from pathlib import Path

from playwright.sync_api import BrowserContext, Page, Route

from tests.support.faulty_server import Fault, FaultyServer
from tests.support.placement import NOTEBOOK, Placement, initialized
from worker_py_tool import demo, manifest
from worker_py_tool.report import boot_files

APP = """
import humanize
from worker_py import App
from worker_py.events import Initialized

app = App()


@app.on(Initialized)
async def greet(event, card):
    import humanize.filesize  # found after the start too
    await card.page.call("note", [humanize.ordinal(3), humanize.filesize.naturalsize(1_000_000)])
"""


def bundle_of(directory: Path) -> Path:
    (directory / "app.py").write_text(APP, encoding="utf-8")
    demo.build_demo(
        directory / "bundle",
        app=str(directory / "app.py"),
        page_scripts=[NOTEBOOK],
        requirements=["humanize==4.17.0"],
        hard_link=False,
    )
    return directory / "bundle"


def until_noted(page: Page) -> list[object]:
    placement = Placement(page)
    placement.raise_event("initialized", initialized("A.1")[1])
    placement.frame.wait_for_function("() => window.notebook?.notes.length > 0", polling=100)
    notes: list[object] = placement.frame.evaluate("() => window.notebook.notes")
    return notes


def test_a_package_works_from_the_snapshot_and_from_nothing_with_all_other_hosts_out_of_reach(
    context: BrowserContext, portal_url: str, tmp_path: Path
) -> None:
    outside: list[str] = []

    def refuse(route: Route) -> None:
        outside.append(route.request.url)
        route.abort()

    context.route(lambda url: ".localhost:" not in url and not url.startswith(("data:", "blob:")), refuse)
    bundle = bundle_of(tmp_path)
    with FaultyServer(bundle) as server:
        app = f"http://app.localhost:{server.port}/"
        page = context.new_page()
        page.goto(demo.portal_url(portal_url, app, plain="1"))
        assert until_noted(page) == [["3rd", "1.0 MB"]]
        assert Placement(page).frame.evaluate("() => workerPy.diagnostics().plain_boot") is None
        page.close()

    made = manifest.read(bundle)
    with FaultyServer(bundle) as server:
        server.faults[f"assets/{made.build}/snapshot.bin"] = Fault("missing")
        page = context.new_page()
        page.goto(demo.portal_url(portal_url, f"http://app.localhost:{server.port}/", plain="1"))
        assert until_noted(page) == [["3rd", "1.0 MB"]]
        reason = Placement(page).frame.evaluate("() => workerPy.diagnostics().plain_boot")
        assert "snapshot.bin could not be loaded: HTTP 404" in reason
    assert outside == []


def test_a_boot_fetches_what_the_report_says_each_once(demo_bundle: Path, page: Page, portal_url: str) -> None:
    made = manifest.read(demo_bundle)
    expected = boot_files(demo_bundle, made)
    with FaultyServer(demo_bundle) as server:
        page.goto(demo.portal_url(portal_url, f"http://app.localhost:{server.port}/", plain="1"))
        page.wait_for_function("() => window.portal?.ready.then(() => true)")
        Placement(page).frame.wait_for_function("() => window.workerPy?.ready.then(() => true)", polling=100)
        asked = list(server.asked)
    late = {path for path in made.files if path.endswith((".whl", "app.zip", "python_stdlib.zip"))}
    late |= {path for path in made.files if "/phone/" in path} - set(expected)  # the page elected to hold the phone
    before = [path for path in asked if path not in late]
    assert sorted(set(before)) == sorted(expected)
    names = ("index.html", "shim.js", "worker.js", "boot.js", "snapshot.bin")
    stages = [next(path for path in expected if path.endswith(name)) for name in names]
    assert sorted(stages, key=before.index) == stages
    assert sorted(stages, key=expected.index) == stages
    shared = {path for path in before if before.count(path) > 1}
    assert all(path.endswith(".js") for path in shared), "only modules of both page and worker may be asked for twice"
