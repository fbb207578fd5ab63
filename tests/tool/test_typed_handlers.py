"""What type checkers make of an app: mypy and pyright both know what each handler takes, and refuse another."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from worker_py_tool.paths import CACHE, NODE_MODULES, ROOT
from worker_py_tool.setup import node_packages

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

APP = """
from functools import partial
from typing import Any

from worker_py import App, CallCard, Page, Rest
from worker_py.events import CardClosed, CardEvent, HangupButtonClick, HoldButtonClick, Initialized
from worker_py.events import MuteButtonClick, PageAttached, PageDetached, Started

app = App()


@app.on(Initialized, CardClosed, timeout_s=3)
@app.on(HangupButtonClick)
def stacked(event: Initialized | HangupButtonClick | CardClosed, card: CallCard) -> int:
    return 1


@app.on(MuteButtonClick | HoldButtonClick)
async def either(event: MuteButtonClick | HoldButtonClick, card: CallCard) -> None:
    print(event.muted if isinstance(event, MuteButtonClick) else event.held)


@app.on(CardEvent)
async def every(event: CardEvent, card: CallCard) -> None: ...


@app.on(PageAttached, PageDetached)
async def page(event: PageAttached | PageDetached, page: Page) -> None: ...


@app.on(Started)
def started(event: Started, nothing: None) -> None: ...


@app.on_page_event("phone.*")
async def phone(payload: dict[str, Any], page: Page, name: str) -> None: ...


async def with_rest(rest: Rest, event: Initialized, card: CallCard) -> None: ...


app.add_handler(Initialized, partial(with_rest, app.rest))
app.on(HoldButtonClick)(every)
number: int = stacked(Initialized("1", None, "", "", "", 0), app.cards[0])


@app.on(Initialized)  # refused
@app.on(HangupButtonClick)
def not_the_other(event: HangupButtonClick, card: CallCard) -> None: ...


@app.on(HangupButtonClick, MuteButtonClick)  # refused
def not_both(event: MuteButtonClick, card: CallCard) -> None: ...


@app.on(CardEvent)  # refused
def not_every(event: Initialized, card: CallCard) -> None: ...


@app.on(PageAttached)  # refused
def no_page(event: PageAttached, page: CallCard) -> None: ...
"""
REFUSED = [at for at, line in enumerate(APP.splitlines(), 1) if line.endswith("# refused")]


@pytest.fixture
def app(tmp_path: Path) -> Path:
    path = tmp_path / "app.py"
    path.write_text(APP, encoding="utf-8")
    return path


def test_mypy_knows_what_handlers_take(app: Path) -> None:
    (app.parent / "mypy.ini").write_text(f"[mypy]\nstrict = true\nmypy_path = {ROOT}\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", str(CACHE / "mypy-typed"), "app.py"],
        cwd=app.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    refused = [int(line) for line in re.findall(r"^app\.py:(\d+): error", done.stdout, re.MULTILINE)]
    assert refused == REFUSED, done.stdout + done.stderr


def test_pyright_knows_what_handlers_take(app: Path) -> None:
    config = {"include": ["app.py"], "extraPaths": [str(ROOT)], "typeCheckingMode": "strict"}
    (app.parent / "pyrightconfig.json").write_text(json.dumps(config), encoding="utf-8")
    node = node_packages.require().executable
    done = subprocess.run(
        [node, NODE_MODULES / "pyright" / "index.js", "--outputjson", "--pythonpath", sys.executable],
        cwd=app.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = json.loads(done.stdout)["generalDiagnostics"]
    refused = {one["range"]["start"]["line"] + 1 for one in told if one["severity"] == "error"}
    assert sorted(refused) == REFUSED, told
