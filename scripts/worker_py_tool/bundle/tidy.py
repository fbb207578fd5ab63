"""Runs in Node's Pyodide, right before the memory snapshot is made of it: see `snapshot.mjs`."""

import gc
import os
import sys
import zipimport

_COLLECTIONS = 4
"""What one lets go of, the next one finds."""


def tidy() -> None:
    """Forget the archive of the library, which will be another one, and collect what is garbage."""
    zipimport._zip_directory_cache.clear()  # type: ignore[attr-defined]
    archive = os.path.dirname(os.__file__)
    for module in list(sys.modules.values()):
        _name_source(module, archive)
    for _ in range(_COLLECTIONS):
        gc.collect()


def _name_source(module: object, archive: str) -> None:
    """A module of the library comes from its source, as far as anybody can see."""
    file = getattr(module, "__file__", None) or ""
    spec = getattr(module, "__spec__", None)
    if file.startswith(archive) and file.endswith(".pyc"):
        vars(module)["__file__"] = file.removesuffix("c")
        if spec is not None:
            spec.origin = file.removesuffix("c")
