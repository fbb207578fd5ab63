"""The golden file: a recording of `workerPy.record()` without what differs from run to run.

Kept are the events with their payloads, what the app asked, and the answers. Ids are numbered by kind in the order of
their appearance; each event begins a second of its own, and what follows it comes 10 ms apart.
"""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PATH = Path(__file__).parents[1] / "golden" / "call.json"
EPOCH_MS = 1_700_000_000_000
KEPT = {"event", "command", "sent", "answer", "rest", "rest_answer"}


def normalised(recording: Mapping[str, Any]) -> dict[str, Any]:
    """The recording as the golden file has it."""
    entries: list[dict[str, Any]] = []
    ids: dict[str, str] = {}
    counts: Counter[str] = Counter()
    event, at = 0, 0
    service: set[str] = set()
    for entry in recording["entries"]:
        message = dict(entry["message"])
        if message["t"] not in KEPT:
            continue
        if "purpose" in message:
            service.add(message["id"])
        if message.get("id") in service:
            continue
        if message["t"] == "event":
            event += 1
            at = event * 1000
            message |= {"seq": event, "at": EPOCH_MS + at}
        else:
            at += 10
            message["id"] = _numbered(message["id"], ids, counts)
        entries.append({"at": at, "to": entry["to"], "message": message})
    return {"version": recording["version"], "build": "golden", "started_at": EPOCH_MS, "entries": entries}


def _numbered(given: str, ids: dict[str, str], counts: Counter[str]) -> str:
    if given not in ids:
        counts[given[0]] += 1
        ids[given] = f"{given[0]}{counts[given[0]]}"
    return ids[given]


def read() -> dict[str, Any]:
    """The golden file."""
    recording: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
    return recording


def write(recording: Mapping[str, Any]) -> None:
    """Make it anew, an entry a line."""
    head = json.dumps({key: value for key, value in recording.items() if key != "entries"})
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in recording["entries"])
    PATH.write_text(f'{head[:-1]}, "entries": [\n{lines}\n]}}\n', encoding="utf-8")
