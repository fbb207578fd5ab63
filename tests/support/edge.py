"""Cloudflare's own runtime, with the Worker that `build --emit cloudflare` wrote."""

import json
import os
import signal
import subprocess
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
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
"""


@contextmanager
def workerd(bundle: Path) -> Iterator[int]:
    """Serve a bundle by it; the port."""
    directory = recipes.write_edge("cloudflare", bundle, manifest.read(bundle))
    (directory / "config.capnp").write_text(CONFIG % bundle.resolve())
    program = (
        NODE_MODULES / "workerd" / "bin" / "workerd"
    )  # npm puts the program itself there, or a script that finds it
    command = (
        [str(program)] if program.read_bytes()[:2] != b"#!" else [str(node_packages.require().executable), str(program)]
    )
    # The script starts the program and does not end it: they end together, as a group.
    command += ["serve", "--control-fd=1", "config.capnp"]
    with subprocess.Popen(command, cwd=directory, start_new_session=True, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        try:
            said = running.stdout.readline()  # as soon as it listens, and at which port
            assert said, "workerd does not listen"
            yield int(json.loads(said)["port"])
        finally:
            os.killpg(running.pid, signal.SIGTERM)
