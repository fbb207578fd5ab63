"""A browser for the tests: an installed Chromium or Chrome, or one that Playwright or Debian brings."""

import functools
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from worker_py_tool.errors import ToolError
from worker_py_tool.locking import exclusive
from worker_py_tool.paths import CACHE
from worker_py_tool.process import run_quietly, say
from worker_py_tool.setup import apt, python_packages

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DEBIANS = Path("/usr/bin/chromium")
SHELL = "chromium-headless-shell"
"""Debian's name of a Chromium that has no windows: its program, and the package with it."""
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
AS_ROOT = ["--no-sandbox"] if os.geteuid() == 0 else []
"""Flags without which it does not start for root."""
PRINT_EXECUTABLE = """
from playwright.sync_api import sync_playwright
with sync_playwright() as driver:
    print(driver.chromium.executable_path)
"""


def find_installed() -> Path | None:
    """The browser that WORKER_PY_CHROMIUM names, or an installed one that starts; None for Playwright's own."""
    named = os.environ.get("WORKER_PY_CHROMIUM")
    if named:
        return Path(named)
    return _find_on_path()


def find_shell() -> Path | None:
    """Debian's Chromium without windows, beside Debian's whole one; None where there is none, or another is to be used.

    Pages take a sixth less of the processor's time in it. It keeps no page that was left, has no person's settings, and
    lets pages reach this machine's own addresses.
    """
    return _first_that_starts((shutil.which(SHELL),)) if find_installed() == DEBIANS else None


def is_there() -> bool:
    """Whether `find_installed` finds one, or Playwright has its own."""
    return bool(find_installed() or _find_playwrights())


def browsers_env() -> dict[str, str]:
    """Environment for Playwright: its browsers go beside our other downloads when the home directory is read-only."""
    home_cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    nearest = next(path for path in (home_cache, *home_cache.parents) if path.exists())
    if "PLAYWRIGHT_BROWSERS_PATH" in os.environ or os.access(nearest, os.W_OK):
        return {}
    return {"PLAYWRIGHT_BROWSERS_PATH": str(CACHE / "browsers")}


def ensure() -> None:
    """Install a browser when there is none.

    Raises:
        ToolError: Neither Playwright nor Debian could bring one, or the one that is named is none.
    """
    named = os.environ.get("WORKER_PY_CHROMIUM")
    if named and not os.access(named, os.X_OK):
        raise ToolError(f"WORKER_PY_CHROMIUM={named}: there is no such program", "Name a Chromium, or unset it.")
    if is_there():
        _ensure_shell()
        return
    with exclusive("setting up a browser"):
        _find_on_path.cache_clear()
        if is_there():
            return
        say("installing Chromium with Playwright")
        as_root = ["--with-deps"] if os.geteuid() == 0 else []
        try:
            run_quietly(
                [python_packages.PYTHON, "-m", "playwright", "install", *as_root, "chromium"],
                "install Chromium with Playwright",
                env={**apt.ENVIRONMENT, "PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": "20000", **browsers_env()},
                timeout_s=900,
            )
        except ToolError as problem:
            say(str(problem))
        if _find_playwrights():
            return
        apt.install("chromium")
        _find_on_path.cache_clear()
        if not find_installed():
            raise ToolError(
                "there is no Chromium here, and neither Playwright nor apt-get could install one",
                "Install Chromium or Chrome, or name its program in WORKER_PY_CHROMIUM.",
            )
    _ensure_shell()


def _ensure_shell() -> None:
    """Have Debian's shell beside Debian's Chromium; tests run in the latter without it."""
    if find_installed() == DEBIANS:
        apt.ensure(SHELL, [SHELL], lambda: find_shell() is None)


@functools.cache
def _find_on_path() -> Path | None:
    return _first_that_starts((*map(shutil.which, NAMES), MAC if os.path.exists(MAC) else None))


@functools.cache
def _first_that_starts(candidates: Sequence[str | None]) -> Path | None:
    for candidate in filter(None, candidates):
        try:
            # Some distributions put a stub there that only tells how to install the browser.
            done = subprocess.run([candidate, "--version"], capture_output=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return Path(candidate)
    return None


def _find_playwrights() -> bool:
    try:
        printed = run_quietly(
            [python_packages.PYTHON, "-c", PRINT_EXECUTABLE], "ask Playwright for its browser", env=browsers_env()
        )
    except ToolError:
        return False
    return os.access(printed.strip(), os.X_OK)
