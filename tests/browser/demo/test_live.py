"""The handlers in the demo's editor: applied to the interpreter that runs, in the middle of a call."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import BundleFor, Complaints, OpenPortal
from tests.support.live_page import LivePage
from worker_py_tool.demo import demo
from worker_py_tool.kit.browser_portal import BrowserPortal
from worker_py_tool.paths import PORTAL

APP = """
from worker_py import App, CallCard, UiState
from worker_py.events import AnswerButtonClick, Initialized, MuteButtonClick

app = App()


@app.on(Initialized)
async def greet(event: Initialized, card: CallCard) -> None:
    card.data["greeted"] = "before the edit"
    await card.set_ui_state(UiState.INCOMING)
    await card.set_status_text("greeted")


@app.on(AnswerButtonClick)
async def answer(event: AnswerButtonClick, card: CallCard) -> None:
    await card.set_ui_state(UiState.CONNECTED)


@app.on(MuteButtonClick)
async def mute(event: MuteButtonClick, card: CallCard) -> None:
    await card.set_status_text("the bundle's mute")
"""
EDIT = APP.replace('"the bundle\'s mute"', "f\"edited; data: {card.data['greeted']}; muted: {card.state.muted}\"")
FAILS = APP.replace('await card.set_status_text("the bundle\'s mute")', "await no_such_name(card)")
LINE_OF_MUTE = 1 + APP.lstrip().splitlines().index('    await card.set_status_text("the bundle\'s mute")')


@pytest.fixture(scope="session")
def live_bundle(bundles_directory: Path) -> Path:
    """The app above, built for live editing."""
    directory = bundles_directory / "live"
    directory.mkdir()
    (directory / "handlers.py").write_text(APP.lstrip(), encoding="utf-8")
    demo.build_demo(directory / "bundle", app=str(directory / "handlers.py"), live=True, compress="none")
    return directory / "bundle"


@pytest.fixture(scope="module")
def shared_desk(
    browser: Browser, live_bundle: Path, serve_app: Callable[[Path], str], portal_url: str
) -> Iterator[LivePage]:
    """One page for the tests of this file, with the editor open."""
    context = browser.new_context()
    desk = BrowserPortal(context, portal_url, serve_app(live_bundle), LivePage).page
    desk.open()
    yield desk
    context.close()


@pytest.fixture
def desk(shared_desk: LivePage, complaints: Complaints) -> Iterator[LivePage]:
    """A call is going on, and the editor is open; at the end the interpreter gets the bundle's own handlers back."""
    page = shared_desk.playwright_page
    page.emulate_media(color_scheme="light")
    with complaints.watching(page.context), shared_desk.case():
        page.locator("#clear-trace").evaluate("(button) => button.click()")
        shared_desk.open()
        shared_desk.call()
        yield shared_desk
        for other in page.context.pages:
            if other != page:
                other.close()
        shared_desk.revert()
        shared_desk.raise_event("closeButtonClick")  # Python forgets the call
        shared_desk.until_settled()


@pytest.fixture
def ordinary_bundle(bundle_for: BundleFor) -> Path:
    """The same app, built as for people, with a page that would pass a source on."""
    return bundle_for(APP, page_scripts=(demo.FEED, demo.LIVE_FEED))


def test_an_edit_takes_effect_in_the_middle_of_a_call_and_the_card_keeps_data_and_state(desk: LivePage) -> None:
    desk.mute()
    expect(desk.card_status).to_have_text("the bundle's mute")
    before = desk.playwright_frame.evaluate("workerPy.stats().workers")
    desk.apply_well(EDIT)
    desk.mute()
    expect(desk.card_status).to_have_text("edited; data: before the edit; muted: False")
    assert desk.playwright_frame.evaluate("workerPy.stats().workers") == before
    assert desk.playwright_frame.evaluate("workerPy.diagnostics().host.mode") in ("shared", "extended")


