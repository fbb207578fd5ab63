"""An app that tells what it sees of each event: run in the kit and in a browser alike, on the rows of `events.json`."""

import dataclasses
from typing import Any

from worker_py import App, CallCard
from worker_py.events import CardEvent
from worker_py.wire import EVENTS

app = App()


async def seen(event: CardEvent, card: CallCard) -> None:
    fields: dict[str, Any] = dataclasses.asdict(event)
    del fields["meta"]
    await card.page.call("tell", [type(event).__name__, fields])


for spec in EVENTS:
    app.on(spec.event_type)(seen)
