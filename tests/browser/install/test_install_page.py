"""The install page in the simulated portal: it registers the hidden page, and says in words why it cannot."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, Route, expect

from tests.browser.conftest import BX24_FIRST, BundleFor, Complaints
from worker_py_tool.bundle.build import Client
from worker_py_tool.demo import demo

SOURCE = "from worker_py import App\n\napp = App()\n"
REFUSED = r"status of (400|403|405)"
"""The browser's own note of a refusal."""
CLIENT = re.compile(r"/assets/[\w%]+/(bx24|b24jssdk)\.js$")
"""The address of the portal's client in a bundle; modules of ours have such names in folders."""


class Installing:
    """The portal's page with the install page in it."""

    def __init__(self, page: Page, portal_url: str, app_url: str) -> None:
        self.page = page
        self.app_url = app_url
        self._portal_url = portal_url

    def open(self, *, path: str = "", **options: str) -> None:
        """Open the portal with the app's own page in it."""
        address = demo.portal_url(self._portal_url, self.app_url + path, view="install", plain="1", **options)
        self.page.goto(address)
        self.page.wait_for_function("() => window.portal?.ready.then(() => true)")
        self.until_ready()

    def until_ready(self) -> None:
        expect(self.frame.locator("main")).to_have_attribute("data-state", "ready")
        expect(self.frame.locator("main")).to_have_attribute("aria-busy", "false")

    def spoil(self, **rest: object) -> None:
        """Make the portal refuse this and nothing else, and open the page anew."""
        self.page.evaluate("async (rest) => { await portal.configure(null); await portal.configure({rest}); }", rest)
        self.reopen()

    def reopen(self) -> None:
        self.page.evaluate("() => portal.reloadFrame()")
        self.until_ready()

    def answer(self, method: str, answer: Callable[[Route], None]) -> None:
        """Answer requests of a REST method in the portal's place, until `unanswer`."""
        self.page.route(re.compile(re.escape(method)), answer)

    def unanswer(self) -> None:
        """Leave all answers to the portal again."""
        self.page.unroute_all()

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("#app-view iframe")

    @property
    def result(self) -> Any:
        return self.frame.locator("#result")

    @property
    def state(self) -> Any:
        return self.frame.locator("#state")

    def register(self) -> None:
        self.press("Register")

    def press(self, name: str) -> None:
        """Press a button, which does nothing while something else goes on."""
        self.until_ready()
        # By the keyboard: a click right after the frame's load was lost now and then, by all signs because the browser
        # had not drawn the frame yet, which nobody could have clicked at.
        self.frame.get_by_role("button", name=name, exact=True).press("Enter")

    def for_employee(self, employee: str) -> None:
        self.frame.get_by_role("radio", name="one employee").check()
        people = self.frame.get_by_role("combobox", name="Employee")
        if employee.isdigit():
            if people.count():
                people.select_option("other")
            self.frame.get_by_label("The employee's id").fill(employee)
        else:
            people.select_option(label=employee)

    def bound(self) -> list[tuple[int, str, str]]:
        """What the portal holds: for whom, which page, and where errors go."""
        rows: list[dict[str, Any]] = self.page.evaluate("() => portal.placements()")
        return [(row["userId"], row["handler"], row["options"]["errorHandlerUrl"]) for row in rows]

    def noted(self, kind: str) -> int:
        """How often the portal noted something of a kind."""
        count: int = self.page.evaluate("(kind) => portal.log.filter((entry) => entry.kind === kind).length", kind)
        return count


@pytest.fixture(params=BX24_FIRST)
def client(request: pytest.FixtureRequest) -> Client:
    """Both clients."""
    chosen: Client = request.param
    return chosen


@pytest.fixture
def app_url(client: Client, demo_bundle: Path, bundle_for: BundleFor, serve_app: Callable[[Path], str]) -> str:
    return serve_app(demo_bundle if client == "bx24" else bundle_for(SOURCE, client=client))


@pytest.fixture
def installing(warm_page: Page, portal_url: str, app_url: str) -> Installing:
    """The install page, as the portal opens it for an administrator; what was registered before is another portal's."""
    opened = Installing(warm_page, portal_url, app_url)
    opened.open()
    return opened


