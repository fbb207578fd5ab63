"""Serves a bundle on Uvicorn: what `scripts/serve`, the demo and the browser tests run."""

import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from worker_py_tool.asgi import create_app
from worker_py_tool.errors import ToolError
from worker_py_tool.serve.guarded_protocol import GuardedProtocol

KEEP_ALIVE_S = 30
"""How long an idle connection is kept."""
SHUTDOWN_S = 10
"""How long requests that are being answered may take to end."""
BACKLOG = 2048
ACCEPTORS = 32
"""How often the event loop listens on the one socket. uvloop takes one connection from each in a turn: with a single
one, many clients that come at once wait for seconds behind those that came first."""


class AsgiServer:
    """An ASGI application on an address of this machine, in a thread of its own; use it in a `with` statement.

    Attributes:
        host: The address it is bound to.
        port: The port, also when it was given as 0 for any that is free.

    Raises:
        ToolError: The address is taken.
    """

    def __init__(
        self, app: ASGIApp, host: str = "127.0.0.1", port: int = 0, protocol: type[GuardedProtocol] = GuardedProtocol
    ) -> None:
        config = uvicorn.Config(
            app,
            http=protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            # Its finer levels would show query strings; its warnings are of what GuardedProtocol logs, and of a library
            # that is not missed when a client asks for a WebSocket.
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=SHUTDOWN_S,
        )
        config.load()
        self._server = uvicorn.Server(config)
        self._socket = _listen(host, port)
        self.host = host
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        """Where to find it, with a slash at its end."""
        shown = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://{f'[{shown}]' if ':' in shown else shown}:{self.port}/"

    def __enter__(self) -> Self:
        """Start answering."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take no more connections, let requests that are being answered end, and free the port."""
        self._server.should_exit = True
        self._thread.join()

    def _run(self) -> None:
        acceptors = [self._socket.dup() for _ in range(ACCEPTORS)]
        self._socket.close()  # else clients could still connect while the last requests are answered
        self._server.run(acceptors)


class Server(AsgiServer):
    """Serves a bundle; use it in a `with` statement.

    Args:
        directory: The bundle.
        host: Address to bind to.
        port: Port to bind to; 0 for any free one.
        allowed_hosts: Names that requests may call the server by; empty for any.
        reports: The file of the report sink, where there is one.
        report_origins: Origins of bundles on other hosts that may report here.

    Raises:
        ToolError: The directory is no bundle, or the address is taken.
    """

    def __init__(
        self,
        directory: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        allowed_hosts: Sequence[str] = (),
        reports: Path | None = None,
        report_origins: Sequence[str] = (),
    ) -> None:
        application = create_app(directory, allowed_hosts=allowed_hosts, reports=reports, report_origins=report_origins)
        super().__init__(application, host, port)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as problem:
        raise ToolError(
            f"cannot listen on {host}, port {port}: {problem}", "Choose another with --port; 0 takes any free one."
        ) from problem
    listening.setblocking(False)
    return listening
