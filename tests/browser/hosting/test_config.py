"""`worker-py.json` beside the page: what handlers have of it, also when it was changed."""

import json
import shutil
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.conftest import BundleFor, OpenPortal
from worker_py_tool.bundle import config_file
from worker_py_tool.kit.browser_portal import PortalPage

APP = """
from dataclasses import dataclass

from worker_py import App, CallCard
from worker_py.events import Initialized


@dataclass
class Settings:
    pbx: str
    greeting: str = "Hello"


app = App(config_type=Settings)


@app.on(Initialized)
async def greet(event: Initialized, card: CallCard) -> None:
    await card.set_status_text(f"{app.config.greeting} {app.config.pbx}")
"""


def test_a_file_that_changes_holds_for_the_next_page_and_one_that_lacks_a_setting_stops_the_handlers(
    page: Page, tmp_path: Path, bundle_for: BundleFor, open_portal: OpenPortal
) -> None:
    bundle = tmp_path / "site"
    shutil.copytree(bundle_for(APP), bundle)
    file = bundle / config_file.NAME
    assert json.loads(file.read_text(encoding="utf-8")) == {}
    portal = open_portal(PortalPage, bundle=bundle, page=page)
    portal.until_ready()
    portal.until_evaluates("() => workerPy.diagnostics().problems.some((each) => each.startsWith('No handler runs'))")
    call = portal.initialized(CALL_ID="A")
    assert call.status == ""
    call.finish()

    file.write_text('{"pbx": "one", "portals": {"portal.localhost": {"greeting": "Servus"}}}', encoding="utf-8")
    portal.reload()
    portal.until_ready()
    call = portal.initialized(CALL_ID="B")
    call.wait_for(lambda card: card.status.endswith("one"))
    assert (
        portal.evaluate("workerPy.diagnostics().problems.some((each) => each.startsWith('No handler runs'))") is False
    )
