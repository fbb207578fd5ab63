"""The import of the app: for the memory snapshot of a bundle, and at each start, from one or from nothing."""

from __future__ import annotations

import asyncio
import gc
import importlib
import linecache
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from .. import blocking, printed
from ..app import App
from ..errors import WorkerPyError
from ..thaw import Freezing, Place

APP_DIRECTORY = "/app"
LIVE = "worker_py._live"
"""Is there in bundles that were built for live editing."""

_SLEEP_AT_IMPORT_MS = 5000.0

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


class CannotBeFrozen(Exception):
    """The app was imported, and a browser can do so too; but a snapshot would not hold all of it."""


def prepare(module: str, attribute: str, instead: Sequence[str] | None = None) -> None:
    """Import the app, for a memory snapshot of the interpreter.

    Args:
        module: the app's.
        attribute: the App's name in it.
        instead: modules to import instead of the app.

    Raises:
        CannotBeFrozen: the import started a task, which a snapshot would lose.
        Exception: whatever the import raises comes through.
    """
    global _frozen
    blocking.stand_in()
    printed.stand_in()
    loop = asyncio.get_event_loop()
    begun = loop._in_progress  # type: ignore[attr-defined]
    freezing = Freezing()
    with freezing.watch(), _bounded_sleep():
        if instead is None:
            load_app(module, attribute)
        for name in instead or ():
            importlib.import_module(name)
    with suppress(ModuleNotFoundError):
        importlib.import_module(LIVE)
    if loop._in_progress > begun:  # type: ignore[attr-defined]
        raise CannotBeFrozen(f"{module} starts a task when it is imported; start it in a handler of Started")
    importlib.invalidate_caches()  # `importlib.metadata` keeps the archive of the library open in its own
    for loaded in list(sys.modules.values()):
        file = getattr(loaded, "__file__", None) or ""
        if file.startswith(f"{APP_DIRECTORY}/"):  # other files are read when their lines are shown
            linecache.getlines(file)
    for name, entry in list(linecache.cache.items()):
        if len(entry) == 4:  # without its time: the file itself comes later, and is not looked at
            linecache.cache[name] = (entry[0], None, entry[2], entry[3])
    freezing.freeze()
    _frozen = freezing
    gc.collect()


@contextmanager
def _bounded_sleep() -> Iterator[None]:
    """The clock stands still while a snapshot is made: sleep takes no time there, and has an end nevertheless."""
    slept_ms = 0.0

    def waited(_: str, ms: float) -> None:
        nonlocal slept_ms
        slept_ms += ms

    guard = blocking.Guard(lambda: _SLEEP_AT_IMPORT_MS - slept_ms, waited, wait=lambda _: None)
    before = blocking.guarded_by(guard)
    try:
        yield
    finally:
        blocking.guarded_by(before)


def thaw(place: Place) -> None:
    """Make anew what the snapshot must not keep, if this interpreter was started from one."""
    if _frozen is not None:
        _frozen.thaw(place)
    place.name_zone()
