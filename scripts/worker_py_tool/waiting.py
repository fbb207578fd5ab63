"""Keeps a command running until somebody ends it."""

import signal
import threading
from types import FrameType


def until_interrupted() -> None:
    """Return on Ctrl-C or on a request to terminate, so that the caller can clean up."""
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    ended.wait()
