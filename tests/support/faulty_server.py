"""A server of a bundle whose parts come damaged, late, or not at all."""

import asyncio
import threading
from dataclasses import dataclass, field
from pathlib import Path

from starlette.types import Message, Receive, Scope, Send

from worker_py_tool.asgi import create_app
from worker_py_tool.bundle import manifest
from worker_py_tool.serve.server import AsgiServer

HELD_S = 120.0
"""A test that failed before it released what it held must not hang."""


@dataclass
class Fault:
    """What happens to one part.

    Attributes:
        kind: `corrupt`, `truncated`, `missing`, `unavailable`, `aborted`, `late` or `held`.
        times: How many requests it happens to; None for all.
        late_s: Seconds, for `late`.
        released: Set it, and what is `held` comes.
        happened: To how many requests it has happened.
    """

    kind: str
    times: int | None = None
    late_s: float = 0
    released: threading.Event = field(default_factory=threading.Event)
    happened: int = 0

    def strikes(self) -> bool:
        """Whether the next request is one of those; counts it."""
        if self.times is not None and self.happened >= self.times:
            return False
        self.happened += 1
        return True


class FaultyServer(AsgiServer):
    """Serves a bundle.

    Attributes:
        faults: What happens to parts, by their path in the bundle.
        asked: The path of each request for a part, in order.
    """

    def __init__(self, bundle: Path) -> None:
        self._app = create_app(bundle)
        self._parts = list(manifest.read(bundle).files)
        self.faults: dict[str, Fault] = {}
        self.asked: list[str] = []

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            await self._answer(scope, receive, send)

        super().__init__(answer)

    def part(self, name: str) -> str:
        """The path of a part by its path in the folder of its build, by its name, or by the beginning of that."""
        plain = [path for path in self._parts if not path.endswith((".br", ".gz"))]
        found = [path for path in plain if path.split("/", 2)[-1] == name]
        found = found or [path for path in plain if path.rsplit("/", 1)[-1].startswith(name)]
        assert len(found) == 1, found
        return found[0]

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].lstrip("/") or "index.html"
        self.asked.append(path)
        fault = self.faults.get(path)
        if fault is None or not fault.strikes():
            await self._app(scope, receive, send)
        elif fault.kind == "late":
            await asyncio.sleep(fault.late_s)
            await self._app(scope, receive, send)
        elif fault.kind == "held":
            await asyncio.to_thread(fault.released.wait, HELD_S)
            await self._app(scope, receive, send)
        elif fault.kind in ("missing", "unavailable"):
            await _refuse(send, 404 if fault.kind == "missing" else 503)
        else:
            await self._damaged(scope, receive, send, fault.kind)

    async def _damaged(self, scope: Scope, receive: Receive, send: Send, kind: str) -> None:
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        start: Message = {}
        body = bytearray()

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                body.extend(message.get("body", b""))

        await self._app({**scope, "headers": plain}, receive, keep)
        if kind == "corrupt":
            middle = len(body) // 2
            body[middle : middle + 64] = bytes(value ^ 0xFF for value in body[middle : middle + 64])
            body[middle : middle + 3] = b"*/\n"  # in a comment of a script the damage would be none
        else:
            del body[len(body) // 2 :]
        headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
        length = len(body) if kind != "aborted" else len(body) * 2 + 2
        await send({**start, "headers": [*headers, (b"content-length", str(length).encode())]})
        await send({"type": "http.response.body", "body": bytes(body), "more_body": kind == "aborted"})
        if kind == "aborted":
            raise ConnectionAbortedError  # the server closes the connection in the middle


async def _refuse(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"no"})
