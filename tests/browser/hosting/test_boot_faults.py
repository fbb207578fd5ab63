"""Parts of the bundle come damaged, late or not at all: Python boots another way, or the page says what is wrong.

A call that rings meanwhile is answered as soon as that has passed.
"""

from collections.abc import Collection, Sequence

import pytest
from _pytest.mark.structures import ParameterSet
from playwright.sync_api import Page

from tests.support.browsers import engine
from tests.support.faulty_server import Fault, FaultyServer
from tests.support.raised import initialized
from tests.support.witness import WitnessPage
from worker_py_tool.demo import demo

APP = """
    from worker_py import App
    from worker_py.events import Initialized

    app = App()

    @app.on(Initialized)
    async def greet(event, card):
        await card.page.call("tell", [event.meta.name, "", card.call_id, event.meta.redelivered])
"""
KINDS = ("corrupt", "truncated", "missing", "unavailable", "aborted")
SNAPSHOT_PARTS = ("snapshot.bin", "pyodide.asm.wasm", "pyodide.asm.mjs", "pyodide.mjs")
PLAIN_PARTS = ("pyodide-lock.json", "python_stdlib.zip", "app.zip", "worker_py-")
LATE_S = 30
CAME_TWICE = "(part) => performance.getEntriesByType('resource').filter(({ name }) => name.endsWith(part)).length > 1"
campaign = pytest.mark.campaign


def cases(
    parts: Sequence[str],
    kinds: Sequence[str],
    usual: Collection[tuple[str, str]],
    everywhere: Collection[tuple[str, str]] = (),
) -> list[ParameterSet]:
    """Each part with each fault; those that are not usual run in the campaign, some of the others in each engine."""

    def marks(case: tuple[str, str]) -> list[pytest.MarkDecorator]:
        rare = [] if case in {*usual, *everywhere} else [campaign]
        return [*rare, *([pytest.mark.engines] if case in everywhere else [])]

    return [
        pytest.param(part, kind, id=f"{part}-{kind}", marks=marks((part, kind))) for part in parts for kind in kinds
    ]


class Boot:
    """A portal page whose app is served with faults, with a call that rings as soon as anybody can hear it."""

    def __init__(self, page: Page, server: FaultyServer, portal_url: str, **options: str) -> None:
        app = f"http://app.localhost:{server.port}/"
        page.goto(demo.portal_url(portal_url, app, plain="1", **options))
        self.page = WitnessPage(page, app)

    def ring(self) -> None:
        self.page.raise_event("initialized", initialized("A.1")[1])

    def until_answered(self) -> None:
        """The call has been handled, once."""
        self.page.until_noted(1, timeout_s=90)
        self.page.until("stats.waiting === 0")
        assert [note[2] for note in self.page.notes()] == ["A.1"]

    def plain_because(self) -> str | None:
        reason: str | None = self.page.diagnostics()["plain_boot"]
        return reason

    def until_it_says(self, words: str) -> None:
        """Diagnostics name a problem with these words."""
        # Half a worker's script runs without an error, and a shared one is waited for first.
        script = "(words) => workerPy.diagnostics().problems.some((text) => text.includes(words))"
        self.page.until_evaluates(script, words, timeout_s=150)


def assert_plain_because_the_snapshot_failed(boot: Boot) -> None:
    reason = boot.plain_because()
    assert reason is not None and reason.startswith("the snapshot could not be used: ")
    assert any(words in reason for words in ("damaged", "truncated", "could not be loaded", "bytes instead of"))


@campaign  # in CI by the way of a part that lacks, below; each kind: tests/static/worker/downloads.test.mjs
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.timeout(200)
def test_without_the_snapshot_python_boots_from_nothing_and_says_why(
    quiet_page: Page, server: FaultyServer, portal_url: str, kind: str
) -> None:
    server.faults[server.part("snapshot.bin")] = fault = Fault(kind)
    boot = Boot(quiet_page, server, portal_url)
    boot.ring()
    boot.until_answered()
    assert_plain_because_the_snapshot_failed(boot)
    assert fault.happened >= 1


@pytest.mark.parametrize(
    ("name", "kind"),
    cases(
        ("pyodide.asm.wasm", "pyodide.asm.mjs", "pyodide.mjs", "worker.js"),
        KINDS,
        (),  # in the worker a part of the next test fails, and is back
        everywhere={("worker.js", "corrupt")},  # Firefox keeps it for workers, whatever is fetched
    ),
)
@pytest.mark.timeout(300)
def test_without_a_part_that_every_boot_needs_the_page_says_so_and_boots_once_it_is_back(
    quiet_page: Page, server: FaultyServer, portal_url: str, name: str, kind: str
) -> None:
    server.faults[server.part(name)] = fault = Fault(kind)
    boot = Boot(quiet_page, server, portal_url)
    boot.ring()
    boot.until_it_says("The interpreter could not be started, and is tried again")
    assert fault.happened >= 1
    server.faults.clear()
    boot.until_answered()


