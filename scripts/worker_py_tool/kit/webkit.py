"""WebKitGTK as Debian has it, by WebDriver, in the shape of Playwright's objects as far as the kit uses them.

Playwright drives a WebKit of its own making only. A profile here is a session of its own: a driver, which starts
MiniBrowser with nothing kept. What WebDriver cannot do is missing: the console, workers, functions of the test in a
page.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, cast

from playwright.sync_api import Browser, Error, TimeoutError

from worker_py_tool.errors import ToolError
from worker_py_tool.setup import engines
from worker_py_tool.setup.debian_server import free_port

START_S: Final = 30
POLL_S: Final = 0.05
SCRIPT_MS: Final = 120_000
ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"
"""By which WebDriver names what is an element."""
GONE: Final = ("no such window", "no such frame", "stale element reference", "no such element")

_EVALUATE = """
const [argument, done] = [arguments[0], arguments[arguments.length - 1]];
(async () => {
  const made = (%s);
  return typeof made === "function" ? made(argument) : made;
})().then(
  (value) => done({ value: value === undefined ? null : value }),
  (error) => done({ error: `${error?.name}: ${error?.message ?? error}` }),
);
"""


class Driver:
    """A WebKitWebDriver with one session."""

    def __init__(self, program: Path, home: Path) -> None:
        port = free_port()
        self._url = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            ["xvfb-run", "--auto-servernum", "dbus-run-session", "WebKitWebDriver", f"--port={port}"],
            env={**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home), "XDG_CONFIG_HOME": str(home)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._at: tuple[str, tuple[str, ...]] | None = None
        try:
            self._until_it_listens()
            wanted = {"webkitgtk:browserOptions": {"binary": str(program), "args": ["--automation"]}}
            made = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
            self._url += f"/session/{made['sessionId']}"
            self._ask("POST", "/timeouts", {"script": SCRIPT_MS})
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the browser and all that was started with it."""
        if self._process.returncode is not None:
            return
        with suppress(Error, OSError):
            self._ask("DELETE", "")
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait()

    def command(self, method: str, path: str, body: object = None) -> Any:
        """One command of the session; whichever window and frame come next are chosen anew."""
        self._at = None
        return self._ask(method, path, body)

    def evaluate(self, window: str, frames: tuple[str, ...], script: str, argument: object) -> Any:
        """Evaluate a script in a document, the way Playwright does: a function is called, and waited for."""
        self._go(window, frames)
        answer = self._ask("POST", "/execute/async", {"script": _EVALUATE % script, "args": [argument]})
        if "error" in answer:
            raise Error(answer["error"])
        return answer["value"]

    def iframes(self, window: str, frames: tuple[str, ...]) -> list[str]:
        """The frames in a document."""
        self._go(window, frames)
        script = "return [...document.querySelectorAll('iframe')]"
        return [found[ELEMENT] for found in self._ask("POST", "/execute/sync", {"script": script, "args": []})]

    def _go(self, window: str, frames: tuple[str, ...]) -> None:
        if self._at == (window, frames):
            return
        self._at = None
        self._ask("POST", "/window", {"handle": window})
        self._ask("POST", "/frame", {"id": None})
        for frame in frames:
            self._ask("POST", "/frame", {"id": {ELEMENT: frame}})
        self._at = window, frames

    def _until_it_listens(self) -> None:
        deadline = time.monotonic() + START_S
        while True:
            try:
                self._ask("GET", "/status")
                return
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(POLL_S)

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        content = json.dumps({} if body is None else body).encode() if method == "POST" else None
        request = urllib.request.Request(self._url + path, content, {"content-type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=SCRIPT_MS / 1000) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as problem:
            self._at = None
            told = json.load(problem)["value"]
            gone = "Frame was detached: " if told["error"] in GONE else ""
            if told["error"] == "javascript error":
                gone = "Execution context was destroyed: "  # what the script itself throws comes as its answer
            raise Error(f"{gone}{told['error']}: {told['message']}") from None


class WebKitFrame:
    """A frame of a page; see Playwright's `Frame`."""

    def __init__(self, page: WebKitPage, path: tuple[str, ...]) -> None:
        self.page = page
        self._path = path

    @property
    def url(self) -> str:
        """What it shows now."""
        return str(self.evaluate("location.href"))

    def evaluate(self, script: str, argument: object = None) -> Any:
        """Evaluate a script in it."""
        return self.page.driver.evaluate(self.page.window, self._path, script, argument)


class WebKitPage:
    """A tab; see Playwright's `Page`."""

    workers: Final[list[object]] = []

    def __init__(self, context: WebKitContext, driver: Driver, window: str) -> None:
        self.context = context
        self.driver = driver
        self.window = window
        self.main_frame = WebKitFrame(self, ())
        self._timeout_ms = 30_000.0

    @property
    def frames(self) -> list[WebKitFrame]:
        """The page's own frame and those in it; not those in them."""
        return [self.main_frame, *(WebKitFrame(self, (found,)) for found in self.driver.iframes(self.window, ()))]

    @property
    def url(self) -> str:
        """What it shows now."""
        return self.main_frame.url

    def set_default_timeout(self, timeout: float) -> None:
        """For whatever waits."""
        self._timeout_ms = timeout

    def goto(self, url: str) -> None:
        """Navigate, and wait for the load."""
        self._in_window("/url", {"url": url})

    def reload(self) -> None:
        """Load it anew."""
        self._in_window("/refresh", {})

    def go_back(self) -> None:
        """Go to the page before."""
        self._in_window("/back", {})

    def close(self) -> None:
        """Close the tab."""
        other = self.context.window_beside(self)
        self.driver.command("POST", "/window", {"handle": self.window})
        self.driver.command("DELETE", "/window")
        self.driver.command("POST", "/window", {"handle": other})  # no command goes without a window

    def add_init_script(self, script: str) -> None:
        """Nothing: WebDriver has no scripts for loads to come."""

    def evaluate(self, script: str, argument: object = None) -> Any:
        """Evaluate a script in the page."""
        return self.main_frame.evaluate(script, argument)

    def wait_for_function(self, script: str, *, arg: object = None) -> None:
        """Wait until it gives something, in whatever load of the page."""
        self._until(lambda: bool(self.evaluate(script, arg)), script)

    def wait_for_timeout(self, timeout: float) -> None:
        """Let time pass."""
        time.sleep(timeout / 1000)

    @contextmanager
    def expect_navigation(self) -> Iterator[None]:
        """Wait until what the block does has led to another document, and that one has loaded."""
        self.evaluate("globalThis.leftBehind = true")
        yield
        self._until(
            lambda: bool(self.evaluate("!globalThis.leftBehind && document.readyState === 'complete'")), "a navigation"
        )

    def _in_window(self, path: str, body: object) -> None:
        self.driver.command("POST", "/window", {"handle": self.window})
        self.driver.command("POST", path, body)
        self.wait_for_function("document.readyState === 'complete'")  # a command may return before

    def _until(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + self._timeout_ms / 1000
        while not self._holds(holds):
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited in vain for {what}")
            time.sleep(POLL_S)

    @staticmethod
    def _holds(holds: Callable[[], bool]) -> bool:
        try:
            return holds()
        except Error as error:
            if not str(error).startswith(("Frame was detached", "Execution context was destroyed")):
                raise
            return False


class WebKitContext:
    """A profile; see Playwright's `BrowserContext`."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._empty: str | None = driver.command("GET", "/window")
        self._pages: list[WebKitPage] = []

    def __enter__(self) -> WebKitContext:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closed."""
        self.close()

    def new_page(self) -> WebKitPage:
        """Open a tab."""
        window = self._empty or self._new_tab()
        self._empty = None
        page = WebKitPage(self, self._driver, window)
        self._pages.append(page)
        return page

    @property
    def pages(self) -> list[WebKitPage]:
        """Those that are open now: a list of its own, for who closes them one by one."""
        return list(self._pages)

    def window_beside(self, page: WebKitPage) -> str:
        """A page is closed; gives another window. With the last one the session would end: an empty tab stays then."""
        self._pages.remove(page)
        if self._pages:
            return self._pages[0].window
        self._empty = self._new_tab()
        return self._empty

    def _new_tab(self) -> str:
        return str(self._driver.command("POST", "/window/new", {"type": "tab"})["handle"])

    def on(self, event: str, listener: object) -> None:
        """WebDriver tells of nothing."""

    def remove_listener(self, event: str, listener: object) -> None:
        """As it was never told."""

    def close(self) -> None:
        """End it."""
        self._driver.close()


class WebKit:
    """Starts profiles; see Playwright's `Browser`."""

    def __init__(self, program: Path, home: Path) -> None:
        self._program = program
        self._home = home
        self._opened = ExitStack()

    def new_context(self) -> WebKitContext:
        """A fresh profile."""
        driver = Driver(self._program, self._home)
        self._opened.callback(driver.close)
        return WebKitContext(driver)

    def close(self) -> None:
        """End all of them."""
        self._opened.close()


@contextmanager
def launched(home: Path) -> Iterator[Browser]:
    """A browser, as far as its few verbs are those of Playwright's.

    Args:
        home: a home of its own, so that no person's settings matter.

    Raises:
        ToolError: WebKitGTK is not here.
    """
    program = engines.webkit()
    if program is None:
        raise ToolError("there is no WebKit on this machine", f"Install {' '.join(engines.WEBKIT)}.")
    with closing(WebKit(program, home)) as browser:
        yield cast(Browser, browser)
