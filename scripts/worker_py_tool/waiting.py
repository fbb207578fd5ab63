"""Keeps a command running until somebody ends it."""

import signal
import threading
from types import FrameType


def until_interrupted() -> None:
    """Return on Ctrl-C or on a request to terminate, so that the caller can clean up."""
    ended = threading.Event()
    set_when_interrupted(ended)
    ended.wait()


def set_when_interrupted(ended: threading.Event) -> None:
    """Set this on Ctrl-C or on a request to terminate, from now on."""

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
