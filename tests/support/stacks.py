"""What Playwright is told of who calls it, at a fraction of the cost."""

import inspect
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, SimpleNamespace
from unittest.mock import patch

from playwright._impl import _connection, _sync_base


def stack(context: int = 0) -> list[inspect.FrameInfo]:
    """What `inspect.stack(0)` gives its caller.

    That one looks for the source of each frame on the disk, and for one without a file, such as those of ``python -m``,
    through all modules: a millisecond each time, and Playwright asks for it at each call of its synchronous interface.
    """
    assert context == 0, "lines of source are not read"
    return [
        inspect.FrameInfo(frame, frame.f_code.co_filename, line, frame.f_code.co_name, None, None)
        for frame, line in _frames(sys._getframe(1))
    ]


def extract_stack(limit: int) -> traceback.StackSummary:
    """What `traceback.extract_stack` gives its caller.

    That one asks the disk whether the file of each frame is as it was. Playwright wants it twice at each call, for the
    traceback of one that fails; lines are read then.
    """
    frames = [pair for pair, _ in zip(_frames(sys._getframe(1)), range(limit), strict=False)]
    return traceback.StackSummary.from_list(
        [
            traceback.FrameSummary(frame.f_code.co_filename, line, frame.f_code.co_name, lookup_line=False)
            for frame, line in reversed(frames)
        ]
    )


def _frames(frame: FrameType | None) -> Iterator[tuple[FrameType, int]]:
    """This frame and those behind it, each with its line."""
    while frame is not None:
        yield frame, frame.f_lineno
        frame = frame.f_back


@contextmanager
def quick_stacks() -> Iterator[None]:
    """Playwright asks this module for stacks, not `inspect` and `traceback`."""
    asked = SimpleNamespace(**{**vars(traceback), "extract_stack": extract_stack})
    with (
        patch.object(_sync_base, "inspect", SimpleNamespace(stack=stack)),
        patch.object(_sync_base, "traceback", asked),
        patch.object(_connection, "traceback", asked),
    ):
        yield
