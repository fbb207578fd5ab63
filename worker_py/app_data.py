"""What an app keeps for itself, beside its calls: ``app.data``, as it outlives the interpreter.

Each key has the time of its last write, so that of two interpreters' records of one user the newest write of a key
holds. A key that was deleted is remembered for a while, or another interpreter would bring it back.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from .wire import json_if_any, parsed, to_json

KEPT_CHARS = 64 * 1024
"""Characters of JSON of all keys and values together; what does not fit is not kept."""

DELETED_KEPT = 200
"""So many deleted keys are remembered, the newest."""

PREFIX = "app.data/"
"""What the id begins with under which a key is kept; the calls are kept under theirs."""

_write_plainly = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode

Entry = tuple[int, str | None]
"""When a key was last written, and its value as JSON; ``None`` when that was its deletion."""


class AppData:
    """The kept form of ``app.data``: ``{key: [written at, value as JSON]}``, without the value for a deleted key.

    Args:
        clock: milliseconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._written: dict[str, Entry] = {}
        self._changed: set[str] = set()

    @property
    def kept(self) -> str | None:
        """All of it, as JSON; ``None`` when there is nothing."""
        return to_json({key: _plain(entry) for key, entry in self._written.items()}) if self._written else None

    def begin(self, data: dict[str, Any]) -> None:
        """What the app has put there while it was imported: older than all that was kept."""
        self._collect(data, 0)
        self._changed.clear()

    def take(self, data: dict[str, Any], record: object) -> bool:
        """Take what is newer in another record into the app's data; returns whether anything was."""
        self._collect(data)
        newer = False
        for key, entry in _read(record).items():
            if self._written.get(key, (-1, None))[0] < entry[0]:
                newer = True
                self._written[key] = entry
                self._changed.discard(key)
                if entry[1] is None:
                    data.pop(key, None)
                else:
                    data[key] = json.loads(entry[1])
        return newer

    def news(self, data: dict[str, Any]) -> dict[str, str]:
        """What the app has written and deleted since the last time: entries as JSON, by the ids to keep them under."""
        self._collect(data)
        news = {PREFIX + key: to_json(_plain(self._written[key])) for key in sorted(self._changed)}
        self._changed.clear()
        return news

    def _collect(self, data: dict[str, Any], now: float | None = None) -> None:
        if not data and not self._written:
            return
        at, room = int(self._clock() if now is None else now), KEPT_CHARS
        kept = set()
        for key, value in list(data.items()):
            text = json_if_any(value, _write_plainly)
            if text is not None and isinstance(key, str) and len(key) + len(text) <= room:
                room -= len(key) + len(text)
                kept.add(key)
                self._write(key, text, at)
        for key in self._written.keys() - kept:
            self._write(key, None, at)
        deleted = [key for key, (_, text) in self._written.items() if text is None and key not in self._changed]
        for key in sorted(deleted, key=lambda key: self._written[key][0])[:-DELETED_KEPT]:
            del self._written[key]

    def _write(self, key: str, text: str | None, now: int) -> None:
        at, before = self._written.get(key, (0, None))
        if before != text:
            self._written[key] = (max(now, at + 1), text)
            self._changed.add(key)


def _plain(entry: Entry) -> list[int | str]:
    at, text = entry
    return [at] if text is None else [at, text]


def _read(record: object) -> dict[str, Entry]:
    """A record's entries; what is none is left out."""
    found: dict[str, Entry] = {}
    for key, entry in record.items() if isinstance(record, dict) else ():
        match entry:
            case [int(at)]:
                found[key] = (at, None)
            case [int(at), str(text)] if text == "null" or parsed(text) is not None:
                found[key] = (at, text)
    return found
