"""Imports that come before the files for them: a start from a snapshot puts those in place later."""

from __future__ import annotations

import array
import importlib
import sys
from collections.abc import Callable

from ..interrupt import new_slice


class LateImports:
    """Makes an import wait for the files that a start from a snapshot puts in place later."""

    def __init__(self, mount: Callable[[], None], beat: array.array[int]) -> None:
        self._mount = mount
        self._beat = beat

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Find nothing, but see to it that the next finder can."""
        self._mount()  # imports something itself, and so comes here again
        new_slice(self._beat)  # the time that it took is not the handler's
        if self in sys.meta_path:
            sys.meta_path.remove(self)
            importlib.invalidate_caches()
