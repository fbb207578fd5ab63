"""A placement page of its own for one test: what the portal raises, what Python notes, and how the page is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Frame, Page, Worker

NOTEBOOK = Path(__file__).with_name("notebook.js")
PREFIX = "BackgroundCallCard::"
BOOT_MS = 30_000
NOTHING: Any = object()
"""Stands for a payload that is undefined: JSON has no such thing."""

Raised = tuple[str, Any]
"""An event's short name and its payload."""


def initialized(call_id: str, **fields: object) -> Raised:
    """A full ``initialized`` of this call; the fields go over it."""
    payload = {
        "CALL_ID": call_id,
        "PHONE_NUMBER": "+4930123456",
        "LINE_NUMBER": "reg1",
        "LINE_NAME": "Main line",
        "CRM_ENTITY_TYPE": "CONTACT",
        "CRM_ENTITY_ID": 7,
        "CRM_ACTIVITY_ID": 21,
        "CRM_BINDINGS": [{"ENTITY_TYPE": "CONTACT", "ENTITY_ID": 7}],
        "CALL_DIRECTION": "incoming",
        "CALL_STATE": "connecting",
        "CALL_LIST_MODE": False,
    }
    return ("initialized", payload | fields)


def comments(count: int, first: int = 0) -> list[Raised]:
    """Events that can be told apart: comments that are numbers."""
    return [("addCommentButtonClick", str(number)) for number in range(first, first + count)]


def one_of_each(call_id: str) -> list[Raised]:
    """All 17 events of a call, the one that closes its card last."""
    return [
        initialized(call_id),
        ("entityChanged", {"PHONE_NUMBER": "+4930123456", "CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": 8}),
        ("addCommentButtonClick", "first"),
        ("muteButtonClick", True),
        ("holdButtonClick", True),
        ("transferButtonClick", {"phoneNumber": "+4930999", "target": "5"}),
        ("cancelTransferButtonClick", []),
        ("completeTransferButtonClick", []),
        ("nextButtonClick", []),
        ("skipButtonClick", []),
        ("answerButtonClick", []),
        ("qualityMeterClick", "4"),
        ("dialpadButtonClick", "#"),
        ("makeCallButtonClick", []),
        ("notifyAdminButtonClick", []),
        ("hangupButtonClick", []),
        ("closeButtonClick", []),
    ]


