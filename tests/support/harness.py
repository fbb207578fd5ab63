"""One portal page with one booted app, shared by the cases of a module: booting Python for each would take minutes.

A case opens a call of its own, so that nothing of the case before is left but the counters; those are compared with
what they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Frame, Page

if TYPE_CHECKING:
    from tests.browser.conftest import Complaints

WITNESS = Path(__file__).with_name("witness.js")
DEADLINE_MS = 20_000
NOTHING: Any = object()
"""Stands for a payload that is undefined: JSON has no such thing."""


@dataclass
class Stage:
    """A portal page, the hidden frame in it, and Python behind the frame.

    Attributes:
        page: the portal's page.
        complaints: what both pages complained about; checked after each case.
        client: the portal's client in the bundle.
    """

    page: Page
    complaints: Complaints
    client: str = "bx24"
    _before: dict[str, Any] = field(default_factory=dict)

    @property
    def empty(self) -> object:
        """What the wire's empty form reaches a callback as: the two clients differ."""
        return [] if self.client == "bx24" else ""

    # The portal's side ---------------------------------------------------------------------------

    def portal(self, script: str, argument: object = None) -> Any:
        """Evaluate a function of `(portal, argument)` in the portal's page."""
        return self.page.evaluate(f"(argument) => ({script})(window.portal, argument)", argument)

    def incoming_call(self, **options: object) -> str:
        """Open the card of an incoming call; returns its id. The options are the portal's own (`telephony.js`)."""
        return str(self.portal("(portal, options) => portal.incomingCall(options)", options))

    def call_list(self, length: int, **options: object) -> str:
        """Open a card in call-list mode; returns its id."""
        script = "(portal, [length, options]) => portal.callList(length, options)"
        return str(self.portal(script, [length, options]))

    def click(self, what: str, argument: object = None) -> None:
        """Click on the card as the operator does: by a button's name, or the short name of its event."""
        script = "(portal, [what, argument]) => portal.click(what, argument ?? undefined)"
        self.portal(script, [what, argument])

    def raise_event(self, short_name: str, payload: object = NOTHING, **options: object) -> int:
        """Raise an event on the wire with exactly this payload; returns how many callbacks it was sent to."""
        script = "(portal, [name, value, options]) => portal.raise(name, value[0], options)"
        return int(self.portal(script, [short_name, [] if payload is NOTHING else [payload], options]))

    def configure(self, **faults: object) -> None:
        """Make the portal misbehave until the end of the case (`faults.js`)."""
        self.portal("(portal, faults) => portal.configure(faults)", faults)

    def card(self) -> dict[str, Any]:
        """What the card is now."""
        snapshot: dict[str, Any] = self.portal("(portal) => portal.card()")
        return snapshot

    def await_card(self, **wanted: object) -> None:
        """Wait until the card is like this."""
        script = "(wanted) => Object.entries(wanted).every(([key, value]) => window.portal.card()?.[key] === value)"
        self.page.wait_for_function(script, arg=wanted, timeout=DEADLINE_MS)

    def sent(self) -> list[tuple[str, Any]]:
        """The commands that reached the portal in this case, with their parameters."""
        rows = self.portal("(portal) => portal.sent.map(({command, params}) => [command, params])")
        return [(command, _without_the_sdks(params)) for command, params in rows]

    # The frame's side ----------------------------------------------------------------------------

    @property
    def frame(self) -> Frame:
        """The hidden frame with the placement page."""
        return next(frame for frame in self.page.frames if frame.url.startswith("http://app."))

    def told(self) -> Any:
        """What Python told next by `await card.page.call("tell", …)`."""
        return self.frame.evaluate("(deadline) => witness.next(deadline)", DEADLINE_MS)

    def stats(self) -> dict[str, Any]:
        """`workerPy.stats()`."""
        counts: dict[str, Any] = self.frame.evaluate("workerPy.stats()")
        return counts

    def await_stats(self, condition: str) -> None:
        """Wait until an expression of `stats` and `before`, those at the beginning of the case, holds."""
        script = f"(before) => {{ const stats = workerPy.stats(); return {condition}; }}"
        # Polling: the hidden frame has no animation frames.
        self.frame.wait_for_function(script, arg=self._before, polling=50, timeout=DEADLINE_MS)

    def counted(self, *path: str) -> int:
        """By how much a counter of `stats()` has grown in this case."""
        return _at(self.stats(), path) - _at(self._before, path)

    def diagnostics(self) -> dict[str, Any]:
        """`workerPy.diagnostics()`."""
        found: dict[str, Any] = self.frame.evaluate("workerPy.diagnostics()")
        return found

    def reports(self) -> list[dict[str, Any]]:
        """What was reported in this case."""
        total = sum(self.stats()["reports"].values()) - sum(self._before["reports"].values())
        rows: list[dict[str, Any]] = self.diagnostics()["reports"]
        return rows[len(rows) - total :]

    def trace(self) -> list[dict[str, Any]]:
        """The entries of `workerPy.trace()` that came in this case."""
        counts = self.stats()["trace"]
        total = sum(counts.values()) - sum(self._before["trace"].values())
        entries: list[dict[str, Any]] = self.frame.evaluate("workerPy.trace()")
        return entries[len(entries) - total :]

    @contextmanager
    def case(self) -> Iterator[Stage]:
        """One case: everything before it is forgotten, and nothing may have gone wrong unnoticed."""
        self.complaints.seen.clear()
        self.complaints.expected.clear()
        self.portal("async (portal) => { await portal.configure(null); portal.clear(); }")
        self.frame.evaluate("witness.rest()")
        self._before = self.stats()
        yield self
        left = self.frame.evaluate("witness.rest()")
        assert left == [], "Python told more than the test asked for"
        self.complaints.check()


def _at(counts: Mapping[str, Any], path: tuple[str, ...]) -> int:
    value: Any = counts
    for key in path:
        value = value.get(key, 0)
    return int(value)


def _without_the_sdks(params: Any) -> Any:
    """Parameters without those that `@bitrix24/b24jssdk` adds for itself."""
    added = ("safelyTime", "isRawValue", "isSafely")
    return {key: value for key, value in params.items() if key not in added} if isinstance(params, dict) else params
