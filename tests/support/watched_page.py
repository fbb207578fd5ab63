"""A page of the portal, as this repository's own tests drive it: beyond the kit's verbs, what only they ask for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page, Worker

from worker_py_tool.kit.browser_portal import BOUND, DEADLINE_MS, BrowserCall, PortalPage

Raised = tuple[str, Any]
"""An event's short name and its payload."""

_RAISE_ALL = "all.filter(([name, payload]) => portal.raise(name, payload) > 0).length"


class WatchedPage(PortalPage):
    """Bursts of events, frames and loads of every kind, all that the placement page tells, and cases that share it."""

    def __init__(self, page: Page, app_url: str) -> None:
        super().__init__(page, app_url)
        self._before: dict[str, Any] = {}

    # The portal's side: calls, events and commands ---------------------------------------------------

    def call_list(self, length: int, **options: Any) -> BrowserCall:
        """The card of a call list."""
        return self._call("(portal, [length, options]) => portal.callList(length, options)", [length, options])

    def silent_card(self) -> BrowserCall:
        """A card that commands can be sent to, although no event told of it."""
        return self.incoming_call(silent=True)

    def raise_all(self, raised: list[Raised]) -> None:
        """Raise events in one burst."""
        self.until_bound()
        self._heard += self.portal(f"(portal, all) => {_RAISE_ALL}", raised)

    def raise_all_once_bound(self, raised: list[Raised]) -> None:
        """Raise events in one burst, at the very moment at which the frame has bound the last of the 17 names."""
        self._heard += self.portal(
            f"""async (portal, all) => {{
              while (!({BOUND})) {{
                await new Promise((resolve) => addEventListener("message", resolve, {{ once: true }}));
              }}
              return {_RAISE_ALL};
            }}""",
            raised,
        )

    def card(self) -> dict[str, Any]:
        """What `portal.card()` tells."""
        snapshot: dict[str, Any] = self.portal("(portal) => portal.card()")
        return snapshot

    def until_card(self, **wanted: object) -> None:
        """Wait until what `portal.card()` tells is like this."""
        script = "(wanted) => Object.entries(wanted).every(([key, value]) => window.portal.card()?.[key] === value)"
        self.playwright_page.wait_for_function(script, arg=wanted)

    def sent(self, command: str | None = None) -> list[Any]:
        """Parameters of the commands of one name that reached the portal, or the names of all."""
        rows = self.commands()
        return [params for name, params in rows if name == command] if command else [name for name, _ in rows]

    def commands(self) -> list[tuple[str, Any]]:
        """The commands that reached the portal, with their parameters."""
        rows = self.portal("(portal) => portal.sent.map(({command, params}) => [command, params])")
        return [(command, _without_the_sdks(params)) for command, params in rows]

    def until_sent(self, command: str) -> None:
        """Wait until a command has reached the portal."""
        script = "(name) => window.portal.sent.some(({ command }) => command === name)"
        self.playwright_page.wait_for_function(script, arg=command)

    # The portal's side: pages and frames --------------------------------------------------------------

    def reload(self) -> None:
        """Load the page anew, and wait until its hidden page has loaded."""
        self.playwright_page.reload()
        self.until_there()

    def close(self) -> None:
        """Close the tab."""
        self.playwright_page.close()

    def open_slider(self) -> str:
        """Open a slider, a document of its own with a hidden page of its own; returns its frame's id."""
        return str(self.portal("(portal) => portal.openFrame({ kind: 'slider' })"))

    def remove_frame(self) -> None:
        """Tear the hidden frame out of the page."""
        self.portal("(portal) => portal.closeFrame(portal.frames()[0].id)")

    def until_there(self) -> None:
        """As `PortalPage.until_there`."""
        self._before = {}
        super().until_there()

    def bound(self) -> list[str]:
        """The names that the frame has bound; one bound twice is here twice."""
        names: list[str] = self.portal("(portal) => portal.frames()[0].bound")
        return names

    # The frame's side --------------------------------------------------------------------------------

    def until(self, condition: str, argument: object = None, timeout_s: float = DEADLINE_MS / 1000) -> None:
        """As `PortalPage.until`; in its scope `before`, too: `stats`, as they were when the case began."""
        super().until(f"((before) => {condition})({json.dumps(self._before)})", argument, timeout_s)

    def until_ready_everywhere(self) -> None:
        """Wait until the hidden pages of this tab and of its sliders all have an interpreter."""
        ready = "() => window.workerPy?.stats().state === 'ready'"  # a slider's script may not have come yet
        hidden = self.portal("(portal) => portal.frames().filter(({ kind }) => kind !== 'app').length")

        def everywhere() -> bool:
            there = [frame for frame in self.playwright_page.frames if self._is_app(frame)]
            return len(there) >= hidden and all(frame.evaluate(ready) for frame in there)

        self.poll(everywhere, "an interpreter in each hidden page")

    def stats(self) -> dict[str, Any]:
        """`workerPy.stats()`."""
        counts: dict[str, Any] = self.evaluate("workerPy.stats()")
        return counts

    def counted(self, *path: str) -> int:
        """By how much a counter of `stats()` has grown in this case."""
        return _at(self.stats(), path) - _at(self._before, path)

    def trace(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The entries of `workerPy.trace()` that came in this case, or those of one kind."""
        # Asked at once: of two questions, the second knows of what came between them.
        entries, counts = self.evaluate("[workerPy.trace(), workerPy.stats().trace]")
        count = sum(counts.values()) - sum(self._before.get("trace", {}).values())
        return [entry for entry in entries[max(0, len(entries) - count) :] if kind in (None, entry["kind"])]

    def diagnostics(self) -> dict[str, Any]:
        """`workerPy.diagnostics()`."""
        found: dict[str, Any] = self.evaluate("workerPy.diagnostics()")
        return found

    def host(self) -> dict[str, Any]:
        """`workerPy.diagnostics().host`."""
        found: dict[str, Any] = self.diagnostics()["host"]
        return found

    def page_id(self) -> str:
        """The id of the present load of the placement page."""
        return str(self.stats()["page"])

    def reports(self, kind: str | None = None) -> list[dict[str, Any]]:
        """What was reported in this case, or what of one kind."""
        rows, counts = self.evaluate("[workerPy.diagnostics().reports, workerPy.stats().reports]")
        total = sum(counts.values()) - sum(self._before.get("reports", {}).values())
        return [row for row in rows[max(0, len(rows) - total) :] if kind in (None, row["kind"])]

    def worker_ends(self) -> list[str]:
        """How workers of this page ended so far: how, a colon, and why."""
        ends: list[str] = self.diagnostics()["workers"]["ended"]
        return ends

    def workers(self) -> list[Worker]:
        """The dedicated workers of this page."""
        return self.playwright_page.workers

    # Several cases on one page -----------------------------------------------------------------------

    @contextmanager
    def case(self) -> Iterator[None]:
        """One case of several that share this page: the portal forgets what was before it, and counters begin anew.

        What the case before began is waited for: what came of it would be counted as this one's.
        """
        self.until("stats.waiting === 0")
        self.portal("async (portal) => { await portal.configure(null); portal.clear(); }")
        self.count_anew()
        yield

    def count_anew(self) -> None:
        """What has come until now is no part of what is counted from here on."""
        self._before = self.stats()
        self._heard = self._before["events"]


def _at(counts: Mapping[str, Any], path: tuple[str, ...]) -> int:
    value: Any = counts
    for key in path:
        value = value.get(key, 0) if isinstance(value, Mapping) else 0
    return int(value or 0)


def _without_the_sdks(params: Any) -> Any:
    """Parameters without those that `@bitrix24/b24jssdk` adds for itself."""
    added = ("safelyTime", "isRawValue", "isSafely")
    return {key: value for key, value in params.items() if key not in added} if isinstance(params, dict) else params
