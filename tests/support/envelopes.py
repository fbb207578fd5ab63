"""What pages send to a report sink, as tests make it up."""

import json
import uuid
from typing import Any


def event(**changes: Any) -> dict[str, Any]:
    """An entry as a page makes it: a handler that failed; ``tags`` are put over its own."""
    tags = {"kind": "handler_failed", "handler": "greet", "event": "BackgroundCallCard::initialized", "mode": "shared"}
    made = {
        "event_id": uuid.uuid4().hex,
        "level": "error",
        "release": "0.2.0+" + "a" * 12,
        "user": {"id": "b" * 32},
        "tags": {**tags, "portal": "c" * 16, **changes.pop("tags", {})},
        "contexts": {"browser": {"name": "Chrome", "version": "156"}},
        "exception": {
            "values": [
                {
                    "type": "LookupError",
                    "stacktrace": {"frames": [{"filename": "/app/cards.py", "lineno": 7, "in_app": True}]},
                }
            ]
        },
        "extra": {},
    }
    return {**made, **changes}


def boot(ms: float, **changes: Any) -> dict[str, Any]:
    """An interpreter that started in so many milliseconds."""
    made = event(**{"level": "info", "exception": {}, "extra": {"ms": ms}, **changes})
    made["tags"] = {**made["tags"], "kind": "boot", "handler": "", "event": ""}
    return made


def envelope(*events: Any) -> bytes:
    """What one request brings."""
    lines = ['{"sent_at": "2026-11-29T15:00:00Z"}']
    for each in events:
        lines += ['{"type":"event"}', json.dumps(each)]
    return ("\n".join(lines) + "\n").encode()