def test_it_is_registered_for_all_users_replaced_shown_again_and_removed_and_the_installation_finished_once(
    warm_page: Page, portal_url: str, app_url: str, complaints: Complaints
) -> None:
    """Without Python and without a worker; the page is no wider than its frame."""
    complaints.expect(REFUSED)
    asked: list[str] = []
    warm_page.on("request", lambda request: asked.append(request.url))
    installing = Installing(warm_page, portal_url, app_url)
    installing.open()
    expect(installing.state).to_have_text("Not registered yet.")

    installing.register()

    expect(installing.result).to_contain_text("Registered for all users. The installation is finished.")
    expect(installing.state).to_have_text("Registered for all users.")
    assert installing.bound() == [(0, app_url, f"{app_url}placement-error")]
    assert installing.noted("install finished") == 1
    frame = next(frame for frame in warm_page.frames if frame.url.startswith(app_url))
    for width in (360, 1280):
        warm_page.set_viewport_size({"width": width, "height": 800})
        assert frame.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") <= 0, width

    installing.frame.get_by_label("Error address").fill("https://errors.example/")
    installing.register()
    expect(installing.result).to_contain_text("Registered anew for all users.")
    assert installing.bound() == [(0, app_url, "https://errors.example/")]

    installing.reopen()
    expect(installing.state).to_have_text("Registered for all users.")
    expect(installing.frame.get_by_role("button", name="Finish the installation")).to_be_hidden()
    assert installing.noted("install finished") == 1

    installing.press("Remove: all users")
    expect(installing.state).to_have_text("Not registered yet.")
    assert installing.bound() == []

    ours = [url.removeprefix(app_url).partition("?")[0] for url in asked if url.startswith(app_url)]
    assert any(path.endswith("/install.js") for path in ours)
    assert not [path for path in ours if "pyodide" in path or "worker" in path or path.endswith((".zip", ".bin"))]
    assert warm_page.workers == []


def test_a_wrong_field_is_told_and_has_the_focus_and_employees_are_registered_by_name_and_by_id_each_by_himself(
    installing: Installing, complaints: Complaints
) -> None:
    complaints.expect(REFUSED)
    address = installing.frame.get_by_label("Error address")
    address.fill("")
    installing.register()
    expect(installing.result).to_contain_text("The portal wants an error address.")
    expect(address).to_be_focused()
    expect(address).to_have_attribute("aria-invalid", "true")
    expect(address).to_have_css("border-top-color", "rgb(173, 32, 24)")
    address.fill("https://errors.example/")

    installing.frame.get_by_role("radio", name="one employee").check()
    installing.frame.get_by_role("combobox", name="Employee").select_option("other")
    typed = installing.frame.get_by_label("The employee's id")
    for text in ("", "Ines", "-3", "1.5"):
        typed.fill(text)
        installing.register()
        expect(installing.result).to_contain_text("Type the employee's id")
        expect(typed).to_be_focused()
        assert installing.bound() == []

    installing.for_employee("Ines Hartmann (id 2)")
    installing.register()
    expect(installing.state).to_have_text("Registered for Ines Hartmann (id 2).")
    expect(address).not_to_have_attribute("aria-invalid", "true")
    installing.for_employee("77")
    installing.register()
    expect(installing.state).to_contain_text("the employee with id 77")
    installing.for_employee("2")
    installing.register()
    expect(installing.result).to_contain_text("Registered anew")
    assert [user for user, _, _ in installing.bound()] == [77, 2]


def test_one_for_all_gives_way_to_an_employees_at_the_press_of_a_button_only(
    installing: Installing, complaints: Complaints
) -> None:
    complaints.expect(REFUSED)
    installing.register()
    expect(installing.state).to_have_text("Registered for all users.")
    installing.for_employee("Ines Hartmann (id 2)")

    installing.register()

    expect(installing.result.locator(".what")).to_have_text("A registration for all users is in the way.")
    expect(installing.result).to_contain_text("Nothing was removed.")
    assert [user for user, _, _ in installing.bound()] == [0]

    installing.press("Register for Ines Hartmann (id 2) instead")

    text = "Registered for Ines Hartmann (id 2). The former registration for all users was removed before that."
    expect(installing.result).to_contain_text(text)
    expect(installing.frame.get_by_role("button", name="Register", exact=True)).to_be_focused()
    assert [user for user, _, _ in installing.bound()] == [2]


def test_scopes_that_are_missing_are_named_with_their_remedy_and_without_user_an_employee_is_named_by_id(
    installing: Installing, complaints: Complaints
) -> None:
    complaints.expect(REFUSED)
    installing.spoil(missing_scopes=["telephony", "user"])
    wrong = installing.frame.locator(".checks .bad")
    expect(wrong).to_have_count(1)
    expect(wrong).to_contain_text("Scope “telephony” is missing")
    expect(wrong).to_contain_text("add “telephony” to its permissions")
    expect(installing.frame.locator(".checks .warn")).to_contain_text(["Scope “user” is missing", "not a public name"])

    installing.for_employee("2")
    installing.register()
    expect(installing.state).to_have_text("Registered for the employee with id 2.")


