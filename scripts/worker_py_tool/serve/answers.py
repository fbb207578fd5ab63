"""Writes whole answers to an ASGI server."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus

from starlette.types import Receive, Send

from worker_py_tool.serve import request_body
from worker_py_tool.serve.headers import EVERYWHERE, REFUSAL_POLICY
from worker_py_tool.serve.request_body import BodyRefused
from worker_py_tool.serve.served_bundle import raw

_NO_FILE = {
    **EVERYWHERE,
    "Cache-Control": "no-store",
    "Content-Security-Policy": REFUSAL_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def answer(
    send: Send, status: int, headers: Iterable[tuple[bytes, bytes]], content: bytes = b"", *, more: bool = False
) -> None:
    """Send an answer; the server leaves the content out for HEAD."""
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": content, "more_body": more})


async def made(
    send: Send,
    status: HTTPStatus,
    media_type: str,
    said: str,
    headers: Mapping[str, str] | None = None,
    *,
    more: bool = False,
) -> None:
    """Answer with what is no file, and for now alone: nobody keeps it, and nothing in it runs."""
    content = said.encode()
    named = {**_NO_FILE, "Content-Type": media_type, "Content-Length": str(len(content)), **(headers or {})}
    await answer(send, status, raw(named), content, more=more)


async def text(
    send: Send, status: HTTPStatus, line: str = "", headers: Mapping[str, str] | None = None, *, more: bool = False
) -> None:
    """Answer in one line of text, by default the status itself."""
    said = f"{line or f'{status.value} {status.phrase}'}\n"
    await made(send, status, "text/plain; charset=utf-8", said, headers, more=more)


async def allow(send: Send, methods: Iterable[str]) -> None:
    """Answer OPTIONS."""
    await answer(send, HTTPStatus.NO_CONTENT, raw({**EVERYWHERE, "Allow": ", ".join(methods)}))


async def refuse_body(receive: Receive, send: Send, refusal: BodyRefused) -> None:
    """Say what was wrong with the body, and close the connection."""
    await text(send, refusal.status, str(refusal), {"Connection": "close"}, more=True)
    await request_body.drain(receive)
    await send({"type": "http.response.body", "body": b"", "more_body": False})
