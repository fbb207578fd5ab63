"""The offline demo: the simulated portal on one port, the placement page of its example handlers on another.

Both are on the same host, so that they are two origins of one site: there a browser's SharedWorker needs no flag.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from worker_py_tool.bundle import build, origins
from worker_py_tool.bundle.build import BuildOptions
from worker_py_tool.bundle.manifest import Manifest
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
DEMO = BuildOptions(
    app=str(HANDLERS),
    out=Path("demo"),
    bx24_url=str(CLIENT),
    portals=origins.LOOPBACK_PORTALS,
    page_scripts=(FEED,),
    hard_link=True,
)
"""What the demo is built with, unless it is told otherwise."""


def build_demo(out: Path, **options: Any) -> Manifest:
    """Make the bundle of the demo, or of another app for the simulated portal.

    With `live` the portal's page may bring other source for the app while it runs: no bundle for a real portal may.

    Args:
        out: The directory to make.
        options: What differs from `DEMO`, by the names of `BuildOptions`.

    Raises:
        ToolError: It cannot be built.
    """
    wanted = replace(DEMO, out=out, **options)
    if wanted.live:
        wanted = replace(wanted, page_scripts=(*wanted.page_scripts, LIVE_FEED))
    for path in (CLIENT, *wanted.page_scripts):
        if not path.is_file():
            raise ToolError(f"there is no {path}", "The repository is incomplete: check it out again.")
    return build.build(wanted)


def portal_url(portal: str, app: str, **options: str) -> str:
    """The address of the portal's page that opens the placement page `app`; options go into its query string."""
    return f"{portal}?{urlencode({'app': app, **options})}"


@contextmanager
def running(port: int = 0) -> Iterator[str]:
    """Build the demo and serve it for the time of the block.

    Args:
        port: The portal's port; 0 for any that is free.

    Yields:
        The demo's address.

    Raises:
        ToolError: It cannot be built or served.
    """
    with scratch("demo-", CACHE) as directory:
        bundle = directory / "bundle"
        build_demo(bundle, phone="loopback", live=True)
        with Server(bundle, allowed_hosts=NAMES) as served, PortalServer(port=port) as portal:
            yield portal_url(portal.url, served.url, rest="page")  # so that it goes on with the network cut