REFUSALS: list[tuple[dict[str, object], str, str]] = [
    ({"webhook": True}, "not a webhook", "WRONG_AUTH_TYPE"),
    ({"not_admin": True}, "Only an administrator", "ACCESS_DENIED"),
    ({"missing_scopes": ["placement"]}, "add “placement” to its permissions", "insufficient_scope"),
    ({"public_handlers": True}, "It must be public", "ERROR_WRONG_HANDLER_URL"),
]
ANSWERS_TO_BIND = [
    (
        {"error": "ERROR_ARGUMENT", "error_description": "Argument 'HANDLER' is null", "argument": "HANDLER"},
        "did not like the field HANDLER",
    ),
    ({"error": "ERROR_PLACEMENT_MAX_COUNT", "error_description": "Max count"}, "could not be replaced"),
    ({"error": "NOBODY_KNOWS", "error_description": "Something new"}, "The portal refused."),
]
FOR_ANY_PAGE = {"Access-Control-Allow-Origin": "*"}


def refusing(status: int, error: dict[str, str]) -> Callable[[Route], None]:
    """Answers with this error."""
    return lambda route: route.fulfill(status=status, headers=FOR_ANY_PAGE, json=error)


def test_every_refusal_is_told_in_words_with_its_remedy_and_finishes_nothing(
    installing: Installing, complaints: Complaints
) -> None:
    complaints.expect(REFUSED)
    for fault, words, code in REFUSALS:
        installing.spoil(**fault)
        installing.register()
        expect(installing.result).to_contain_text(words)
        expect(installing.result.locator("code")).to_contain_text(code, ignore_case=True)
    installing.spoil()
    for error, words in ANSWERS_TO_BIND:
        installing.answer("placement.bind", refusing(400, error))
        installing.register()
        expect(installing.result).to_contain_text(words)
        expect(installing.result.locator("code")).to_contain_text(error["error"])
        installing.unanswer()
    assert installing.noted("install finished") == 0


def test_a_registration_that_was_removed_in_vain_is_told_and_a_removal_of_what_has_gone_already_is_not(
    installing: Installing, complaints: Complaints
) -> None:
    complaints.expect(REFUSED)
    installing.register()
    expect(installing.state).to_have_text("Registered for all users.")
    binds: list[Route] = []

    def second_bind_fails(route: Route) -> None:
        binds.append(route)
        if len(binds) == 2:
            refusing(403, {"error": "ACCESS_DENIED", "error_description": "Access denied!"})(route)
        else:
            route.continue_()

    installing.answer("placement.bind", second_bind_fails)
    installing.register()
    expect(installing.result).to_contain_text("The former registration for all users was removed before that.")
    expect(installing.state).to_have_text("Not registered yet.")
    installing.unanswer()

    installing.register()
    expect(installing.state).to_have_text("Registered for all users.")
    gone = {"result": {"count": 0}, "time": {"operating": 0}}
    installing.answer("placement.unbind", lambda route: route.fulfill(headers=FOR_ANY_PAGE, json=gone))
    installing.press("Remove: all users")
    expect(installing.result).to_contain_text("Nothing was removed")


@pytest.mark.parametrize("client", ["b24jssdk"])  # BX24.installFinish has no answer to miss
def test_an_end_of_the_installation_that_the_portal_misses_can_be_told_again(
    installing: Installing, complaints: Complaints
) -> None:
    """And with this client, too, an employee is named by id without the scope `user`."""
    complaints.expect(REFUSED)
    installing.spoil(missing_scopes=["user"])
    installing.page.evaluate("() => portal.configure({installSilent: true})")
    installing.for_employee("2")
    installing.register()
    expect(installing.result).to_contain_text("The portal did not take the end of the installation")
    expect(installing.state).to_contain_text("Registered for the employee with id 2.")
    expect(installing.state).to_contain_text("the installation is not finished")
    assert [user for user, _, _ in installing.bound()] == [2]

    installing.page.evaluate("() => portal.configure({installSilent: false})")
    installing.press("Finish the installation")
    expect(installing.result).to_contain_text("The installation is finished.")
    assert installing.noted("install finished") == 2


