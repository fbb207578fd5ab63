"""A server whose interpreter takes its time."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import ClassVar

from worker_py_tool.http_service import Service
from worker_py_tool.serve import Bundle, BundleHandler


class StallingHandler(BundleHandler):
    """Holds the WebAssembly module back for a while."""

    stall_s: ClassVar[float]

    def stall(self) -> None:
        """Answer, the module of the interpreter later than the rest."""
        if self.path.endswith(".wasm"):
            threading.Event().wait(self.stall_s)
        self.handle_any()

    do_GET = stall


class StallingServer(Service):
    """Serves a bundle, the interpreter's module `stall_s` seconds late."""

    def __init__(self, bundle: Path, stall_s: float) -> None:
        attributes = {"bundle": Bundle(bundle), "allowed_hosts": frozenset[str](), "stall_s": stall_s}
        super().__init__(type("Handler", (StallingHandler,), attributes), "127.0.0.1", 0)
