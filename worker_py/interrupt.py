"""Where code that holds the interpreter for too long may be interrupted.

An exception that is raised in the app's code ends a handler, which is what it is for. One that is
raised in ours could lose an acknowledgement, or end the interpreter.
"""

from __future__ import annotations

import array
import asyncio
import os
from types import FrameType

from .runner import text_of

IN_OUR_CODE = 50
"""How often to wait in code of ours that the app called; the worker asks every 20 ms."""

IN_AN_IMPORT = 100
"""How often to wait in an import, which does not like to be torn; a page gives up on a worker after 4 s."""

_IMPORT_CODE = "<frozen importlib._bootstrap>"
_STANDARD_LIBRARY = os.path.dirname(os.__file__) + os.sep
_SITE_PACKAGES = os.path.join(_STANDARD_LIBRARY, "site-packages", "")
_MADE_TO_BE_INTERRUPTED = text_of.__code__
_PACKAGE = f"{__package__}."
_GENERATED = "<string>"
_OURS = tuple(os.path.join(os.path.dirname(file), "") for file in (__file__, asyncio.__file__))


class Interrupter:
    """Decides, each time that the worker asks, whether the code that runs is interrupted.

    Args:
        beat: counts the slices; what begins one has nothing held against it.
    """

    def __init__(self, beat: array.array[int]) -> None:
        self._beat = beat
        self._slice = -1
        self._waited = 0
        self._imported = False
        self._granted = False
        self.interruptions = 0
        """How often what runs has been interrupted already."""

    def strike(self, frame: FrameType | None) -> bool:
        """Interrupt the code in this frame, the innermost one, when its time and ours have run out.

        Returns:
            Whether it is interrupted now; what it does then has a new slice.
        """
        if self._beat[0] != self._slice:
            self._slice = self._beat[0]
            self._waited = self.interruptions = 0
            self._imported = self._granted = False
        limit = patience(frame)
        if limit == IN_AN_IMPORT:
            self._imported = True
        elif self._imported and not self._granted and limit is not None:
            # The time that an import took is not the handler's. Once, or a loop around an import had no end.
            self._granted = True
            self._renew()
            return False
        if limit is None or self._waited < limit:
            self._waited += 1
            return False
        self.interruptions += 1
        self._renew()
        return True

    def _renew(self) -> None:
        new_slice(self._beat)
        self._slice = self._beat[0]
        self._waited = 0
        self._imported = False


def patience(frame: FrameType | None) -> int | None:
    """How often to wait before the code that runs in this frame, the innermost one, is interrupted.

    Returns:
        0 in code of the app, and in code of the standard library that it called; a while in code
        of ours that it called, and longer in an import, which may take its time on a slow
        machine. ``None``, for never, where the app has no part in what runs; but a failure may take
        any time to be described, and is made to be interrupted.
    """
    ours = importing = apps = False
    while frame is not None:
        file = frame.f_code.co_filename
        if frame.f_code is _MADE_TO_BE_INTERRUPTED:
            return 0
        if file == _IMPORT_CODE:
            importing = True
        elif file.startswith(_OURS) or (file == _GENERATED and _is_generated(frame)):
            ours = ours or not apps
        elif not _is_standard(file):
            apps = True
        frame = frame.f_back
    if not apps:
        return None
    if importing:
        return IN_AN_IMPORT
    return IN_OUR_CODE if ours else 0


def _is_generated(frame: FrameType) -> bool:
    """Whether this is what `dataclasses` or `collections` wrote for a class of ours, and not the app's own source."""
    module = frame.f_globals.get("__name__")
    return isinstance(module, str) and module.startswith((_PACKAGE, "namedtuple_"))


def _is_standard(file: str) -> bool:
    if file.startswith(_STANDARD_LIBRARY):
        return not file.startswith(_SITE_PACKAGES)
    return file.startswith("<frozen ")


def new_slice(beat: array.array[int]) -> None:
    """What runs from now on has the whole limit: the worker sees that the count has moved."""
    beat[0] = (beat[0] + 1) & 0xFFFFFFFF
