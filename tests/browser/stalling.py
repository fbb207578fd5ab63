"""A server whose interpreter takes its time."""

import asyncio
from pathlib import Path

from starlette.types import Receive, Scope, Send

from worker_py_tool.asgi import create_app
from worker_py_tool.serve import AsgiServer


class StallingServer(AsgiServer):
    """Serves a bundle, the interpreter's WebAssembly module `stall_s` seconds late."""

    def __init__(self, bundle: Path, stall_s: float) -> None:
        app = create_app(bundle)

        async def stalling(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["path"].endswith(".wasm"):
                await asyncio.sleep(stall_s)
            await app(scope, receive, send)

        super().__init__(stalling)
