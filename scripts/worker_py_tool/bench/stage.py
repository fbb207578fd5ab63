"""The servers and bundles of the pages whose start and whose memory are measured."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Frame, Page, Playwright

from worker_py_tool import chromium, demo, wheels
from worker_py_tool.bench.contenders import FLAGS
from worker_py_tool.bench.directory_server import DirectoryServer
from worker_py_tool.paths import CACHE, NODE_MODULES
from worker_py_tool.serve import Server

HERE = Path(__file__).parent
PAGES = HERE / "pages"
PYODIDE = tuple(
    NODE_MODULES / "pyodide" / name
    for name in ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
)
NO_SHARED_WORKER = "delete globalThis.SharedWorker;"
READY = "() => globalThis.readyAt !== undefined"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the pages are.

    Attributes:
        host: The address of the portal's page; the page to load goes into `app`.
        ours: The placement page of a bundle.
        plain: A page with Pyodide in a worker as its documentation shows it.
        floor: A page with a shared worker that runs JavaScript only.
    """

    host: str
    ours: str
    plain: str
    floor: str

    def open(self, context: BrowserContext, app: str) -> Page:
        """Open a tab of the portal that loads a page into its hidden frame, and wait until that is ready."""
        page = context.new_page()
        page.goto(f"{self.host}?app={app}")
        ready_at(page)
        return page


@contextmanager
def served() -> Iterator[Stage]:
    """Build what is measured, and serve it."""
    CACHE.mkdir(exist_ok=True)
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=CACHE)))
        demo.build_demo(directory / "bundle", app=str(HERE / "app.py"), page_scripts=(PAGES / "ready.js",))
        names = {"loader": [path.name for path in wheels.loader()], "wheel": wheels.worker_py().name}
        exports = "".join(f"export const {name} = {json.dumps(value)};\n" for name, value in names.items())
        (directory / "wheels.js").write_text(exports, encoding="utf-8")
        ours = stack.enter_context(Server(directory / "bundle"))
        files = (*PAGES.iterdir(), directory / "wheels.js", *PYODIDE, *wheels.loader(), wheels.worker_py())
        others = stack.enter_context(DirectoryServer(*files))
        app = f"http://app.localhost:{others.port}"
        yield Stage(
            host=f"http://portal.localhost:{others.port}/host.html",
            ours=f"http://app.localhost:{ours.port}/",
            plain=f"{app}/plain.html",
            floor=f"{app}/floor.html",
        )


def launch(playwright: Playwright, *arguments: str) -> Browser:
    """Start a browser as the other measurements do."""
    return playwright.chromium.launch(
        executable_path=chromium.find_installed(),
        args=[*(["--no-sandbox"] if os.geteuid() == 0 else []), *FLAGS, *arguments],
        ignore_default_args=["--disable-background-timer-throttling"],
    )


def ready_at(page: Page) -> float:
    """When the page in the hidden frame was ready, in milliseconds since its navigation began."""
    frame = _hidden(page)
    frame.wait_for_function(READY, polling=50)
    return float(frame.evaluate("() => readyAt"))


def _hidden(page: Page) -> Frame:
    page.wait_for_selector("iframe", state="attached")
    handle = page.query_selector("iframe")
    frame = handle.content_frame() if handle else None
    if frame is None:
        raise RuntimeError("the portal's page has no frame")
    frame.wait_for_load_state()
    return frame