class Placement:
    """The portal's page, with the placement page in its hidden frame.

    Attributes:
        page: the portal's page.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self._reached = 0
        page.set_default_timeout(BOOT_MS)

    # The portal's side ---------------------------------------------------------------------------

    def raise_event(self, short_name: str, payload: object = NOTHING) -> None:
        """Raise one event on the wire, once the frame has bound the names: before that nobody hears it."""
        values = [] if payload is NOTHING else [payload]
        self.until_bound()
        self._reached += self.page.evaluate("([name, values]) => portal.raise(name, values[0])", [short_name, values])

    def raise_all(self, raised: list[Raised]) -> None:
        """Raise events in one burst, once the frame has bound the names."""
        self.until_bound()
        self._reached += self.page.evaluate(
            "(all) => all.reduce((sum, [name, payload]) => sum + portal.raise(name, payload), 0)", raised
        )

    def raise_all_unheard(self, raised: list[Raised]) -> None:
        """Raise events in one burst, whoever hears them."""
        self.page.evaluate("(all) => all.forEach(([name, payload]) => portal.raise(name, payload))", raised)

    def until_bound(self) -> None:
        """Wait until a frame has bound all 17 names."""
        self.page.wait_for_function("() => portal.frames().some((frame) => new Set(frame.bound).size === 17)")

    def raise_all_once_bound(self, raised: list[Raised]) -> None:
        """Raise events in one burst, at the very moment at which the frame has bound the last of the 17 names."""
        self._reached += self.page.evaluate(
            """async (all) => {
              const bound = () => portal.frames().some((frame) => new Set(frame.bound).size === 17);
              while (!bound()) {
                await new Promise((resolve) => addEventListener("message", resolve, { once: true }));
              }
              return all.reduce((sum, [name, payload]) => sum + portal.raise(name, payload), 0);
            }""",
            raised,
        )

    def bound(self) -> list[str]:
        """The names that the frame has bound; one bound twice is here twice."""
        names: list[str] = self.page.evaluate("window.portal.frames()[0].bound")
        return names

    def configure(self, **faults: object) -> None:
        """Make the portal misbehave."""
        self.page.evaluate("(faults) => window.portal.configure(faults)", faults)

    def sent(self, command: str | None = None) -> list[Any]:
        """Parameters of the commands of one name that reached the portal, or names of all of them."""
        rows = self.page.evaluate("window.portal.sent.map(({command, params}) => [command, params])")
        return [row[1] for row in rows if row[0] == command] if command else [row[0] for row in rows]

    # The frame's side ----------------------------------------------------------------------------

    @property
    def frame(self) -> Frame:
        """The hidden frame with the placement page."""
        return next(frame for frame in self.page.frames if frame.url.startswith("http://app.localhost"))

    def until(self, condition: str, argument: object = None, timeout_s: float = BOOT_MS / 1000) -> None:
        """Wait until an expression of the placement page holds; `argument` and `stats` are in its scope."""
        script = f"""(argument) => {{
          const stats = workerPy.stats();
          if (stats.state === "failed") throw new Error(JSON.stringify(workerPy.diagnostics().problems));
          return {condition};
        }}"""
        # Polling: a hidden frame has no animation frames.
        self.frame.wait_for_function(script, arg=argument, polling=50, timeout=timeout_s * 1000)

    def until_ready(self) -> None:
        """Wait until Python runs."""
        self.until("stats.state === 'ready'")

    def until_settled(self, timeout_s: float = BOOT_MS / 1000) -> None:
        """Wait until every event that was raised has come and been handled to its end."""
        condition = "stats.state === 'ready' && stats.events >= argument && stats.waiting === 0"
        self.until(condition, self._reached, timeout_s)

    def until_noted(self, count: int, timeout_s: float = BOOT_MS / 1000) -> list[Any]:
        """Wait for so many notes, and return all there are."""
        self.until("notebook.notes.length >= argument", count, timeout_s)
        return self.notes()

    def notes(self) -> list[Any]:
        """What Python noted, in order."""
        notes: list[Any] = self.frame.evaluate("notebook.notes")
        return notes

    def emit(self, name: str, payload: object = None) -> None:
        """Tell Python something from the page."""
        self.frame.evaluate("([name, payload]) => workerPy.emit(name, payload)", [name, payload])

    def stats(self) -> dict[str, Any]:
        """`workerPy.stats()`."""
        counts: dict[str, Any] = self.frame.evaluate("workerPy.stats()")
        return counts

    def trace(self, kind: str | None = None) -> list[dict[str, Any]]:
        """`workerPy.trace()`, or its entries of one kind."""
        entries: list[dict[str, Any]] = self.frame.evaluate("workerPy.trace()")
        return [entry for entry in entries if kind in (None, entry["kind"])]

    def diagnostics(self) -> dict[str, Any]:
        """`workerPy.diagnostics()`."""
        found: dict[str, Any] = self.frame.evaluate("workerPy.diagnostics()")
        return found

    def reports(self, kind: str) -> list[dict[str, Any]]:
        """What was reported of one kind."""
        return [report for report in self.diagnostics()["reports"] if report["kind"] == kind]

    def worker_ends(self) -> list[str]:
        """How workers of this page ended so far: how, a colon, and why."""
        ends: list[str] = self.diagnostics()["workers"]["ended"]
        return ends

    def workers(self) -> list[Worker]:
        """The dedicated workers of this page."""
        return self.page.workers
