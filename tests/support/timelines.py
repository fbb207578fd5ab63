"""The Timeline tab as tests read and drive it, with an app whose handlers end in every way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import FilePayload, Locator, Page, expect

from worker_py_tool.kit.browser_portal import PortalPage

APP = """
    import asyncio

    from worker_py import App, UiState
    from worker_py.events import (
        AddCommentButtonClick, AnswerButtonClick, HoldButtonClick, Initialized, MuteButtonClick, QualityMeterClick,
    )

    app = App(command_timeout_ms=3000)

    @app.on(Initialized)
    async def greet(event, card):
        contact = await card.rest.call("crm.contact.get", {"id": 7})
        await card.set_card_title(f"{contact['NAME']} calls from {event.phone_number}")

    @app.on(AnswerButtonClick)
    async def take(event, card):
        await asyncio.sleep(0.4)
        await card.set_ui_state(UiState.CONNECTED)

    @app.on(MuteButtonClick)
    async def broken(event, card):
        raise ValueError("no such luck")

    async def endless(event, card):
        await asyncio.sleep(60)

    app.add_handler(HoldButtonClick, endless, timeout_s=0.8)

    @app.on(QualityMeterClick)
    async def patient(event, card):
        if not event.meta.redelivered:
            await asyncio.sleep(25)
        await card.set_status_text("thanks")

    @app.on(AddCommentButtonClick)
    async def note(event, card):
        await card.set_status_text(event.comment)
