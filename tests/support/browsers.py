"""The one place that launches browsers: which engine, with which flags, and what that engine can do.

`WORKER_PY_ENGINE` chooses it: `chromium` (when it is not set), or `firefox`. A test that needs what not every engine
can do says so by `@needs("freezes_pages")`.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect, sync_playwright

from worker_py_tool.setup import chromium

VARIABLE: Final = "WORKER_PY_ENGINE"
READY_TIMEOUT_MS: Final = 30_000
SUITE_FLAGS: Final = [
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
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
DISABLE_FEATURES: Final = f"--disable-features={','.join(FEATURES_OFF)}"
THROTTLING: Final = "--disable-background-timer-throttling"
"""Playwright's, and left out: timers are throttled as in a person's browser."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What an engine can do, and what it tells.

    Attributes:
        name: as `WORKER_PY_ENGINE` has it.
        outlives_navigation: a shared worker lives on when its last page has gone to the next one.
        throttles_hidden_frames: timers of a hidden frame of another site tick once a second.
        freezes_pages: a page that was left is kept as it is, and thawed when somebody comes back.
        switches_stacks: Python may wait for a promise in the middle of a function.
        logs_http_errors: the console names each request that was answered with an error.
        takes_flags: there are flags and settings for what a test takes away from the browser.
    """

    name: str
    outlives_navigation: bool = True
    throttles_hidden_frames: bool = True
    freezes_pages: bool = True
    switches_stacks: bool = True
    logs_http_errors: bool = True
    takes_flags: bool = True


ENGINES: Final = {
    "chromium": Engine("chromium"),
    "firefox": Engine(
        "firefox",
        outlives_navigation=False,
        throttles_hidden_frames=False,
        freezes_pages=False,
        switches_stacks=False,
        logs_http_errors=False,
        takes_flags=False,
    ),
}


def engine() -> Engine:
    """The engine that was chosen.

    Raises:
        pytest.UsageError: The tests cannot be run in that one.
    """
    name = os.environ.get(VARIABLE) or "chromium"
    if name not in ENGINES:
        why = "Playwright drives no WebKit that a person has" if name == "webkit" else "no such engine is known"
        raise pytest.UsageError(f"{VARIABLE} is {name!r}: {why}; it can be {' or '.join(ENGINES)}.")
    return ENGINES[name]


def needs(*capabilities: str) -> pytest.MarkDecorator:
    """Run a test only in an engine that can do this; names of `Engine`'s attributes."""
    name = os.environ.get(VARIABLE) or "chromium"
    chosen = ENGINES.get(name, ENGINES["chromium"])  # of any other one the launch says that it cannot be
    missing = [capability for capability in capabilities if not getattr(chosen, capability)]
    return pytest.mark.skipif(bool(missing), reason=f"{chosen.name} lacks {', '.join(missing)}")


class Browsers:
    """Starts browsers of the chosen engine; each is closed at the end at the latest.

    Attributes:
        engine: which it is.
    """

    def __init__(self, driver: Playwright, home: Path) -> None:
        self.engine = engine()
        self._driver = driver
        self._home = home
        self._opened = ExitStack()

    def close(self) -> None:
        """Close those that still run."""
        self._opened.close()

    def launch(
        self, *, arguments: Sequence[str] = (), without: Sequence[str] = (), loopback_workers: bool = True
    ) -> Browser:
        """Start one.

        Args:
            arguments: more flags than the suite's.
            without: flags of Playwright's to leave out, such as `--disable-back-forward-cache`.
            loopback_workers: False keeps Chromium's local-network checks, which stop a SharedWorker of a cross-site
                frame on a loopback address.
        """
        if self.engine.name == "firefox":
            browser = self._firefox(arguments, without, loopback_workers)
        else:
            browser = self._driver.chromium.launch(
                executable_path=chromium.find_installed(),
                args=[*SUITE_FLAGS, *([DISABLE_FEATURES] if loopback_workers else []), *arguments],
                ignore_default_args=[THROTTLING, *without],
                env=self._environment(self._home),
            )
        self._opened.callback(browser.close)
        return browser

    @contextmanager
    def profile(self, directory: Path, preferences: Mapping[str, object] | None = None) -> Iterator[BrowserContext]:
        """Run one with a profile that outlives it, as a person's does, and with that person's settings.

        Args:
            directory: where the profile is; it may hold one already.
            preferences: what Chromium's settings page writes.
        """
        options: dict[str, Any] = {"env": self._environment(directory)}
        if self.engine.name == "firefox":
            assert preferences is None, "these are Chromium's settings: @needs('takes_flags')"
            kind, options = self._driver.firefox, {**options, **_installed_firefox()}
        else:
            kind = self._driver.chromium
            options["executable_path"] = chromium.find_installed()
            options["args"] = [*SUITE_FLAGS, DISABLE_FEATURES]
            options["ignore_default_args"] = [THROTTLING]
        if preferences is not None:
            (directory / "Default").mkdir(parents=True, exist_ok=True)
            (directory / "Default" / "Preferences").write_text(json.dumps(preferences), encoding="utf-8")
        context = kind.launch_persistent_context(directory, **options)
        try:
            yield context
        finally:
            context.close()

    def _firefox(self, arguments: Sequence[str], without: Sequence[str], loopback_workers: bool) -> Browser:
        assert not arguments and not without and loopback_workers, "these are Chromium's flags: @needs('takes_flags')"
        return self._driver.firefox.launch(env=self._environment(self._home), **_installed_firefox())

    @staticmethod
    def _environment(home: Path) -> dict[str, str | float | bool]:
        """A home of its own, so that no person's settings matter."""
        return {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_CACHE_HOME": str(home)}


def _installed_firefox() -> dict[str, Any]:
    """How Playwright starts the Firefox that a person has, by WebDriver BiDi."""
    found = next((path for name in ("firefox-esr", "firefox") if (path := shutil.which(name))), None)
    if found is None:
        raise pytest.UsageError(f"{VARIABLE} is 'firefox', and there is none on this machine: install firefox-esr.")
    return {"channel": "moz-firefox", "executable_path": found}


@contextmanager
def driver() -> Iterator[Playwright]:
    """Playwright itself."""
    os.environ.update(chromium.browsers_env())
    expect.set_options(timeout=READY_TIMEOUT_MS)
    with sync_playwright() as playwright:
        yield playwright