@pytest.mark.parametrize(
    ("name", "kind"),
    cases(
        PLAIN_PARTS,
        KINDS,
        {("python_stdlib.zip", "corrupt")},
    ),
)
@pytest.mark.timeout(300)
def test_without_the_snapshot_python_boots_from_nothing_and_says_why_and_names_a_part_that_lacks_until_it_is_back(
    quiet_page: Page, server: FaultyServer, portal_url: str, name: str, kind: str
) -> None:
    server.faults[server.part("snapshot.bin")] = Fault("corrupt")
    server.faults[server.part(name)] = fault = Fault(kind)
    boot = Boot(quiet_page, server, portal_url)
    boot.ring()
    boot.until_it_says(server.part(name).rsplit("/", 1)[-1])
    assert fault.happened >= 1
    del server.faults[server.part(name)]
    boot.until_answered()
    assert_plain_because_the_snapshot_failed(boot)


@campaign  # in CI of the snapshot, in the last test here; the others: tests/static/worker/downloads.test.mjs
@pytest.mark.parametrize(("name", "kind"), cases(SNAPSHOT_PARTS, ("unavailable", "aborted", "corrupt"), ()))
@pytest.mark.timeout(200)
def test_a_part_that_fails_once_is_asked_for_again_and_the_snapshot_used(
    quiet_page: Page, server: FaultyServer, portal_url: str, name: str, kind: str
) -> None:
    server.faults[server.part(name)] = fault = Fault(kind, times=1)
    boot = Boot(quiet_page, server, portal_url)
    boot.ring()
    boot.until_answered()
    assert fault.happened == 1
    assert boot.plain_because() is None or (name, kind) == ("snapshot.bin", "corrupt")


@pytest.mark.engines
@pytest.mark.parametrize(
    ("name", "kind"),
    cases(("shim.js",), KINDS, {("shim.js", "corrupt")}),
)
@pytest.mark.timeout(200)
def test_a_script_of_the_page_that_fails_once_is_loaded_anew(
    quiet_page: Page, server: FaultyServer, portal_url: str, name: str, kind: str
) -> None:
    part = server.part(name)
    server.faults[part] = fault = Fault(kind, times=1)
    boot = Boot(quiet_page, server, portal_url)
    if not engine().tells_spellings:
        boot.page.until_evaluates(CAME_TWICE, f"/{part}", timeout_s=90)  # the second time for the next page
        boot.page.reload()
    boot.ring()
    boot.until_answered()
    assert fault.happened == 1


@campaign  # a call waits for any boot here; "an answer that comes late is waited for" in downloads.test.mjs
@pytest.mark.parametrize(
    ("name", "late_s"),
    [pytest.param(name, LATE_S, id=f"{name}-{LATE_S}s") for name in (*SNAPSHOT_PARTS, "worker.js", "shim.js")],
)
@pytest.mark.timeout(200)
def test_a_part_that_is_late_is_waited_for_and_the_call_waits_too(
    quiet_page: Page, server: FaultyServer, portal_url: str, name: str, late_s: float
) -> None:
    server.faults[server.part(name)] = fault = Fault("late", late_s=late_s)
    quiet_page.set_default_timeout(120_000)
    boot = Boot(quiet_page, server, portal_url)
    boot.page.playwright_page.set_default_timeout(120_000)
    boot.ring()
    boot.until_answered()
    assert fault.happened >= 1


LATE_PARTS = ("python_stdlib.zip", "app.zip", "worker_py-")
"""Put in place once Python runs."""


def test_a_start_from_the_snapshot_which_is_asked_for_again_and_a_call_need_none_of_the_files_behind_it(
    quiet_page: Page, server: FaultyServer, portal_url: str
) -> None:
    server.faults[server.part("snapshot.bin")] = refused = Fault("unavailable", times=1)
    held = [Fault("held") for _ in LATE_PARTS]
    server.faults.update(zip(map(server.part, LATE_PARTS), held, strict=True))
    boot = Boot(quiet_page, server, portal_url)
    boot.ring()
    boot.until_answered()
    assert (boot.plain_because(), refused.happened) == (None, 1)
    for fault in held:
        fault.released.set()
