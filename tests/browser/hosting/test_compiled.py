"""An app whose packages are compiled: they are in its snapshot, or come after the start where they cannot be."""

from pathlib import Path

import pytest

from tests.browser.conftest import OpenPage
from tests.support.witness import WITNESS, WitnessPage
from worker_py_tool.bundle import manifest
from worker_py_tool.bundle.report import boot_files
from worker_py_tool.demo import demo

pytestmark = pytest.mark.timeout(300)  # where nothing was downloaded and compiled yet

APP = """
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
    import msgspec._core

    lamp = msgspec.json.decode(b'{"price": 20}', type=Lamp)
    await card.page.call("tell", [lamp.price, humanize.ordinal(3), msgspec._core.__file__.rpartition(".")[2]])

    caller = Caller.model_validate_json('{"phone": "+15550001", "calls": "3"}')
    try:
        Caller(phone="+15550001", calls="many")
    except ValidationError as refused:
        await card.page.call("tell", [caller.calls + 1, refused.error_count()])
"""


KEEPS_A_FILE = "own = open(__file__)\n"
"""Which no snapshot holds."""


@pytest.fixture(scope="module")
def compiled_bundle(bundles_directory: Path) -> Path:
    return bundle_of(bundles_directory / "compiled", APP)


@pytest.fixture(scope="module")
def bare_bundle(bundles_directory: Path) -> Path:
    return bundle_of(bundles_directory / "bare", APP + KEEPS_A_FILE)


def bundle_of(directory: Path, app: str) -> Path:
    directory.mkdir()
    (directory / "app.py").write_text(app, encoding="utf-8")
    demo.build_demo(
        directory / "bundle",
        app=str(directory / "app.py"),
        page_scripts=[WITNESS],
        requirements=["humanize==4.17.0", "msgspec==0.23.0", "pydantic==2.*"],
        compress="none",
    )
    return directory / "bundle"


def works(page: WitnessPage) -> None:
    page.initialized()
    assert page.told() == [20, "3rd", "so"]
    assert page.told() == [4, 1]
    assert page.diagnostics()["plain_boot"] is None


def boots_with(bundle: Path) -> set[str]:
    ends = ("snapshot.bin", "app.zip", "python_stdlib.zip", ".whl")
    files = boot_files(bundle, manifest.read(bundle))
    assert not [path for path in files if "micropip" in path]
    return {end for end in ends for path in files if path.endswith(end)}


@pytest.mark.engines
def test_compiled_code_runs_after_a_start_from_a_snapshot_and_each_later_one(
    open_page: OpenPage, compiled_bundle: Path
) -> None:
    assert boots_with(compiled_bundle) == {"snapshot.bin", ".whl"}
    for _ in range(2):
        page: WitnessPage = open_page(bundle=compiled_bundle)
        works(page)
        page.close()


def test_an_app_that_no_snapshot_can_hold_with_its_compiled_code_is_imported_after_the_start(
    open_page: OpenPage, bare_bundle: Path
) -> None:
    assert boots_with(bare_bundle) == {"snapshot.bin", "app.zip", "python_stdlib.zip", ".whl"}
    works(open_page(bundle=bare_bundle))
