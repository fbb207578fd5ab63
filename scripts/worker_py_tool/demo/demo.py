"""The offline demo: the simulated portal on one port, the placement page of its example handlers on another.

Both are on the same host, so that they are two origins of one site: there a browser's SharedWorker needs no flag.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from worker_py_tool.bundle import build, origins
from worker_py_tool.bundle.build import BuildOptions, Client, Compression
from worker_py_tool.bundle.manifest import Manifest
from worker_py_tool.bundle.phone import PhoneKind
from worker_py_tool.bundle.report_target import ReportTarget
from worker_py_tool.demo.portal_server import PortalServer
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import CACHE, PORTAL
from worker_py_tool.scratch import scratch
from worker_py_tool.serve.server import Server

HANDLERS = PORTAL / "handlers.py"
CLIENT = PORTAL / "page_scripts" / "bx24.js"
FEED = PORTAL / "page_scripts" / "feed.js"
NAMES = ("127.0.0.1", "localhost")
"""By which the demo may be called."""
LIVE_FEED = PORTAL / "page_scripts" / "live_feed.js"
"""Takes source from the portal's page; only in bundles for live editing."""


def build_demo(
    out: Path,
    *,
    app: str = str(HANDLERS),
    include: Sequence[str] = (),
    client: Client = "bx24",
    page_scripts: Sequence[Path] = (FEED,),
    requirements: Sequence[str] = (),
    settings: Mapping[str, float | None] | None = None,
    config: Mapping[str, Any] | None = None,
    lock: Path | None = None,
    pyodide_packages: str = "",
    phone: PhoneKind | None = None,
    connect: Sequence[str] = (),
    live: bool = False,
    follow: bool = False,
    report_to: ReportTarget | None = None,
    hard_link: bool = True,
    compress: Compression = "fast",
) -> Manifest:
    """Make the bundle of the demo, or of another app for the simulated portal.

    With `live` the portal's page may bring other source for the app while it runs: no bundle for a real portal may.

    Raises:
        ToolError: It cannot be built.
    """
    if live:
        page_scripts = (*page_scripts, LIVE_FEED)
    for path in (CLIENT, *page_scripts):
        if not path.is_file():
            raise ToolError(f"there is no {path}", "The repository is incomplete: check it out again.")
    return build.build(
        BuildOptions(
            app=app,
            out=out,
            include=include,
            client=client,
            bx24_url=str(CLIENT),
            portals=origins.LOOPBACK_PORTALS,
            page_scripts=page_scripts,
            requirements=requirements,
            settings=settings or {},
            config=config,
            lock=lock,
            pyodide_packages=pyodide_packages,
            phone=phone,
            connect=connect,
            live=live,
            follow=follow,
            report_to=report_to,
            hard_link=hard_link,
            compress=compress,
        )
    )


def portal_url(portal: str, app: str, **options: str) -> str:
    """The address of the portal's page that opens the placement page `app`; options go into its query string."""
    return f"{portal}?{urlencode({'app': app, **options})}"


@contextmanager
def running(
    port: int = 0,
    *,
    app: str = str(HANDLERS),
    include: Sequence[str] = (),
    requirements: Sequence[str] = (),
    settings: Mapping[str, float | None] | None = None,
    lock: Path | None = None,
    pyodide_packages: str = "",
) -> Iterator[str]:
    """Build the demo and serve it for the time of the block.

    Args:
        port: The portal's port; 0 for any that is free.
        app: `PATH[:NAME]` of the app.
        include: Patterns of its files that are packed although they look like something that should not be.
        requirements: What it needs.
        settings: Limits for an app that gives none in code.
        lock: Where its lock is, or would be.
        pyodide_packages: Where the packages of Pyodide's distribution are; empty: where it publishes them.

    Yields:
        The demo's address.

    Raises:
        ToolError: It cannot be built or served.
    """
    with scratch("demo-", CACHE) as directory:
        bundle = directory / "bundle"
        build_demo(
            bundle,
            app=app,
            include=include,
            requirements=requirements,
            settings=settings,
            lock=lock,
            pyodide_packages=pyodide_packages,
            phone="loopback",
            live=True,
        )
        with Server(bundle, allowed_hosts=NAMES) as served, PortalServer(port=port) as portal:
            yield portal_url(portal.url, served.url, rest="page")  # so that it goes on with the network cut
