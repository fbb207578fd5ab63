"""The one place that launches browsers: which engine, with which flags, and what that engine can do.

`WORKER_PY_ENGINE` chooses it: `chromium` (when it is not set), `firefox` or `webkit`. A test that needs what not every
engine can do says so by `@needs("freezes_pages")`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Playwright, expect, sync_playwright

from tests.support.stacks import quick_stacks
from worker_py_tool.errors import ToolError
from worker_py_tool.kit import webkit
from worker_py_tool.kit.browsers import LOOPBACK_WORKERS, launch_options
from worker_py_tool.setup import chromium

VARIABLE: Final = "WORKER_PY_ENGINE"
READY_TIMEOUT_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Engine:
    """What an engine can do, and what it tells.

    Attributes:
        name: as `WORKER_PY_ENGINE` has it.
        outlives_navigation: a shared worker lives on when its last page has gone to the next one; None: perhaps.
        ends_at_once: a shared worker that was ended takes no page any more.
        throttles_hidden_frames: timers of a hidden frame of another site tick once a second.
        freezes_pages: a page that was left is kept as it is, and thawed when somebody comes back.
        switches_stacks: Python may wait for a promise in the middle of a function.
        logs_http_errors: the console names each request that was answered with an error.
        takes_flags: there are flags and settings for what a test takes away from the browser.
        takes_preferences: a browser starts with a person's settings, by their names.
        tells_bodies: what a request carries can be read on its way, and be answered by the test.
        tells_spellings: an address that is spelled in another way is another module, and so are those that it imports.
        recovers_within_s: after code that nothing can interrupt, another interpreter handles what comes next.
        is_playwrights: Playwright drives it: its console can be read, its workers are known, pages call the test.
        hears_at_once: a page that nobody has clicked in hears how loud it is what arrives.
        opens_peer_connections: there is a `RTCPeerConnection`.
        microphone_hz: its microphone hears this tone, and nobody is asked whether it may be used; None: it has none.
    """

    name: str
    outlives_navigation: bool | None = True
    ends_at_once: bool = True
    throttles_hidden_frames: bool = True
    freezes_pages: bool = True
    switches_stacks: bool = True
    logs_http_errors: bool = True
    takes_flags: bool = True
    takes_preferences: bool = False
    tells_bodies: bool = True
    tells_spellings: bool = True
    recovers_within_s: int = 20
    is_playwrights: bool = True
    hears_at_once: bool = True
    opens_peer_connections: bool = True
    microphone_hz: int | None = None


FIREFOX_PREFERENCES: Final = {"media.navigator.streams.fake": True, "media.navigator.permission.disabled": True}
BASELINE_ONLY: Final = "--js-flags=--liftoff-only --max-lazy --no-maglev --no-opt"
"""Code is compiled when it is first run, and not optimized in the background: a quarter of the processor's time of a
boot, for interpreters that end a few seconds later."""

ENGINES: Final = {
    "chromium": Engine("chromium"),
    "firefox": Engine(
        "firefox",
        outlives_navigation=False,
        throttles_hidden_frames=False,
        freezes_pages=False,
        logs_http_errors=False,
        takes_flags=False,
        takes_preferences=True,
        tells_bodies=False,
        hears_at_once=False,
        microphone_hz=1000,
    ),
    "webkit": Engine(
        "webkit",
        outlives_navigation=None,
        ends_at_once=False,
        throttles_hidden_frames=False,
        freezes_pages=False,
        switches_stacks=False,
        logs_http_errors=False,
        takes_flags=False,
        tells_bodies=False,
        tells_spellings=False,
        recovers_within_s=60,
        is_playwrights=False,
        hears_at_once=False,
        opens_peer_connections=False,
    ),
}


def engine() -> Engine:
    """The engine that was chosen.

    Raises:
        pytest.UsageError: The tests cannot be run in that one.
    """
    name = os.environ.get(VARIABLE) or "chromium"
    if name not in ENGINES:
        raise pytest.UsageError(f"{VARIABLE} is {name!r}; it can be {' or '.join(ENGINES)}.")
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
        self,
        *,
        arguments: Sequence[str] = (),
        without: Sequence[str] = (),
        loopback_workers: bool = True,
        preferences: Mapping[str, bool | float | str] | None = None,
    ) -> Browser:
        """Start one: Chromium without windows where that will do.

        Args:
            arguments: more flags than the suite's.
            without: flags of Playwright's to leave out, such as `--disable-back-forward-cache`.
            loopback_workers: False keeps Chromium's local-network checks, which stop a SharedWorker of a cross-site
                frame on a loopback address.
            preferences: what Firefox's settings page writes.
        """
        assert preferences is None or self.engine.takes_preferences, "these are Firefox's: @needs('takes_preferences')"
        if self.engine.name == "webkit":
            assert not arguments and not without and loopback_workers, "these are Chromium's flags"
            return self._webkit()
        options = self._options(self._home, arguments, without, loopback_workers=loopback_workers)
        if self.engine.takes_flags and not without and loopback_workers:  # the whole one alone keeps pages, and checks
            options = without_windows(options)
        if self.engine.takes_preferences:
            options["firefox_user_prefs"] = {**FIREFOX_PREFERENCES, **(preferences or {})}
        browser = self._kind.launch(**options)
        self._opened.callback(browser.close)
        return browser

    def _webkit(self) -> Browser:
        try:
            return self._opened.enter_context(webkit.launched(self._home))
        except ToolError as problem:
            raise pytest.UsageError(f"{VARIABLE} is 'webkit': {problem}") from None

    @contextmanager
    def profile(self, directory: Path, preferences: Mapping[str, object] | None = None) -> Iterator[BrowserContext]:
        """Run one with a profile that outlives it, as a person's does, and with that person's settings.

        Args:
            directory: where the profile is; it may hold one already.
            preferences: what Chromium's settings page writes.
        """
        assert preferences is None or self.engine.takes_flags, "these are Chromium's: @needs('takes_flags')"
        if preferences is not None:
            (directory / "Default").mkdir(parents=True, exist_ok=True)
            (directory / "Default" / "Preferences").write_text(json.dumps(preferences), encoding="utf-8")
        context = self._kind.launch_persistent_context(directory, **self._options(directory))
        try:
            yield context
        finally:
            context.close()

    @property
    def _kind(self) -> BrowserType:
        kind: BrowserType = getattr(self._driver, self.engine.name)
        return kind

    def _options(
        self, home: Path, arguments: Sequence[str] = (), without: Sequence[str] = (), *, loopback_workers: bool = True
    ) -> dict[str, Any]:
        try:
            options = launch_options(self.engine.name, home)
        except ToolError as problem:
            raise pytest.UsageError(f"{VARIABLE} is {self.engine.name!r}: {problem}") from None
        if not self.engine.takes_flags:
            assert not arguments and not without and loopback_workers, "these are Chromium's flags"
            return options
        options["args"] += [BASELINE_ONLY, *arguments]
        options["ignore_default_args"] += without
        if not loopback_workers:
            options["args"].remove(LOOPBACK_WORKERS)
        return options


def without_windows(options: Mapping[str, Any]) -> dict[str, Any]:
    """The same for Chromium without windows, where there is one; see `chromium.find_shell`."""
    return {**options, "executable_path": chromium.find_shell() or options["executable_path"], "channel": None}


@contextmanager
def driver() -> Iterator[Playwright]:
    """Playwright itself."""
    os.environ.update(chromium.browsers_env())
    expect.set_options(timeout=READY_TIMEOUT_MS)
    with quick_stacks(), sync_playwright() as playwright:
        yield playwright
