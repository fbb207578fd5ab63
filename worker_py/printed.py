"""What an app prints and logs: told to the page with its level and the handler that ran, in browser and kit alike.

The streams stand in for Python's own, which go on getting what no page takes. A log record is told with its own level,
whatever handlers of `logging` are there; what those write to the streams is not told once more.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TextIO

Level = Literal["debug", "info", "warning", "error"]

CHARS = 10_000
"""So much of what is printed at once is told."""

PER_SECOND = 200
"""So many lines are told within a second; of those beyond it is told how many there were."""

_FORMAT = logging.Formatter("%(message)s")
_REAL_CALL_HANDLERS = logging.Logger.callHandlers

Origin = Any
"""Whose output it is: what the listener makes of the code that runs; ``None`` when nobody takes it."""


@dataclass(slots=True)
class Listener:
    """Who is told, for one thread."""

    origin: Callable[[], Origin | None]
    """Says whose code runs, when something is written."""
    told: Callable[[Origin, Level, str], None]
    """Takes what was written."""
    clock: Callable[[], float]
    """Milliseconds."""
    passes_on: bool = False
    """Whether Python's own streams get what was told, too."""
    thread: int = field(default_factory=threading.get_ident)
    busy: bool = False
    """It is being told, or a log record has been: what is written meanwhile is nobody's news."""
    second: float = 0.0
    lines: int = 0
    left_out: int = 0

    def tell(self, origin: Origin, level: Level, text: str) -> None:
        """Tell of what was written, within bounds."""
        now = self.clock()
        if now - self.second >= 1000:
            self.second, self.lines = now, 0
        self.lines += 1
        if self.lines > PER_SECOND:
            self.left_out += 1
            return
        if self.left_out:
            text = f"({self.left_out} lines were not shown)\n{text}"
            self.left_out = 0
        more = len(text) - CHARS
        with self.at_work():
            self.told(origin, level, text if more <= 0 else f"{text[:CHARS]}… ({more} characters more)")

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Whatever is written meanwhile is not told."""
        before, self.busy = self.busy, True
        try:
            yield
        finally:
            self.busy = before


_listener: Listener | None = None


def heard_by(listener: Listener | None) -> Listener | None:
    """From now on this one is told; returns the one before."""
    global _listener
    before, _listener = _listener, listener
    return before


def _here() -> Listener | None:
    listener = _listener
    return listener if listener is not None and listener.thread == threading.get_ident() else None


class Stream:
    """Stands in for ``sys.stdout`` or ``sys.stderr``: each line is told when it ends, and the last one soon after.

    Args:
        behind: what it stands in for.
        level: of what is written here.
    """

    def __init__(self, behind: TextIO, level: Level) -> None:
        self.behind = behind
        self._level = level
        self._begun: list[str] = []
        self._origin: Origin = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.behind, name)

    def isatty(self) -> bool:
        """Nobody looks at it as at a terminal."""
        return False

    def write(self, text: str, /) -> int:
        """Write; returns how many characters that were."""
        listener = _here()
        if listener is None or not isinstance(text, str):
            return self.behind.write(text)
        if listener.busy:
            return self._pass_on(text) if listener.passes_on else len(text)
        origin = listener.origin()
        if origin is None or listener.passes_on:
            self._pass_on(text)
        if origin is not None:
            self._add(listener, origin, text)
        return len(text)

    def _pass_on(self, text: str) -> int:
        try:
            return self.behind.write(text)
        except UnicodeEncodeError:  # what this terminal cannot show, the page's console can: no failure of the app's
            encoding = self.behind.encoding
            self.behind.write(text.encode(encoding, "backslashreplace").decode(encoding))
            return len(text)

    def writelines(self, lines: Iterable[str], /) -> None:
        """Write these."""
        for line in lines:
            self.write(line)

    def _add(self, listener: Listener, origin: Origin, text: str) -> None:
        if self._begun and self._origin != origin:
            self._tell(listener)
        first = not self._begun
        self._origin = origin
        self._begun.append(text)
        if text.endswith("\n"):
            self._tell(listener)
        elif first and asyncio._get_running_loop() is not None:
            asyncio.get_running_loop().call_soon(self.flush)

    def _tell(self, listener: Listener) -> None:
        text = "".join(self._begun).removesuffix("\n")
        self._begun.clear()
        listener.tell(self._origin, self._level, text)

    def flush(self) -> None:
        """Tell what was begun."""
        listener = _here()
        if listener is not None and self._begun:
            self._tell(listener)
        if not self.behind.closed:
            self.behind.flush()


def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
    """As `logging.Logger.callHandlers`; the record is told first."""
    listener = _here()
    origin = None if listener is None or listener.busy else listener.origin()
    if listener is None or origin is None:
        _REAL_CALL_HANDLERS(logger, record)
        return
    name = "" if record.name == "root" else f"{record.name}: "
    try:
        text = _FORMAT.format(record)
    except Exception:  # noqa: BLE001 - its arguments do not fit; `logging` itself says so, on a stream
        text = str(record.msg)
    listener.tell(origin, level_of(record.levelno), name + text)
    with listener.at_work():
        _REAL_CALL_HANDLERS(logger, record)


def level_of(number: int) -> Level:
    """The level of `logging` that this one is, or is above."""
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warning"
    return "info" if number >= logging.INFO else "debug"


def stand_in() -> Callable[[], None]:
    """Put the stand-ins in place; returns what takes them away. Without a listener they are as what they stand for."""
    before = (sys.stdout, sys.stderr, logging.Logger.callHandlers)
    if not isinstance(sys.stdout, Stream):
        sys.stdout, sys.stderr = Stream(sys.stdout, "info"), Stream(sys.stderr, "error")
    logging.Logger.callHandlers = call_handlers  # type: ignore[method-assign, assignment]

    def away() -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr, logging.Logger.callHandlers = before  # type: ignore[method-assign]

    return away