# In CI the test above: a worker of the page's own gets the same message, by a port of its own
# (`hosting/test_fallbacks.py`), and of an ordinary bundle refuses it below.
@pytest.mark.campaign
def test_an_edit_takes_effect_in_a_worker_of_the_pages_own(
    page: Page, open_portal: OpenPortal, live_bundle: Path
) -> None:
    page.add_init_script("delete globalThis.SharedWorker")
    desk = open_portal(LivePage, bundle=live_bundle, plain="1")
    desk.call()
    desk.open()
    desk.apply_well(EDIT)
    desk.mute()
    expect(desk.card_status).to_have_text("edited; data: before the edit; muted: True")
    assert desk.playwright_frame.evaluate("workerPy.diagnostics().host.mode") == "dedicated"


def test_what_is_not_applied_is_shown_at_its_line_and_the_old_handlers_stay_in_force(desk: LivePage) -> None:
    desk.apply(APP.replace("event: MuteButtonClick, card: CallCard", ""))
    expect(desk.problems).to_contain_text("RegistrationError: MuteButtonClick handler mute")
    expect(desk.problems.get_by_role("button")).to_have_text(f"Line {LINE_OF_MUTE - 2}")
    desk.apply(APP.replace("async def mute(", "async def mute(("))
    expect(desk.state).to_contain_text("Not applied: the handlers that ran before still run.")
    expect(desk.problems).to_contain_text("SyntaxError")
    expect(desk.problems.get_by_role("button")).to_have_text(f"Line {LINE_OF_MUTE - 1}")
    expect(desk.marked_lines()).to_have_count(1)
    desk.mute()
    expect(desk.card_status).to_have_text("the bundle's mute")
    desk.problems.get_by_role("button").click()
    expect(desk.text).to_be_focused()
    expect(desk.playwright_page.locator(".cm-activeLine")).to_contain_text("async def mute((")


def test_a_failing_handler_is_shown_at_the_line_of_the_edited_source(desk: LivePage, complaints: Complaints) -> None:
    complaints.expect(r'handlers\.py \(edit \d+\)", line \d+, in mute\n    await no_such_name\(card\)')
    desk.apply_well(FAILS)
    desk.mute()
    expect(desk.problems).to_contain_text("mute failed: NameError: name 'no_such_name' is not defined")
    expect(desk.problems.get_by_role("button")).to_have_text(f"Line {LINE_OF_MUTE}")
    expect(desk.marked_lines()).to_have_count(1)


def test_an_endless_top_level_is_interrupted_and_refused(desk: LivePage) -> None:
    before = desk.playwright_frame.evaluate("workerPy.stats().workers")
    desk.apply(f"{APP}\nwhile True:\n    pass\n")
    expect(desk.problems).to_contain_text(re.compile(r"HandlerTimeout: the top level of handlers\.py \(edit \d+\)"))
    assert desk.playwright_frame.evaluate("workerPy.stats().workers") == before
    desk.mute()
    expect(desk.card_status).to_have_text("the bundle's mute")


# In CI: `live.test.mjs` ("an interpreter that ends while it runs a source has refused it"), the test below, and of the
# end itself `delivery/test_runaway.py`.
@pytest.mark.campaign
def test_a_top_level_that_cannot_be_interrupted_costs_the_interpreter_and_is_refused(
    desk: LivePage, complaints: Complaints
) -> None:
    complaints.expect("the worker ended .hang: no answer for")
    before = desk.playwright_frame.evaluate("workerPy.stats().workers")
    desk.apply_well(EDIT)
    desk.apply(f"{EDIT}\nimport itertools\nsum(itertools.repeat(1))\n")
    expect(desk.problems).to_contain_text("the interpreter ended while it ran this source (hang")
    desk.mute()
    expect(desk.card_status).to_have_text("edited; data: before the edit; muted: True")
    assert desk.playwright_frame.evaluate("workerPy.stats().workers") == before + 1


