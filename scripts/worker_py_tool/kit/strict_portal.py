"""The portal of `browser_portal`: as strict as the one in memory, and with REST that the test answers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

from playwright.sync_api import BrowserContext, Error, Page

from worker_py import payloads, rest_answers
from worker_py.errors import PayloadError
from worker_py.events import Event
from worker_py.failures import Expected, Failures, Kinds
from worker_py.testing import ForgottenAwait
from worker_py.wire import PREFIX
from worker_py_tool.kit.browser_portal import NOTHING, BrowserPortal, PortalPage

AT_THE_END_S: Final = 2
"""So long the end of a test waits for handlers that still run, to hear of their failures."""

KINDS: Final[Mapping[str, str]] = {
    "handler_failed": "",
    "bad_event": PayloadError.__name__,
    "refused_payload": PayloadError.__name__,
    "not_awaited": ForgottenAwait.__name__,
}
"""Reports that fail a test, and what the kit in memory raises for them; a handler's failure tells its own name."""

# Each report has the number that it is of its kind; the trace has its exception's name.
_FAILED = """([known, seen]) => {
  const isNew = ({ kind, count }) => kind in known && count > (seen[kind] ?? 0);
  const reports = workerPy.diagnostics().reports.filter(isNew);
  const names = workerPy.trace().filter(({ kind, name }) => kind === "report" && name === "handler_failed");
  const failed = reports.filter(({ kind }) => kind === "handler_failed").length;
  const told = names.slice(names.length - failed).map(({ detail }) => detail.split(": ").pop());
  return reports.map(({ kind, count, text }) => [kind, count, text, known[kind] || told.shift()]);
}"""


OF_FAULTS: Final = frozenset({"CommandFailed", "CommandTimeout", "HandlerTimeout", "PageGone", "RestError"})
"""What comes of the portal's faults where no handler takes it: a test that makes one has wished for it."""


class FailedInBrowser(AssertionError):
    """A handler failed in the browser, or a payload was refused, or an ``await`` was forgotten: what was reported.

    Attributes:
        name: what the exception was called there.
    """

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name


class BrowserFailures(Failures):
    """The exceptions themselves stay in the browser: they are known by their names.

    Attributes:
        excused: what fails no test that does not expect it.
    """

    excused: frozenset[str] = frozenset()

    def check(self) -> None:
        """As `Failures.check`, without what is excused."""
        if not self._expecting:
            self._untaken = [each for each in self._untaken if getattr(each, "name", "") not in self.excused]
        super().check()

    def is_one(self, error: BaseException, kinds: Kinds) -> bool:
        """Whether it has the name of one of these kinds, or of what is derived from one."""
        return isinstance(error, FailedInBrowser) and error.name in _names(kinds)


def _names(kinds: Kinds) -> set[str]:
    found: set[str] = set()
    waiting = list(kinds) if isinstance(kinds, tuple) else [kinds]
    while waiting:
        kind = waiting.pop()
        if kind.__name__ not in found:
            found.add(kind.__name__)
            waiting += type.__subclasses__(kind)
    return found


class Callbacks:
    """Functions of the test that Playwright calls, which cannot use Playwright then: it would wait for ever."""

    def __init__(self) -> None:
        self._running = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """One of them runs."""
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1

    def check(self) -> None:
        """Refuse to use the portal from within one."""
        if self._running:
            raise RuntimeError("a function in `rest` or of `provide` cannot use the portal; let the test do it")


class StrictPage(PortalPage):
    """A page of `StrictPortal`: what failed there fails the test.

    Its portal writes its own title over the app's at once, and not in the midst of what a test looks at.
    """

    def __init__(self, page: Page, app_url: str, failures: BrowserFailures, callbacks: Callbacks) -> None:
        super().__init__(page, app_url)
        self._failures = failures
        self._callbacks = callbacks
        self._seen: dict[str, int] = {}

    def until_there(self) -> None:
        """As `PortalPage.until_there`."""
        super().until_there()
        self._seen = {}
        self.configure(titleDelayMs=0)

    def until_settled(self, timeout_s: float = 30) -> None:
        """As `PortalPage.until_settled`; then raise what has failed."""
        super().until_settled(timeout_s)
        self.collect()
        self._failures.check()

    def collect(self) -> None:
        """Take what failed here since it was looked at."""
        for kind, count, text, name in self.evaluate(_FAILED, [dict(KINDS), self._seen]):
            self._seen[kind] = count
            self._failures.add(FailedInBrowser(name, text))

    def evaluate(self, script: str, argument: object = None) -> Any:
        """As `PortalPage.evaluate`."""
        self._callbacks.check()
        return super().evaluate(script, argument)

    def call_provided(self, name: str, params: Any) -> Any:
        """As `PortalPage.call_provided`."""
        with self._callbacks.running():
            return super().call_provided(name, params)

    def navigate(self, uri: str | None = None) -> None:
        """As `PortalPage.navigate`; first raise what has failed, which goes with the page."""
        self.collect()
        self._failures.check()
        super().navigate(*([] if uri is None else [uri]))

    def fault(self, name: str, on: bool = True) -> None:
        """As `PortalPage.fault`; from now on failures that come of faults are no failures of the test."""
        super().fault(name, on)
        self._failures.excused = OF_FAULTS

    def raise_event(
        self, event: str | Event, /, payload: object = NOTHING, *, raw: bool = False, **options: object
    ) -> int:
        """Raise one of the portal's events, by its name and payload or as itself; to how many callbacks it was sent.

        Raises:
            ValueError: no portal knows it, or a key of its payload, and it is not meant to be `raw`.
        """
        if isinstance(event, Event):
            event, payload = payloads.written(event)
        short_name = event.removeprefix(PREFIX)
        if not raw:
            payloads.check(short_name, payload)
        return super().raise_event(short_name, payload, **options)