"""

_BARS = """(bars) => bars.map((bar) => {
    const { x, width } = bar.getBoundingClientRect();
    return {
        lane: bar.closest(".tl-lane").dataset.lane, name: bar.querySelector(".tl-name").textContent,
        outcome: bar.dataset.outcome, label: bar.getAttribute("aria-label"), x, width,
    };
})"""

NARROWEST = 5
"""No bar is drawn narrower, in pixels: `NARROWEST_PX` of timeline_chart.js."""


@dataclass
class Bar:
    """A bar as it is drawn.

    Attributes:
        lane: its kind, such as `handler`.
        name: of the event, handler, command.
        outcome: what its colour and sign say.
        label: its accessible name.
        x: where it begins, in pixels.
        width: in pixels.
    """

    lane: str
    name: str
    outcome: str
    label: str
    x: float
    width: float

    @property
    def end(self) -> float:
        """Where it ends, in pixels; where it begins, when it is drawn wider than it is so that one can see it."""
        return self.x + (self.width if self.width > NARROWEST else 0)

    @property
    def took_ms(self) -> float:
        """The duration in its label."""
        number, unit = next(part.split() for part in self.label.split(", ") if part.endswith((" ms", " s")))
        return float(number) * (1000 if unit == "s" else 1)


class TimelinePage(PortalPage):
    """A portal page, and the tab in it."""

    def __init__(self, page: Page, app_url: str) -> None:
        super().__init__(page, app_url)
        self.panel = page.get_by_role("tabpanel", name="Timeline")
        self.status = self.panel.get_by_role("status")
        self.problem = self.panel.get_by_role("alert")
        self.details = self.panel.get_by_role("region", name="Details")

    def until_handled(self, handler: str, times: int = 1, outcome: str = "ok") -> None:
        """Wait until a handler has ended so often in this way, and until the tab has been told.

        Not told by bars: one that would lie on another of the same kind, some tenths of a second away, is not drawn.
        """
        ends = [handler, outcome]
        self.poll(
            lambda: [[each["name"], each["outcome"]] for each in self.trace("handler")].count(ends) == times, handler
        )
        self._until_told()

    def _until_told(self) -> None:
        """Wait until the portal's page has heard all that the hidden one has told it: what is told keeps its order."""
        self.portal("""() => {
          const isLast = ({ data }) => data?.workerPyFeed?.what === "last word";
          window.lastWord = new Promise((resolve) => addEventListener("message", (told) => isLast(told) && resolve()));
        }""")
        self.evaluate("() => parent.postMessage({ workerPyFeed: { what: 'last word', page: '' } }, '*')")
        self.portal("() => window.lastWord")

    def open(self) -> None:
        """Open the tab."""
        self.playwright_page.get_by_role("tab", name="Timeline").click()

    def button(self, name: str) -> Locator:
        """A button of the tab."""
        return self.panel.get_by_role("button", name=name, exact=True)

    def bar(self, lane: str, name: str, outcome: str = "") -> Locator:
        """Bars of a lane with this name, and this outcome if given."""
        wanted = f'[data-lane="{lane}"] .tl-bar' + (f'[data-outcome="{outcome}"]' if outcome else "")
        return self.playwright_page.locator(wanted).filter(has=self.playwright_page.get_by_text(name, exact=True))

    def bars(self) -> list[Bar]:
        """All that are drawn."""
        return [Bar(**row) for row in self.playwright_page.locator(".tl-bar").evaluate_all(_BARS)]

    def one(self, lane: str, name: str) -> Bar:
        """The only bar of this lane with this name."""
        return self.each((lane, name))[0]

    def each(self, *wanted: tuple[str, str]) -> list[Bar]:
        """The only bars of these lanes and names, as one frame drew them: another may have another scale."""
        drawn = self.bars()
        found = [[bar for bar in drawn if (bar.lane, bar.name) == pair] for pair in wanted]
        assert [len(bars) for bars in found] == [1] * len(wanted), found
        return [bars[0] for bars in found]

    def call(self) -> None:
        """A call comes in, and Python has greeted it."""
        self.incoming_call(ui_state="incoming", entityChangedFirst=False)
        expect(self.playwright_page.locator("#card-title")).to_have_text("Mara calls from +12025550143")

    @contextmanager
    def case(self) -> Iterator[None]:
        """One case of several: no bar of the one before is left, and the tab is as one finds it."""
        table = self.button("Table")
        self.open()
        if table.get_attribute("aria-pressed") == "true":
            table.click()
        with super().case():
            self._until_told()
            self.button("Clear").click()
            yield

    def close_call(self) -> None:
        """End the call of a case behind it: Python forgets it, and its page's span ends."""
        self.raise_event("closeButtonClick")
        self.until_settled()

    def raised(self, event: str, argument: object = None) -> None:
        """The operator does something on the card, whether or not its state has a button for it."""
        self.act("(portal, [event, argument]) => portal.act(event, argument ?? undefined)", [event, argument])

    # Recordings ----------------------------------------------------------------------------------

    def record(self) -> None:
        """Start recording."""
        self.button("Record").click()
        expect(self.panel.get_by_text("● Recording")).to_be_visible()

    def save(self, button: str) -> dict[str, Any]:
        """What the file holds that a button saves."""
        with self.playwright_page.expect_download() as download:
            self.button(button).click()
        content: dict[str, Any] = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
        return content

    def open_text(self, text: str, name: str = "call.json") -> None:
        """Choose a file with this text."""
        file: FilePayload = {"name": name, "mimeType": "application/json", "buffer": text.encode()}
        self.panel.get_by_label("Open recording").set_input_files([file])

    def play(self, speed: str) -> None:
        """Play what is open, to its end; the speed as the option's value."""
        self.panel.get_by_role("combobox", name="Speed of the replay").select_option(speed)
        self.button("Play").click()
        expect(self.button("Play")).to_be_visible()


def recording_of(*raised: tuple[int, str, object], commands: list[tuple[str, object]]) -> dict[str, Any]:
    """A recording with these events at these milliseconds, and with these commands after the last of them."""
    entries: list[dict[str, Any]] = [
        {
            "at": at,
            "to": "python",
            "message": {"t": "event", "name": f"BackgroundCallCard::{name}", "payload": payload, "seq": number},
        }
        for number, (at, name, payload) in enumerate(raised, 1)
    ]
    last = raised[-1][0]
    for number, (command, params) in enumerate(commands, 1):
        message = {"t": "command", "id": f"c{number}", "command": command, "params": params}
        entries.append({"at": last + 20, "to": "page", "message": message})
    return {"version": 1, "build": "test", "started_at": 1_700_000_000_000, "entries": entries}
