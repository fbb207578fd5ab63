"""Cloudflare's own runtime, with the Worker that `build --emit cloudflare` wrote."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from worker_py_tool.bundle import manifest
from worker_py_tool.paths import NODE_MODULES
from worker_py_tool.serve import recipes
from worker_py_tool.setup import node_packages

CONFIG = """using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (modules = [(name = "worker.js", esModule = embed "worker.js")],
      compatibilityDate = "2026-01-01", bindings = [(name = "ASSETS", service = "assets")])),
    (name = "assets", disk = (path = "%s")),
  ],
  sockets = [(name = "http", address = "127.0.0.1:%d", http = (), service = "main")],
);
"""


@contextmanager
def workerd(bundle: Path) -> Iterator[int]:
    """Serve a bundle by it; the port."""
    directory = recipes.write_edge("cloudflare", bundle, manifest.read(bundle))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    (directory / "config.capnp").write_text(CONFIG % (bundle.resolve(), port))
    program = (
        NODE_MODULES / "workerd" / "bin" / "workerd"
    )  # npm puts the program itself there, or a script that finds it
    command = (
        [str(program)] if program.read_bytes()[:2] != b"#!" else [str(node_packages.require().executable), str(program)]
    )
    # The script starts the program and does not end it: they end together, as a group.
    running = subprocess.Popen([*command, "serve", "config.capnp"], cwd=directory, start_new_session=True)
    try:
        _until_it_listens(port, running)
        yield port
    finally:
        os.killpg(running.pid, signal.SIGTERM)
        running.wait()


def _until_it_listens(port: int, running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and running.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            continue
        return
    raise AssertionError(f"workerd does not listen: {running.poll()}")