def test_what_was_applied_is_applied_again_to_another_interpreter_and_said(
    desk: LivePage, complaints: Complaints
) -> None:
    complaints.expect("another one starts")
    desk.apply_well(EDIT)
    desk.playwright_page.evaluate("portal.endInterpreter()")
    expect(desk.state).to_have_text("Another interpreter runs: your edit was applied to it again.")
    desk.mute()
    expect(desk.card_status).to_have_text("edited; data: before the edit; muted: True")
    assert desk.playwright_frame.evaluate("workerPy.trace().some(({name}) => name === 'handlers_applied_again')")


def test_what_was_applied_survives_a_reload_of_the_page_and_so_does_what_was_not(desk: LivePage) -> None:
    desk.apply_well(EDIT)
    desk.write(f"{EDIT}# not applied\n")
    expect(desk.state).to_contain_text("changed and not applied")
    desk.reload()
    desk.open()
    expect(desk.text).to_contain_text("# not applied")
    expect(desk.state).to_contain_text("Your edit runs")
    desk.call()
    desk.mute()
    expect(desk.card_status).to_have_text("edited; data: before the edit; muted: True")


def test_revert_brings_the_bundles_own_handlers_back(desk: LivePage) -> None:
    desk.apply_well(EDIT)
    desk.playwright_page.get_by_role("button", name="Revert").click()
    expect(desk.state).to_have_text("Reverted: the app's own handlers run.")
    desk.mute()
    expect(desk.card_status).to_have_text("the bundle's mute")
    expect(desk.playwright_page.get_by_role("button", name="Revert")).to_be_disabled()


def test_another_tab_of_the_portal_is_told_and_shows_what_runs(
    desk: LivePage, open_portal: OpenPortal, live_bundle: Path
) -> None:
    another = desk.playwright_page.context.new_page()
    other = open_portal(LivePage, bundle=live_bundle, page=another, plain="1")
    other.open()
    desk.apply_well(EDIT)
    expect(other.state).to_have_text("Another page of the portal applied other handlers.")
    expect(other.text).to_contain_text("edited; data:")


def test_control_enter_applies_and_escape_then_tab_leaves_the_editor(desk: LivePage) -> None:
    desk.write(EDIT)
    desk.playwright_page.keyboard.press("ControlOrMeta+Enter")
    expect(desk.state).to_have_text("Applied: your edit runs. The call goes on.")
    desk.playwright_page.keyboard.press("Tab")
    expect(desk.text).to_be_focused()
    desk.playwright_page.keyboard.press("Escape")
    desk.playwright_page.keyboard.press("Tab")
    expect(desk.text).not_to_be_focused()


def test_a_line_of_the_editor_leads_to_the_newest_run_of_its_handler_in_the_log_and_back(desk: LivePage) -> None:
    page = desk.playwright_page
    to_log = page.get_by_role("tabpanel", name="Handlers").get_by_role("button", name="In the log")
    desk.text.focus()
    page.keyboard.press("ControlOrMeta+Home")
    expect(to_log).to_be_disabled()
    page.keyboard.press("ControlOrMeta+End")
    expect(to_log).to_have_attribute("title", "Show the newest run of mute in the log")
    to_log.click()
    expect(desk.state).to_have_text("mute has not run yet, or the log has forgotten it.")

    desk.mute()
    expect(desk.card_status).to_have_text("the bundle's mute")
    desk.mute()
    expect(page.locator("#trace li.handler").filter(has_text="mute")).to_have_count(2)
    to_log.click()

    run = page.locator("#trace li.handler").filter(has_text="mute").last
    expect(run).to_be_in_viewport()
    line = run.get_by_role("button", name="line")
    expect(line).to_be_focused()
    line.click()
    expect(desk.text).to_be_focused()


