"""Builds an app, serves it in the simulated portal, and follows what is saved."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from worker_py_tool.asgi import create_app
from worker_py_tool.bundle import config_file
from worker_py_tool.demo import demo
from worker_py_tool.demo.portal_server import PortalServer
from worker_py_tool.dev import sources, watching
from worker_py_tool.dev.feed import Feed
from worker_py_tool.dev.session import Session
from worker_py_tool.dev.sources import Sources
from worker_py_tool.paths import CACHE
from worker_py_tool.scratch import scratch
from worker_py_tool.serve.server import AsgiServer

_ONE_AT_A_TIME = threading.Lock()


@contextmanager
def following(
    app: str,
    stop: threading.Event,
    *,
    port: int = 0,
    include: Sequence[str] = (),
    require: Sequence[str] = (),
    show: Callable[[str], None] | None = None,
) -> Iterator[tuple[str, Callable[[], None]]]:
    """Serve an app in the simulated portal for the time of the block.

    Args:
        app: `PATH[:NAME]` of the app.
        stop: Set when it is to end.
        port: The portal's port; 0 for any that is free.
        include: Patterns of its files that are packed although they look like something that should not be.
        require: Requirements beside those of the project.
        show: Prints lines; the terminal.

    Yields:
        The portal's address, and what follows the app's files until `stop` is set.

    Raises:
        ToolError: It cannot be built or served.
    """
    feed = Feed(lambda message: session.heard(message))
    with PortalServer(port=port) as portal, scratch("dev-", CACHE) as directory:  # a port that is taken is told at once
        bundle = directory / "bundle"
        session = Session(
            lambda: sources.read(app, include, require), lambda now: _build(bundle, now), feed, show or _print, stop
        )
        session.begin()
        application = create_app(bundle, allowed_hosts=demo.NAMES)
        feed.join(application)
        with AsgiServer(application) as served:
            # BX24 goes on with the network cut; the requests of b24jssdk are real ones.
            rest = {} if session.client == "b24jssdk" else {"rest": "page"}

            def follow() -> None:
                for _ in watching.changes(lambda: sources.watched(app), stop):
                    session.look()

            try:
                yield demo.portal_url(portal.url, served.url, **rest), follow
            finally:
                stop.set()
                feed.end()


def _build(bundle: Path, now: Sources) -> str:
    options = {**now.options, "page_scripts": (demo.FEED, *now.options["page_scripts"])}
    (bundle / config_file.NAME).unlink(missing_ok=True)  # nobody else has it: the project's is the newest
    return demo.build_demo(bundle, **options, live=True, follow=True, compress="none").build


def _print(text: str) -> None:
    with _ONE_AT_A_TIME:
        print(text, flush=True)
