"""Which browsers tests run in, and how Playwright starts them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from worker_py_tool.errors import ToolError
from worker_py_tool.setup import chromium, engines

ENGINES: Final = ("chromium", "firefox")
FLAGS: Final = [
    *chromium.AS_ROOT,
    # No look-ups of its maker's hosts: a test machine may have no network.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
FEATURES_OFF: Final = (
    # Stops a shared worker of a cross-site frame on a loopback address.
    "LocalNetworkAccessChecks",
    # Each new window would load a page of the browser's own for its address bar: a second of processor time.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
)
LOOPBACK_WORKERS: Final = f"--disable-features={','.join(FEATURES_OFF)}"
THROTTLING: Final = "--disable-background-timer-throttling"
"""Playwright's, and left out: timers are throttled as in a person's browser."""


def launch_options(engine: str, home: Path) -> dict[str, Any]:
    """What Playwright's `launch` takes for an engine.

    Args:
        engine: one of `ENGINES`.
        home: a home of its own, so that no person's settings matter.

    Raises:
        ToolError: There is no such browser here.
    """
    env = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_CACHE_HOME": str(home)}
    if engine == "firefox":
        return {"env": env, "channel": "moz-firefox", "executable_path": _firefox()}
    program = chromium.find_installed()
    return {
        "env": env,
        "executable_path": program,
        "channel": "chromium" if program is None else None,  # Playwright brings both, and takes the other
        "args": [*FLAGS, LOOPBACK_WORKERS],
        "ignore_default_args": [THROTTLING],
    }


def _firefox() -> str:
    """The Firefox that a person has, which Playwright starts by WebDriver BiDi."""
    found = engines.firefox()
    if found is None:
        raise ToolError("there is no Firefox on this machine", "Install firefox-esr.")
    return str(found)