def test_a_portals_client_that_does_not_load_is_told(
    warm_page: Page, portal_url: str, app_url: str, complaints: Complaints
) -> None:
    complaints.expect("ERR_FAILED|did not load")
    warm_page.route(CLIENT, lambda route: route.abort())
    warm_page.goto(demo.portal_url(portal_url, app_url, view="install", plain="1"))
    frame = warm_page.frame_locator("#app-view iframe")
    expect(frame.get_by_role("heading", level=1)).to_have_text("The portal's client did not load")
    expect(frame.locator("main")).to_contain_text("is it reachable from this browser")


def test_a_portals_client_and_a_script_of_the_page_that_did_not_come_are_loaded_again(
    warm_page: Page, portal_url: str, app_url: str, complaints: Complaints
) -> None:
    complaints.expect("ERR_FAILED|did not load")
    clients: list[Route] = []
    views: list[Route] = []

    def lose(some: list[Route], number: int) -> Callable[[Route], None]:
        def answer(route: Route) -> None:
            if len(some) == number:
                route.continue_()
            else:
                some.append(route)
                route.abort()

        return answer

    warm_page.route(CLIENT, lose(clients, 2))
    warm_page.route(re.compile(r"/install/view\.js$"), lose(views, 1))
    installing = Installing(warm_page, portal_url, app_url)
    installing.open()
    installing.register()
    expect(installing.state).to_have_text("Registered for all users.")
    assert warm_page.workers == []
    assert (len(clients), len(views)) == (2, 1)


@pytest.mark.campaign  # tests/static/install/registration.test.mjs: a host that answers POST with …
def test_a_host_that_refuses_post_is_told_before_the_portal_finds_out(
    warm_page: Page, portal_url: str, app_url: str, complaints: Complaints
) -> None:
    complaints.expect(REFUSED)
    warm_page.route(
        lambda url: url == app_url,
        lambda route: route.fulfill(status=405) if route.request.method == "POST" else route.continue_(),
    )
    installing = Installing(warm_page, portal_url, app_url)
    installing.open(method="get")
    expect(installing.frame.locator(".checks .bad")).to_contain_text("Your host answers POST with status 405.")


def test_everything_can_be_done_by_keyboard(installing: Installing) -> None:
    page = installing.page
    installing.frame.get_by_role("radio", name="all users").focus()
    page.keyboard.press("ArrowDown")
    expect(installing.frame.get_by_role("radio", name="one employee")).to_be_checked()
    page.keyboard.press("Tab")
    expect(installing.frame.get_by_role("combobox", name="Employee")).to_be_focused()
    page.keyboard.press("Tab")
    expect(installing.frame.get_by_label("Error address")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(installing.result).to_contain_text("Registered for")
    expect(installing.frame.get_by_role("button", name="Register", exact=True)).to_be_focused()
    assert installing.result.get_attribute("aria-live") == "polite"


def test_outside_bitrix24_the_page_says_what_it_is_and_how_to_get_there(
    warm_page: Page, app_url: str, client: Client, complaints: Complaints
) -> None:
    page = warm_page
    if client == "bx24":
        complaints.expect("BX24 cannot start")
    for query, heading, problem in (
        ("", "This page works out of sight", "opened outside Bitrix24"),
        ("?install", "Open this page in Bitrix24", "install page"),
    ):
        page.set_viewport_size({"width": 1280, "height": 700})
        page.goto(app_url + query)
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        expect(page.locator("main")).to_contain_text("opened outside Bitrix24")
        expect(page.get_by_text(f"{app_url}?install")).to_be_visible()
        assert page.workers == []
        assert problem in page.evaluate("() => workerPy.diagnostics().problems[0]")
        page.set_viewport_size({"width": 360, "height": 700})
        assert page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_the_demo_opens_the_install_page_beside_the_hidden_one_which_loads_nothing_of_it(
    page: Page, demo_bundle: Path, serve_app: Callable[[Path], str], portal_url: str
) -> None:
    app = serve_app(demo_bundle)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(app)))
    page.goto(demo.portal_url(portal_url, app, plain="1"))
    expect(page.locator("#served")).to_have_text("One interpreter serves one page.")
    assert any(path.endswith("/page/shim.js") for path in asked)
    assert not [path for path in asked if "/install/" in path]

    page.get_by_text("Pages of the portal", exact=True).click()
    for _ in range(2):
        page.get_by_role("button", name="Open the install page").click()
        heading = page.frame_locator("#app-view iframe").get_by_role("heading", level=1)
        expect(heading).to_have_text("Set up the call-card app")
    expect(page.locator("#app-view iframe")).to_have_count(1)
    expect(page.locator("#pages li")).to_have_count(1)
