"""A server whose interpreter takes its time."""

import asyncio
import threading
from pathlib import Path

from starlette.types import Receive, Scope, Send

from worker_py_tool.asgi import create_app
from worker_py_tool.serve.server import AsgiServer


class HeldServer(AsgiServer):
    """Serves a bundle, the interpreter's WebAssembly module not before `release` is called."""

    def __init__(self, bundle: Path) -> None:
        app = create_app(bundle)
        self._released = threading.Event()

        async def held(scope: Scope, receive: Receive, send: Send) -> None:
            while scope["path"].endswith(".wasm") and not self._released.is_set():
                await asyncio.sleep(0.02)  # the event is set by the test's thread
            await app(scope, receive, send)

        super().__init__(held)

    def release(self) -> None:
        """Let the module go."""
        self._released.set()