def test_the_editor_follows_dark_mode(desk: LivePage) -> None:
    scroller = desk.playwright_page.locator(".cm-editor")
    classes: set[str] = set()
    schemes: tuple[tuple[Literal["light", "dark"], str], ...] = (
        ("light", "rgb(255, 255, 255)"),
        ("dark", "rgb(29, 33, 39)"),
    )
    for scheme, background in schemes:
        desk.playwright_page.emulate_media(color_scheme=scheme)
        expect(scroller).to_have_css("background-color", background)
        expect(scroller).not_to_have_attribute(
            "class", next(iter(classes), "none so far")
        )  # CodeMirror's own follows too
        classes.add(scroller.get_attribute("class") or "")
    assert len(classes) == 2


def test_the_editor_is_not_loaded_before_its_tab_is_opened_and_works_where_only_the_portals_own_files_may(
    desk: LivePage, open_portal: OpenPortal, live_bundle: Path, portal_url: str
) -> None:
    def with_policy(route: Route) -> None:
        policy = "script-src 'self'; style-src 'self'"
        body = (PORTAL / "index.html").read_text(encoding="utf-8")
        route.fulfill(body=body, content_type="text/html", headers={"Content-Security-Policy": policy})

    page = desk.playwright_page.context.new_page()
    page.route(re.compile(re.escape(portal_url) + r"\?"), with_policy)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    other = open_portal(LivePage, bundle=live_bundle, page=page, plain="1")
    other.until_ready()
    assert not [url for url in asked if url.endswith("codemirror.js")]
    other.open()
    assert len([url for url in asked if url.endswith("codemirror.js")]) == 1
    assert page.locator(".cm-gutters").evaluate("(gutters) => getComputedStyle(gutters).display") == "flex"
    # Typed: replacing a coloured text as a whole makes Chromium itself try a style attribute.
    other.text.press("ControlOrMeta+End")
    page.keyboard.type("app = 5 5")
    page.get_by_role("button", name="Apply").click()
    expect(other.marked_lines()).to_have_count(1)


def test_an_ordinary_bundle_takes_no_source_and_its_python_refuses_the_message_itself(
    page: Page, open_portal: OpenPortal, ordinary_bundle: Path
) -> None:
    assert not list(ordinary_bundle.rglob("live.js"))
    # What a hostile script of the page could do at most: speak to the worker's port.
    page.add_init_script(
        """if (location.host.startsWith("app.")) {
          delete globalThis.SharedWorker; // the port of a shared one is of another realm
          const post = MessagePort.prototype.postMessage;
          MessagePort.prototype.postMessage = function (data, ...more) {
            if (typeof data === "string" && data.includes('"attach"')) globalThis.python = this;
            return post.call(this, data, ...more);
          };
        }"""
    )
    desk = open_portal(LivePage, bundle=ordinary_bundle, plain="1")
    desk.call()
    assert desk.playwright_frame.evaluate("workerPy.live") is None
    page.evaluate("(source) => portal.tellApp({ workerPyApply: { id: 1, source } })", EDIT)
    desk.mute()
    expect(desk.card_status).to_have_text("the bundle's mute")

    desk.playwright_frame.evaluate(
        "(source) => python.postMessage(JSON.stringify({ t: 'reload', id: 'x', source }))", EDIT.lstrip()
    )
    desk.until("stats.reports.bad_message === 1")
    reported = desk.playwright_frame.evaluate("workerPy.diagnostics().reports.at(-1).text")
    assert reported == "this bundle takes no source: only one built for live editing does"
    desk.mute()
    desk.until_settled()
    expect(desk.card_status).to_have_text("the bundle's mute")


def test_source_from_another_origin_than_the_portals_is_not_taken(desk: LivePage) -> None:
    # The frame itself is of the app's origin: it may post to itself, and is not the portal.
    desk.playwright_frame.evaluate(
        "(source) => window.postMessage({ workerPyApply: { id: 1, source } }, '*')", EDIT.lstrip()
    )
    desk.playwright_frame.evaluate(
        "new Promise((resolve) => { addEventListener('message', resolve); postMessage('last', '*'); })"
    )
    desk.mute()
    expect(desk.card_status).to_have_text("the bundle's mute")
