"""Browsers beside Chromium for the tests: a Firefox, and WebKitGTK with what starts it; Debian has both."""

import functools
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from worker_py_tool.errors import ToolError
from worker_py_tool.setup import apt

FIREFOX = ("firefox-esr",)
WEBKIT = ("webkit2gtk-driver", "xvfb", "xauth", "dbus")
WEBKIT_PROGRAMS = ("WebKitWebDriver", "xvfb-run", "xauth", "dbus-run-session")


def firefox() -> Path | None:
    """The Firefox that a person has."""
    found = next((path for name in ("firefox-esr", "firefox") if (path := shutil.which(name))), None)
    return Path(found) if found else None


def webkit() -> Path | None:
    """The browser that WebKitGTK brings, where all is there that starts it."""
    found = sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))
    return found[-1] if found and all(map(shutil.which, WEBKIT_PROGRAMS)) else None


ENGINES = {"firefox": (firefox, FIREFOX), "webkit": (webkit, WEBKIT)}
"""How each is found, and the packages that bring it."""


def _lacks(find: Callable[[], Path | None]) -> bool:
    return find() is None


def ensure() -> None:
    """Install them where that is possible. Tests in one that is missing are skipped, and say so; never in CI.

    Raises:
        ToolError: This is CI, and one is missing.
    """
    for name, (find, packages) in ENGINES.items():
        apt.ensure(name, packages, functools.partial(_lacks, find))
        if find() is None and os.environ.get("CI"):
            raise ToolError(f"there is no {name} here", f"Install {' '.join(packages)}: CI tests every engine.")