class StrictPortal(BrowserPortal[StrictPage]):
    """The portal of one test.

    Attributes:
        rest: what REST methods give, as in `worker_py.testing.Portal`; where it says nothing, the simulated portal's.
    """

    def __init__(self, context: BrowserContext, portal_url: str, app_url: str, *, tab: Page | None = None) -> None:
        super().__init__(context, portal_url, app_url, StrictPage, tab=tab)
        self.rest: dict[str, Any] = {}
        self._failures = BrowserFailures(strict=True)
        self._callbacks = Callbacks()
        self._opened: list[StrictPage] = []
        self._provided: dict[str, str | Callable[[Any], Any]] = {}
        self._query["rest"] = "page"
        context.expose_function("restInstead", self._answer)

    def _page(self, tab: Page) -> StrictPage:
        page = StrictPage(tab, self.app_url, self._failures, self._callbacks)
        if not self._opened:
            for name, function in self._provided.items():
                page.provide(name, function)
        self._opened.append(page)
        return page

    def raise_event(self, event: str | Event, payload: object = NOTHING, *, raw: bool = False) -> int:
        """As `StrictPage.raise_event`."""
        return self.page.raise_event(event, payload, raw=raw)

    def provide(self, name: str, function: str | Callable[[Any], Any]) -> None:
        """As `PortalPage.provide`; before the first page is there, for that one."""
        if self._opened:
            self.page.provide(name, function)
        else:
            self._provided[name] = function

    @contextmanager
    def expect_failure(self, kinds: Kinds = Exception) -> Iterator[Expected]:
        """Take one failure of these kinds that comes in the block, on any page; events are handled to their end.

        Raises:
            AssertionError: there was none.
        """
        with self._failures.expect(kinds) as expected:
            yield expected
            for page in self._there():
                page.until_settled()

    def check(self) -> None:
        """Raise what has failed; handlers that still run have a moment to end."""
        for page in self._there():
            with suppress(AssertionError):  # one waits for what does not come, such as a time of its own
                PortalPage.until_settled(page, AT_THE_END_S)
            with suppress(LookupError, Error):  # the test has led the page elsewhere
                page.collect()
        self._failures.check()

    def _there(self) -> list[StrictPage]:
        return [page for page in self._opened if not page.playwright_page.is_closed()]

    def _answer(self, method: str, params: Mapping[str, Any]) -> dict[str, Any] | None:
        """What the test has put there for a method."""
        if not rest_answers.has(self.rest, method):
            return None
        own = {key: value for key, value in params.items() if key != "auth"}
        try:
            with self._callbacks.running():
                row = _at_once(rest_answers.row(self.rest, method, own))
        except Exception as error:  # noqa: BLE001 - the page has to be answered, and its handler says what came of it
            return {"error": "THE_TEST_FAILED", "error_description": f"{type(error).__name__}: {error}", "status": 400}
        if "error" in row:
            told = row["error"]
            words = {"error": told["code"], "error_description": told["description"]}
            return {**words, "status": told["status"] or 400}
        start = rest_answers.start(self.rest, method, own)
        if start is None:
            return row
        end, total = start + rest_answers.LIST_PAGE, len(row["result"])
        return {"result": row["result"][start:end], "total": total, **({"next": end} if end < total else {})}


def _at_once(coroutine: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any]:
    """The result of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return dict(end.value)
    coroutine.close()
    raise TypeError("what stands in `rest` of a browser portal waits for something: only plain functions can be asked")
