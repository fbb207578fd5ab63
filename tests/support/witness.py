"""A page of the portal with a page script that keeps what Python tells the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.support.complaints import Complaints
from worker_py_tool.kit.browser_portal import DEADLINE_MS, PortalPage

WITNESS: Final = Path(__file__).with_name("witness.js")


class WitnessPage(PortalPage):
    """In Python: `await card.page.call("tell", …)`, or of any other page."""

    def told(self) -> Any:
        """What Python told next."""
        return self.evaluate("(deadline) => witness.next(deadline)", DEADLINE_MS)

    def notes(self) -> list[Any]:
        """All that Python told, in order."""
        notes: list[Any] = self.evaluate("witness.told")
        return notes

    def until_noted(self, count: int, timeout_s: float = DEADLINE_MS / 1000) -> list[Any]:
        """Wait until Python told so much, and return all there is."""
        self.until_evaluates("(count) => window.witness?.told.length >= count", count, timeout_s)
        return self.notes()

    @contextmanager
    def case(self) -> Iterator[None]:
        """One case of several: what Python told must be what the test asked for."""
        self.evaluate("witness.rest()")
        with super().case():
            yield
        self.until("stats.waiting === 0")
        left = self.evaluate("witness.rest()")
        assert left == [], "Python told more than the test asked for"


class SharedPage(WitnessPage):
    """A page with one booted app, shared by the cases of a module: booting Python for each would take minutes.

    A case opens a call of its own, so that nothing of the case before is left but the counters.

    Attributes:
        complaints: what both pages complained about; checked after each case.
        client: the portal's client in the bundle.
    """

    complaints: Complaints
    client: str

    @property
    def empty(self) -> object:
        """What the wire's empty form reaches a callback as: the two clients differ."""
        return [] if self.client == "bx24" else ""

    @contextmanager
    def case(self) -> Iterator[None]:
        """One case: nothing may have gone wrong unnoticed."""
        self.complaints.forget()
        with super().case():
            yield
        self.complaints.check()

    def close_call(self) -> None:
        """End the call of a case behind it.

        Python takes a card that the portal has taken away in silence for shown, for some seconds: it sets its title
        again, and `entityChanged` of the next card is its own where `initialized` is 50 ms late.
        """
        self.raise_event("closeButtonClick")
        self.until_settled()
