"""What the unit tests look at: what handlers saw, and what the pages were told."""

from typing import Any

from worker_py import App, CallCard
from worker_py.events import CardClosed, CardEvent
from worker_py.testing import MemoryPage, Portal
from worker_py.wire import EVENTS

Journal = list[tuple[str, ...]]
"""What handlers saw: event, call, and page or reason."""


def acked(page: MemoryPage) -> list[int]:
    """The events that this page was told are done, by number."""
    return [message["seq"] for message in page.messages if message["t"] == "ack"]


def traced(page: MemoryPage, kind: str) -> list[str]:
    """The names of what was traced on this page."""
    entries = [message["entry"] for message in page.messages if message["t"] == "trace"]
    return [entry["name"] for entry in entries if entry["kind"] == kind]


def turns(page: MemoryPage) -> list[int]:
    """The events whose handlers went on, as this page was told; 0 for another's."""
    return [message["seq"] for message in page.messages if message["t"] == "turn"]


def watching(app: App) -> Journal:
    """Let a handler of every event, and of closing, write down event, call and page."""
    journal: Journal = []

    def watch(event: CardEvent, card: CallCard) -> None:
        journal.append((type(event).__name__, card.call_id, event.meta.page_id))

    for spec in EVENTS:
        app.add_handler(spec.event_type, watch)

    @app.on(CardClosed)
    def closed(event: CardClosed, card: CallCard) -> None:
        journal.append(("CardClosed", event.call_id, event.reason))

    return journal


def acks(portal: Portal) -> list[list[list[Any]]]:
    """Name, duration and outcome of the handlers of each event."""
    acknowledgements = [message for message in portal.page.messages if message["t"] == "ack"]
    return [[list(run.values())[:3] for run in message["handlers"]] for message in acknowledgements]


def outcomes(portal: Portal) -> list[list[str]]:
    """How each handler of each event ended."""
    return [[row[2] for row in rows] for rows in acks(portal)]


def texts(portal: Portal) -> list[tuple[str, str]]:
    """Handler and error of each report."""
    return [(report["handler"].rsplit(".", 1)[-1], report["error"]) for report in portal.reports]


class Boom(Exception):
    """What a handler of a test fails with."""
