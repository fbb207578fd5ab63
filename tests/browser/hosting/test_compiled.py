"""An app whose packages are compiled: its snapshot is without them and without the app, which come after the start."""

from pathlib import Path

import pytest

from tests.browser.conftest import OpenPage
from tests.support.witness import WITNESS, WitnessPage
from worker_py_tool.bundle import manifest
from worker_py_tool.bundle.report import boot_files
from worker_py_tool.demo import demo

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


@pytest.fixture(scope="module")
def compiled_bundle(bundles_directory: Path) -> Path:
    directory = bundles_directory / "compiled"
    directory.mkdir()
    (directory / "app.py").write_text(APP, encoding="utf-8")
    demo.build_demo(
        directory / "bundle",
        app=str(directory / "app.py"),
        page_scripts=[WITNESS],
        requirements=["humanize==4.17.0", "msgspec==0.23.0", "pydantic==2.*"],
        compress="none",
    )
    return directory / "bundle"


def test_compiled_code_runs_after_a_start_from_a_snapshot_and_each_later_one(
    open_page: OpenPage, compiled_bundle: Path
) -> None:
    for _ in range(2):
        page: WitnessPage = open_page(bundle=compiled_bundle)
        page.initialized()
        assert page.told() == [20, "3rd", "so"]
        assert page.told() == [4, 1]
        assert page.diagnostics()["plain_boot"] is None
        page.close()


def test_the_report_of_such_a_bundle_names_what_its_start_waits_for(compiled_bundle: Path) -> None:
    files = boot_files(compiled_bundle, manifest.read(compiled_bundle))
    ends = ("snapshot.bin", "app.zip", "python_stdlib.zip", ".whl")
    assert {end for end in ends for path in files if path.endswith(end)} == set(ends)
    assert not [path for path in files if "micropip" in path]
