"""Serves the simulated portal: its files and its REST, by the Node server that lies beside them."""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Self

from worker_py_tool.demo import editor
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import PORTAL
from worker_py_tool.setup import node_packages

SCRIPT = PORTAL / "server.mjs"


class PortalServer:
    """Serves the simulated portal on an address of this machine; use it in a `with` statement.

    Args:
        port: Where to listen; 0 for any that is free.
        keep_s: How long browsers keep the portal's files without asking; for tests, during which nobody edits them.

    Attributes:
        url: Where to find it, with a slash at its end.
        port: The port, also when it was given as 0 for any that is free.

    Raises:
        ToolError: The address is taken.
    """

    def __init__(self, port: int = 0, keep_s: int = 0) -> None:
        self._scratch = tempfile.TemporaryDirectory()
        editor_file = Path(self._scratch.name) / "codemirror.js"
        editor_file.write_bytes(editor.library())
        config = {"port": port, "keepS": keep_s, "instead": {editor.PATH: str(editor_file)}}
        self._process = subprocess.Popen(
            [node_packages.require().executable, SCRIPT, json.dumps(config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        said = self._process.stdout.readline() if self._process.stdout else ""
        if not said.strip().isdigit():
            _, problem = self._process.communicate()
            self._scratch.cleanup()
            raise ToolError(
                f"cannot listen on 127.0.0.1, port {port}: {problem.strip()}",
                "Choose another with --port; 0 takes any free one.",
            )
        self.port = int(said)
        self.url = f"http://127.0.0.1:{self.port}/"

    def __enter__(self) -> Self:
        """It answers already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop answering, and free the port."""
        self._process.communicate()  # the server ends with its input
        self._scratch.cleanup()
