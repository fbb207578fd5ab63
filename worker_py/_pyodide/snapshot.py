"""The import of the app: for the memory snapshot of a bundle, and at each start, from one or from nothing."""

from __future__ import annotations

import asyncio
import gc
import importlib
import linecache
import sys
from contextlib import suppress

from .. import blocking, printed
from ..app import App
from ..errors import WorkerPyError
from ..thaw import Freezing, Place

APP_DIRECTORY = "/app"
LIVE = "worker_py._live"
"""Is there in bundles that were built for live editing."""

_frozen: Freezing | None = None
"""In an interpreter that a snapshot was made of."""


def load_app(module: str, attribute: str) -> App:
    """Import the app of the bundle.

    Raises:
        WorkerPyError: the module has no such app; whatever its import raises comes through.
    """
    if APP_DIRECTORY not in sys.path:
        sys.path.insert(0, APP_DIRECTORY)
    app = getattr(importlib.import_module(module), attribute, None)
    if not isinstance(app, App):
        found = "nothing" if app is None else type(app).__name__
        raise WorkerPyError(
            f"{module}.{attribute} should be a worker_py.App, not {found}; "
            f"write `{attribute} = App()` in {module}, or name another with --app PATH:NAME"
        )
    return app


def prepare(module: str, attribute: str) -> None:
    """Import the app, for a memory snapshot of the interpreter.

    Raises:
        WorkerPyError: as `load_app`.
        RuntimeError: the import started a task, which a snapshot would lose.
    """
    global _frozen
    blocking.stand_in()
    printed.stand_in()
    loop = asyncio.get_event_loop()
    begun = loop._in_progress  # type: ignore[attr-defined]
    freezing = Freezing()
    with freezing.watch():
        load_app(module, attribute)
    with suppress(ModuleNotFoundError):
        importlib.import_module(LIVE)
    if loop._in_progress > begun:  # type: ignore[attr-defined]
        raise RuntimeError(f"{module} starts a task when it is imported; start it in a handler of Started")
    for loaded in list(sys.modules.values()):
        file = getattr(loaded, "__file__", None) or ""
        if not file.startswith("/lib/python314.zip"):
            linecache.getlines(file)
    for name, entry in list(linecache.cache.items()):
        if len(entry) == 4:  # without its time: the file itself comes later, and is not looked at
            linecache.cache[name] = (entry[0], None, entry[2], entry[3])
    freezing.freeze()
    _frozen = freezing
    gc.collect()


def thaw(place: Place) -> None:
    """Make anew what the snapshot must not keep, if this interpreter was started from one."""
    if _frozen is not None:
        _frozen.thaw(place)
    place.name_zone()
