"""An app with packages that it requires, in the browser, with nothing but the bundle to load from.

Some are compiled: they are in the app's snapshot, or come after the start where they cannot be.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Route

from tests.browser.conftest import OpenPage
from tests.support.complaints import Complaints
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
import msgspec
from pydantic import BaseModel, ValidationError
from worker_py import App
from worker_py.events import Initialized

app = App()


class Lamp(msgspec.Struct):
    price: int


class Caller(BaseModel):
    phone: str
    calls: int


@app.on(Initialized)
async def greet(event, card):
    import humanize.filesize  # found after the start too
    code = humanize.filesize.naturalsize.__code__
    line = linecache.getline(code.co_filename, code.co_firstlineno)  # as a traceback shows it
    ours = [file for file in compiled if "site-packages" in file or "/app" in file]
    await card.page.call("tell", [humanize.ordinal(3), humanize.filesize.naturalsize(1_000_000), line.strip(), ours])

    import msgspec._core

    lamp = msgspec.json.decode(b'{"price": 20}', type=Lamp)
    caller = Caller.model_validate_json('{"phone": "+15550001", "calls": "3"}')
    try:
        Caller(phone="+15550001", calls="many")
    except ValidationError as refused:
        ending = msgspec._core.__file__.rpartition(".")[2]
        await card.page.call("tell", [lamp.price, ending, caller.calls + 1, refused.error_count()])
"""

KEEPS_A_FILE = "own = open(__file__)\n"
"""Which no snapshot holds."""


def bundle_of(directory: Path, app: str, requirements: Sequence[str], *, pyodide_packages: str = "") -> Path:
    directory.mkdir(exist_ok=True)
    (directory / "app.py").write_text(app, encoding="utf-8")
    demo.build_demo(
        directory / "bundle",
        app=str(directory / "app.py"),
        page_scripts=[WITNESS],
        requirements=requirements,
        pyodide_packages=pyodide_packages,
        compress="none",
    )
    return directory / "bundle"


REQUIRED = ("humanize==4.17.0", "msgspec==0.23.0", "pydantic==2.*")


@pytest.fixture(scope="module")
def bundle(bundles_directory: Path) -> Path:
    return bundle_of(bundles_directory / "requiring", APP, REQUIRED)


@pytest.fixture(scope="module")
def bare_bundle(bundles_directory: Path) -> Path:
    return bundle_of(bundles_directory / "bare", APP + KEEPS_A_FILE, REQUIRED)


def told(page: WitnessPage) -> object:
    page.initialized()
    return page.told()


def works(page: WitnessPage) -> None:
    assert told(page) == ["3rd", "1.0 MB", "def naturalsize(", []]
    assert page.told() == [20, "so", 4, 1]


def boots_with(bundle: Path) -> set[str]:
    ends = ("snapshot.bin", "app.zip", "python_stdlib.zip", ".whl")
    files = boot_files(bundle, manifest.read(bundle))
    assert not [path for path in files if "micropip" in path]
    return {end for end in ends for path in files if path.endswith(end)}


@pytest.mark.engines
def test_compiled_code_runs_after_a_start_from_a_snapshot_and_each_later_one(
    open_page: OpenPage, bundle: Path, complaints: Complaints
) -> None:
    complaints.expect("the worker ended")
    assert boots_with(bundle) == {"snapshot.bin", ".whl"}
    page = open_page(bundle=bundle)
    works(page)
    assert page.diagnostics()["plain_boot"] is None
    page.kill_interpreter()
    page.until("stats.workers === 2 && stats.state === 'ready'")
    page.portal("(portal) => portal.endCall()")
    works(page)
    assert page.diagnostics()["plain_boot"] is None


# In CI: test_an_app_with_compiled_code_that_cannot_be_frozen_is_imported_at_each_start in tests/tool/bundle, and
# boot.test.mjs "an app that is not in the snapshot starts when all files are in place, which come meanwhile".
@pytest.mark.campaign
def test_an_app_that_no_snapshot_can_hold_with_its_compiled_code_is_imported_after_the_start(
    open_page: OpenPage, bare_bundle: Path
) -> None:
    assert boots_with(bare_bundle) == {"snapshot.bin", "app.zip", "python_stdlib.zip", ".whl"}
    page = open_page(bundle=bare_bundle)
    works(page)
    assert page.diagnostics()["plain_boot"] is None


@pytest.fixture
def outside(context: BrowserContext) -> Iterator[list[str]]:
    """What other hosts are asked for, which they never hear of: nothing."""
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    context.route(lambda url: ".localhost:" not in url and not url.startswith(("data:", "blob:")), refuse)
    yield asked
    assert asked == []


@pytest.mark.usefixtures("outside")
def test_packages_work_with_all_other_hosts_out_of_reach_and_a_boot_fetches_what_the_report_says_each_once(
    open_page: OpenPage, bundle: Path
) -> None:
    with FaultyServer(bundle) as server:
        page = open_page(url=f"http://app.localhost:{server.port}/")
        asked = list(server.asked)
        works(page)
        assert page.diagnostics()["plain_boot"] is None
    made = manifest.read(bundle)
    assert_fetches(asked, boot_files(bundle, made), list(made.files))


@pytest.mark.campaign  # in CI: boot.test.mjs "without a snapshot everything is downloaded, …"; a build tries so
@pytest.mark.usefixtures("outside")
def test_packages_work_from_nothing_with_all_other_hosts_out_of_reach(open_page: OpenPage, bundle: Path) -> None:
    with FaultyServer(bundle) as server:
        server.faults[server.part("snapshot.bin")] = Fault("missing")
        page = open_page(url=f"http://app.localhost:{server.port}/")
        works(page)
        reason = page.diagnostics()["plain_boot"]
        assert "snapshot.bin could not be loaded: HTTP 404" in reason


def assert_fetches(asked: Sequence[str], expected: Sequence[str], files: Sequence[str]) -> None:
    """Hold what a boot has asked for against what the report of the build says of it."""
    late = {path for path in files if path.endswith((".whl", "app.zip", "python_stdlib.zip"))} - set(expected)
    before = [path for path in asked if path not in late]
    assert sorted(set(before)) == sorted(expected)
    names = ("index.html", "shim.js", "worker.js", "snapshot.bin")
    stages = [next(path for path in expected if path.endswith(name)) for name in names]
    page, shim, worker, snapshot = (before.index(path) for path in stages)
    assert page < min(shim, worker) and worker < snapshot  # the scripts of page and worker are asked for side by side
    assert sorted(stages, key=expected.index) == stages
    shared = {path for path in before if before.count(path) > 1}
    assert all(path.endswith(".js") for path in shared), "only modules of both page and worker may be asked for twice"
