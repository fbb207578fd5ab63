"""The install page in the simulated portal: it registers the hidden page, and says in words why it cannot."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Page, Route, expect

from tests.browser.conftest import BX24_FIRST, CLIENTS, BundleFor, Complaints
from worker_py_tool.bundle.build import Client
from worker_py_tool.demo import demo
from worker_py_tool.kit.browser_portal import PortalPage

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
        """Make the portal refuse, and open the page anew."""
        self.page.evaluate("(rest) => portal.configure({rest})", rest)
        self.page.evaluate("() => portal.reloadFrame()")
        self.until_ready()

    def reopen(self) -> None:
        self.page.evaluate("() => portal.reloadFrame()")
        self.until_ready()

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("#app-view iframe")

    @property
    def result(self) -> Any:
        return self.frame.locator("#result")

    def register(self) -> None:
        # By the keyboard: a click right after the frame's load was lost now and then, by all signs because the browser
        # had not drawn the frame yet, which nobody could have clicked at.
        self.frame.get_by_role("button", name="Register", exact=True).press("Enter")

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


@pytest.mark.parametrize("client", CLIENTS)
def test_it_is_registered_for_all_users_and_the_installation_finished(installing: Installing) -> None:
    expect(installing.frame.locator("#state")).to_have_text("Not registered yet.")

    installing.register()

    expect(installing.result).to_contain_text("Registered for all users. The installation is finished.")
    expect(installing.frame.locator("#state")).to_have_text("Registered for all users.")
    app = installing.app_url
    assert installing.bound() == [(0, app, f"{app}placement-error")]
    assert installing.noted("install finished") == 1


def test_it_is_registered_for_one_employee_picked_by_name(installing: Installing) -> None:
    installing.for_employee("Ines Hartmann (id 2)")
    installing.register()
    expect(installing.frame.locator("#state")).to_have_text("Registered for Ines Hartmann (id 2).")
    assert [user for user, _, _ in installing.bound()] == [2]


def test_somebody_else_is_named_by_id(installing: Installing) -> None:
    installing.for_employee("77")
    installing.register()
    expect(installing.frame.locator("#state")).to_have_text("Registered for the employee with id 77.")


@pytest.mark.parametrize("client", CLIENTS)
def test_without_the_scope_user_an_employee_is_named_by_id(installing: Installing, complaints: Complaints) -> None:
    complaints.expect(REFUSED)
    installing.spoil(missing_scopes=["user"])
    installing.for_employee("2")
    installing.register()
    expect(installing.frame.locator("#state")).to_have_text("Registered for the employee with id 2.")


def test_what_is_registered_already_is_replaced(installing: Installing, complaints: Complaints) -> None:
    complaints.expect(REFUSED)
    installing.register()
    expect(installing.frame.locator("#state")).to_have_text("Registered for all users.")
    installing.frame.get_by_label("Error address").fill("https://errors.example/")

    installing.register()

    expect(installing.result).to_contain_text("Registered anew for all users.")
    assert installing.bound() == [(0, installing.app_url, "https://errors.example/")]
    assert installing.noted("install finished") == 1


def test_replacing_one_employees_registration_leaves_the_others(installing: Installing, complaints: Complaints) -> None:
    complaints.expect(REFUSED)
    for people in ("2", "3", "2"):
        installing.for_employee(people)
        installing.register()
        expect(installing.result).to_contain_text("Registered")
        installing.until_ready()
    assert [user for user, _, _ in installing.bound()] == [3, 2]


def test_one_for_all_gives_way_to_an_employees_at_the_press_of_a_button_only(
    installing: Installing, complaints: Complaints
) -> None:
    complaints.expect(REFUSED)
    installing.register()
    expect(installing.frame.locator("#state")).to_have_text("Registered for all users.")
    installing.for_employee("Ines Hartmann (id 2)")

    installing.register()

    expect(installing.result).to_contain_text("A registration for all users is in the way.")
    expect(installing.result).to_contain_text("Nothing was removed.")
    assert [user for user, _, _ in installing.bound()] == [0]

    installing.frame.get_by_role("button", name="Register for Ines Hartmann (id 2) instead").click()

    text = "Registered for Ines Hartmann (id 2). The former registration for all users was removed before that."
    expect(installing.result).to_contain_text(text)
    expect(installing.frame.get_by_role("button", name="Register", exact=True)).to_be_focused()
    assert [user for user, _, _ in installing.bound()] == [2]


def test_a_removal_of_what_has_gone_already_is_not_told_as_one(installing: Installing) -> None:
    installing.register()
    expect(installing.frame.locator("#state")).to_have_text("Registered for all users.")
    answer = {"result": {"count": 0}, "time": {"operating": 0}}
    installing.page.route(
        lambda url: "placement.unbind" in url,
        lambda route: route.fulfill(headers={"Access-Control-Allow-Origin": "*"}, json=answer),
    )
    installing.frame.get_by_role("button", name="Remove: all users").click()
    expect(installing.result).to_contain_text("Nothing was removed")


def test_one_for_all_users_gives_way_to_one_employees_only_when_told_to(
    installing: Installing, complaints: Complaints
) -> None:
    complaints.expect(REFUSED)
    installing.register()
    expect(installing.result).to_contain_text("Registered for all users.")
    installing.until_ready()
    installing.for_employee("Ines Hartmann (id 2)")

    installing.register()

    expect(installing.result.locator(".what")).to_have_text("A registration for all users is in the way.")
    expect(installing.result).to_contain_text("Nothing was removed.")
    assert [user for user, _, _ in installing.bound()] == [0]

    installing.frame.get_by_role("button", name="Register for Ines Hartmann (id 2) instead").click()

    expect(installing.result).to_contain_text("Registered for Ines Hartmann (id 2).")
    expect(installing.result).to_contain_text("The former registration for all users was removed before that.")
    assert [user for user, _, _ in installing.bound()] == [2]


def test_a_registration_can_be_removed(installing: Installing) -> None:
    installing.register()
    expect(installing.frame.locator("#state")).to_have_text("Registered for all users.")

    installing.frame.get_by_role("button", name="Remove: all users").click()

    expect(installing.frame.locator("#state")).to_have_text("Not registered yet.")
    assert installing.bound() == []


def test_the_next_visit_shows_what_is_registered_and_finishes_nothing_twice(installing: Installing) -> None:
    installing.for_employee("Ines Hartmann (id 2)")
    installing.register()
    expect(installing.frame.locator("#state")).to_contain_text("Registered")

    installing.reopen()

    expect(installing.frame.locator("#state")).to_have_text("Registered for Ines Hartmann (id 2).")
    expect(installing.frame.get_by_role("button", name="Finish the installation")).to_be_hidden()
    assert installing.noted("install finished") == 1


def test_scopes_that_are_missing_are_named_with_their_remedy(installing: Installing, complaints: Complaints) -> None:
    complaints.expect(REFUSED)
    installing.spoil(missing_scopes=["telephony", "user"])
    wrong = installing.frame.locator(".checks .bad")
    expect(wrong).to_have_count(1)
    expect(wrong).to_contain_text("Scope “telephony” is missing")
    expect(wrong).to_contain_text("add “telephony” to its permissions")
    expect(installing.frame.locator(".checks .warn")).to_contain_text(["Scope “user” is missing", "not a public name"])


@pytest.mark.parametrize(
    ("fault", "words", "code"),
    [
        ({"webhook": True}, "not a webhook", "WRONG_AUTH_TYPE"),
        ({"not_admin": True}, "Only an administrator", "ACCESS_DENIED"),
        ({"missing_scopes": ["placement"]}, "add “placement” to its permissions", "insufficient_scope"),
        ({"public_handlers": True}, "It must be public", "ERROR_WRONG_HANDLER_URL"),
    ],
    ids=["webhook", "not an admin", "no scope", "local handler"],
)
def test_a_refusal_is_told_in_words_with_its_remedy(
    installing: Installing, complaints: Complaints, fault: dict[str, object], words: str, code: str
) -> None:
    complaints.expect(REFUSED)
    installing.spoil(**fault)
    installing.register()
    expect(installing.result).to_contain_text(words)
    expect(installing.result.locator("code")).to_contain_text(code, ignore_case=True)
    assert installing.noted("install finished") == 0


def answer_bind(installing: Installing, error: dict[str, str]) -> None:
    """Let the portal answer each bind with this error."""
    installing.page.route(
        lambda url: "placement.bind" in url,
        lambda route: route.fulfill(status=400, headers={"Access-Control-Allow-Origin": "*"}, json=error),
    )


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            {"error": "ERROR_ARGUMENT", "error_description": "Argument 'HANDLER' is null", "argument": "HANDLER"},
            "did not like the field HANDLER",
        ),
        ({"error": "ERROR_PLACEMENT_MAX_COUNT", "error_description": "Max count"}, "could not be replaced"),
        ({"error": "NOBODY_KNOWS", "error_description": "Something new"}, "The portal refused."),
    ],
    ids=lambda value: value["error"] if isinstance(value, dict) else None,
)
def test_any_other_refusal_of_a_bind_is_told_too(
    installing: Installing, complaints: Complaints, error: dict[str, str], words: str
) -> None:
    complaints.expect(REFUSED)
    answer_bind(installing, error)
    installing.register()
    expect(installing.result).to_contain_text(words)
    expect(installing.result.locator("code")).to_contain_text(error["error"])


def test_a_portals_client_that_does_not_load_is_told(
    page: Page, portal_url: str, app_url: str, complaints: Complaints
) -> None:
    complaints.expect("ERR_FAILED|did not load")
    page.route(CLIENT, lambda route: route.abort())
    page.goto(demo.portal_url(portal_url, app_url, view="install", plain="1"))
    frame = page.frame_locator("#app-view iframe")
    expect(frame.get_by_role("heading", level=1)).to_have_text("The portal's client did not load")
    expect(frame.locator("main")).to_contain_text("is it reachable from this browser")


def test_a_portals_client_that_comes_late_starts_the_page(
    page: Page, portal_url: str, app_url: str, complaints: Complaints
) -> None:
    complaints.expect("ERR_FAILED|did not load")
    lost: list[Route] = []

    def lose_two(route: Route) -> None:
        if len(lost) == 2:
            route.continue_()
        else:
            lost.append(route)
            route.abort()

    page.route(CLIENT, lose_two)
    installing = Installing(page, portal_url, app_url)
    installing.open()
    installing.register()
    expect(installing.frame.locator("#state")).to_have_text("Registered for all users.")
    assert page.workers == []


def test_a_field_that_the_portal_misses_is_named_and_has_the_focus(
    installing: Installing, complaints: Complaints
) -> None:
    complaints.expect(REFUSED)
    field = installing.frame.get_by_label("Error address")
    field.fill("")
    installing.register()
    expect(installing.result).to_contain_text("The portal wants an error address.")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")

    field.fill("https://errors.example/")
    installing.register()
    expect(installing.frame.locator("#state")).to_have_text("Registered for all users.")
    expect(field).not_to_have_attribute("aria-invalid", "true")


def test_an_id_that_is_none_is_not_sent(installing: Installing) -> None:
    installing.frame.get_by_role("radio", name="one employee").check()
    installing.frame.get_by_role("combobox", name="Employee").select_option("other")
    typed = installing.frame.get_by_label("The employee's id")
    for text in ("", "Ines", "-3", "1.5"):
        typed.fill(text)
        installing.register()
        expect(installing.result).to_contain_text("Type the employee's id")
        expect(typed).to_be_focused()
        assert installing.bound() == []


def test_a_registration_that_was_removed_in_vain_is_told(installing: Installing, complaints: Complaints) -> None:
    complaints.expect(REFUSED)
    installing.register()
    expect(installing.frame.locator("#state")).to_have_text("Registered for all users.")
    binds = []

    def second_bind_fails(route: Route) -> None:
        binds.append(route)
        if len(binds) == 2:
            route.fulfill(
                status=403,
                headers={"Access-Control-Allow-Origin": "*"},
                json={"error": "ACCESS_DENIED", "error_description": "Access denied!"},
            )
        else:
            route.continue_()

    installing.page.route(lambda url: "placement.bind" in url, second_bind_fails)
    installing.register()
    expect(installing.result).to_contain_text("The former registration for all users was removed before that.")
    expect(installing.frame.locator("#state")).to_have_text("Not registered yet.")


@pytest.mark.parametrize("client", ["b24jssdk"])  # BX24.installFinish has no answer to miss
def test_an_end_of_the_installation_that_the_portal_misses_can_be_told_again(installing: Installing) -> None:
    installing.page.evaluate("() => portal.configure({installSilent: true})")
    installing.register()
    expect(installing.result).to_contain_text("The portal did not take the end of the installation")
    expect(installing.frame.locator("#state")).to_contain_text("the installation is not finished")

    installing.page.evaluate("() => portal.configure({installSilent: false})")
    installing.frame.get_by_role("button", name="Finish the installation").click()
    expect(installing.result).to_contain_text("The installation is finished.")


def test_a_host_that_refuses_post_is_told_before_the_portal_finds_out(
    page: Page, portal_url: str, app_url: str, complaints: Complaints
) -> None:
    complaints.expect(REFUSED)
    page.route(
        lambda url: url == app_url,
        lambda route: route.fulfill(status=405) if route.request.method == "POST" else route.continue_(),
    )
    installing = Installing(page, portal_url, app_url)
    installing.open(method="get")
    expect(installing.frame.locator(".checks .bad")).to_contain_text("Your host answers POST with status 405.")


def test_a_script_of_the_page_that_did_not_come_is_loaded_again(
    page: Page, portal_url: str, app_url: str, complaints: Complaints
) -> None:
    complaints.expect("ERR_FAILED|install.js did not load")
    lost: list[Route] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route)
            route.abort()

    page.route(lambda url: url.endswith("/install/view.js"), lose_the_first)
    Installing(page, portal_url, app_url).open()
    assert len(lost) == 1


def test_neither_python_nor_a_worker_is_loaded(page: Page, portal_url: str, app_url: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    Installing(page, portal_url, app_url).open()
    ours = [url.removeprefix(app_url).partition("?")[0] for url in asked if url.startswith(app_url)]
    assert any(path.endswith("/install.js") for path in ours)
    assert not [path for path in ours if "pyodide" in path or "worker" in path or path.endswith((".zip", ".bin"))]
    assert page.workers == []


def test_the_hidden_page_loads_nothing_of_the_install_page(page: Page, portal_url: str, app_url: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(app_url)))
    page.goto(demo.portal_url(portal_url, app_url, plain="1"))
    PortalPage(page, app_url).until_evaluates("() => performance.getEntriesByName('worker-py:scripts').length > 0")
    assert any(path.endswith("/page/shim.js") for path in asked)
    assert not [path for path in asked if "/install/" in path]


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


@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_is_no_wider_than_its_frame(installing: Installing, width: int) -> None:
    installing.page.set_viewport_size({"width": width, "height": 800})
    installing.register()
    expect(installing.frame.locator("#state")).to_contain_text("Registered")
    frame = next(frame for frame in installing.page.frames if frame.url.startswith(installing.app_url))
    assert frame.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") <= 0


@pytest.mark.parametrize("query", ["", "?install"])
def test_outside_bitrix24_the_page_says_what_it_is_and_how_to_get_there(
    context: BrowserContext, page: Page, app_url: str, client: Client, complaints: Complaints, query: str
) -> None:
    if client == "bx24":
        complaints.expect("BX24 cannot start")
    page.goto(app_url + query)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Open this page in Bitrix24" if query else "This page works out of sight"
    )
    expect(page.locator("main")).to_contain_text("opened outside Bitrix24")
    expect(page.get_by_text(f"{app_url}?install")).to_be_visible()
    assert page.workers == []
    problem = page.evaluate("() => workerPy.diagnostics().problems[0]")
    assert ("install page" if query else "opened outside Bitrix24") in problem
    page.set_viewport_size({"width": 360, "height": 700})
    assert page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_the_demo_opens_the_install_page_beside_the_hidden_one(
    page: Page, demo_bundle: Path, serve_app: Callable[[Path], str], portal_url: str
) -> None:
    page.goto(demo.portal_url(portal_url, serve_app(demo_bundle), plain="1"))
    expect(page.locator("#served")).to_have_text("One interpreter serves one page.")
    page.get_by_text("Pages of the portal", exact=True).click()
    for _ in range(2):
        page.get_by_role("button", name="Open the install page").click()
        heading = page.frame_locator("#app-view iframe").get_by_role("heading", level=1)
        expect(heading).to_have_text("Set up the call-card app")
    expect(page.locator("#app-view iframe")).to_have_count(1)
    expect(page.locator("#pages li")).to_have_count(1)
