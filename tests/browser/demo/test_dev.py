"""`worker-py dev`: what is saved runs in the middle of a call, or is told with its line."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints
from tests.support.live_page import LivePage
from worker_py_tool.dev.serve import following

WAIT_S = 60.0
APP = """
from worker_py import App, CallCard, UiState
from worker_py.events import AnswerButtonClick, Initialized, MuteButtonClick

from . import texts

app = App()


@app.on(Initialized)
async def greet(event: Initialized, card: CallCard) -> None:
    if event.meta.resumed:
        await card.set_ui_state(UiState.CONNECTED)
        return
    card.data["greeted"] = "before the save"
    await card.set_ui_state(UiState.INCOMING)
    await card.set_status_text("greeted")


@app.on(AnswerButtonClick)
async def answer(event: AnswerButtonClick, card: CallCard) -> None:
    await card.set_ui_state(UiState.CONNECTED)


@app.on(MuteButtonClick)
async def mute(event: MuteButtonClick, card: CallCard) -> None:
    await card.set_status_text(f"{texts.MUTE}: {card.data['greeted']}")
"""
SCRIPT = "window.workerPy.provide('label', () => 'one');\n"


class Desk(LivePage):
    """The portal's page of an app that is being worked on, and the terminal beside it."""

    def __init__(self, page: Page, url: str, app: Path, lines: "queue.SimpleQueue[str]") -> None:
        super().__init__(page, parse_qs(urlsplit(url).query)["app"][0])
        self.app = app
        self.runs = page.locator("#saved-runs")
        self.wrong = page.locator("#saved-wrong")
        self._lines = lines

    def save(self, name: str, text: str) -> str:
        """Save a file as an editor does, by a rename over it; gives the line that the terminal shows then."""
        fresh = self.app / f"{name}.tmp"
        fresh.write_text(text.lstrip(), encoding="utf-8")
        fresh.rename(self.app / name)
        return self.line()

    def until_loaded_anew(self, version: int) -> None:
        """Wait until the page has been loaded anew for a version, and Python has taken up the call there."""
        expect(self.runs).to_contain_text(f"(version {version})")
        self.until_ready()
        self.until_bound()  # the card is shown anew once its events are heard
        expect(self.playwright_page.locator("#card-state")).to_have_text("On the call")

    def line(self) -> str:
        """The next line at the terminal."""
        return self._lines.get(timeout=WAIT_S)


@contextmanager
def working_on(page: Page, directory: Path, app_text: str = APP, **project: str) -> Iterator[Desk]:
    """A package of two modules, with a page script, in its simulated portal."""
    app = directory / "callcard"
    app.mkdir()
    (app / "__init__.py").write_text(app_text.lstrip(), encoding="utf-8")
    (app / "texts.py").write_text('MUTE = "first"\n', encoding="utf-8")
    (directory / "label.js").write_text(SCRIPT, encoding="utf-8")
    table = "".join(f'{key} = "{value}"\n' for key, value in project.items())
    (directory / "pyproject.toml").write_text(
        f'[tool.worker-py]\npage-script = ["label.js"]\n{table}', encoding="utf-8"
    )
    stop, lines = threading.Event(), queue.SimpleQueue[str]()
    with following(str(app), stop, show=lines.put) as (url, follow):
        follower = threading.Thread(target=follow)
        follower.start()
        try:
            page.goto(f"{url}&plain=1")
            desk = Desk(page, url, app, lines)
            desk.until_ready()
            yield desk
            page.goto("about:blank")  # what it still asks for would find nobody
        finally:
            stop.set()
            follower.join()


# The client that needs more of `dev` comes first: it asks a server for REST.
@pytest.mark.parametrize("client", ["b24jssdk", pytest.param("bx24", marks=pytest.mark.campaign)])
def test_what_is_saved_runs_in_the_middle_of_the_call_and_what_a_running_page_cannot_take_loads_it_anew(
    page: Page, tmp_path: Path, complaints: Complaints, client: str
) -> None:
    fetches = APP.replace(
        'await card.set_status_text("greeted")',
        'contact = await card.rest.call("user.current")\n    await card.set_status_text("greeted")',
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with working_on(page, tmp_path, fetches, client=client) as desk:
        desk.call()
        assert any("/rest/user.current" in url for url in asked) == (client == "b24jssdk")
        desk.mute()
        expect(desk.card_status).to_have_text("first: before the save")
        expect(desk.runs).to_contain_text("(version 1)")

        assert desk.save("texts.py", 'MUTE = "second"\n').startswith("applied callcard in ")
        desk.mute()
        expect(desk.card_status).to_have_text("second: before the save")
        expect(desk.runs).to_contain_text("(version 2)")

        assert desk.save("texts.py", 'MUTE = "third"\nMUTE.no_such_method()\n').startswith(
            "not applied: callcard/texts.py:2: AttributeError: "
        )
        expect(desk.wrong).to_contain_text("Not applied: callcard/texts.py, line 2: AttributeError: ")
        assert desk.save("__init__.py", fetches.replace("app = App()", "app = App(")).startswith(
            "not applied: callcard/"
        )
        desk.mute()
        expect(desk.card_status).to_have_text("second: before the save")

        # Of this one the terminal says nothing: what was wrong still is.
        (desk.app / "texts.py").write_text('MUTE = "fourth"\n', encoding="utf-8")
        assert desk.save("__init__.py", fetches).startswith("applied callcard in ")
        desk.mute()
        expect(desk.card_status).to_have_text("fourth: before the save")
        expect(desk.wrong).to_be_hidden()

        complaints.expect("ZeroDivisionError")
        desk.save("texts.py", "class Texts:\n    MUTE = property(lambda self: 1 / 0)\n")
        desk.save("__init__.py", fetches.replace("texts.MUTE", "texts.Texts().MUTE"))
        desk.mute()
        failed = desk.line()
        assert failed.startswith("failed: callcard/texts.py:2: mute failed on muteButtonClick: ZeroDivisionError: ")
        assert f'File "callcard/__init__.py", line {len(fetches.strip().splitlines())}, in mute' in failed

        desk.save("texts.py", 'MUTE = "fifth"\n')
        desk.save("__init__.py", fetches)
        applied = desk.save("../label.js", SCRIPT.replace("one", "two"))
        assert applied.startswith("applied callcard in ")
        assert applied.endswith(": page scripts changed: pages load anew")
        desk.until_loaded_anew(8)
        assert desk.evaluate("() => [...document.scripts].some(({ src }) => src.endsWith('label.js'))")
        desk.mute()
        expect(desk.card_status).to_have_text("fifth: before the save")

        applied = desk.save("__init__.py", fetches.replace("App()", "App(slice_limit_ms=2000)"))
        assert applied.endswith(": a limit of App(…) changed that is set at the start: pages load anew")
        desk.until_loaded_anew(9)
        desk.mute()  # the page has loaded whole, before its server goes
        expect(desk.card_status).to_have_text("fifth: before the save")
