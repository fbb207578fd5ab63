"""What pages complained about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, WebError

from tests.support.browsers import engine

POLICIES = ("Content Security Policy", "Permissions-Policy", "Permissions policy")


@dataclass
class Complaints:
    """Console errors, uncaught exceptions, violations of the CSP. Any fails the test.

    Attributes:
        seen: Every complaint so far.
        expected: Patterns of those that the test wants; each must match at least one.
    """

    seen: list[str] = field(default_factory=list)
    expected: list[re.Pattern[str]] = field(default_factory=list)

    def expect(self, pattern: str) -> None:
        """Let complaints that match pass, and fail the test when there is none."""
        self.expected.append(re.compile(pattern))

    def expect_logged(self, pattern: str) -> None:
        """The same of what a browser itself notes of a request that failed, where it does."""
        if engine().logs_http_errors:
            self.expect(pattern)

    def forget(self) -> None:
        """Begin anew."""
        self.seen.clear()
        self.expected.clear()

    def watch(self, context: BrowserContext) -> None:
        """Collect from all pages of a context, their frames and dedicated workers included."""
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)

    @contextmanager
    def watching(self, context: BrowserContext) -> Iterator[None]:
        """The same for a while: of a profile that several tests share, each hears what came in its time."""
        self.watch(context)
        try:
            yield
        finally:
            context.remove_listener("console", self._on_console)
            context.remove_listener("weberror", self._on_error)

    def _on_error(self, problem: WebError) -> None:
        self.seen.append(f"uncaught: {problem.error}")

    def _on_console(self, message: ConsoleMessage) -> None:
        # The browser itself reports violations and failed loads this way.
        if message.type == "error" or any(name in message.text for name in POLICIES):
            self.seen.append(
                f"{message.text} ({message.location.get('url', '')}:{message.location.get('lineNumber', '')})"
            )

    def check(self) -> None:
        """Fail for what was not expected, and for what was expected and missing."""
        unexpected = [text for text in self.seen if not any(pattern.search(text) for pattern in self.expected)]
        missing = [pattern.pattern for pattern in self.expected if not any(pattern.search(text) for text in self.seen)]
        if not engine().is_playwrights:
            return  # nothing was heard
        assert not unexpected, "the page complained:\n" + "\n".join(unexpected)
        assert not missing, f"complaints that were expected and did not come: {missing}"
