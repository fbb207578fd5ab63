"""Request bodies: read within limits, and forgotten. The form that the portal posts holds live tokens."""

import asyncio
from contextlib import suppress
from http import HTTPStatus

from starlette.types import Receive, Scope

from worker_py_tool.serve.headers import BODY_LIMIT

TIMEOUT_S = 10.0
"""For the whole body, however it trickles in."""
DRAIN_S = 2.0


class BodyRefused(Exception):
    """The body is too long or too slow; the connection has to be closed after the answer."""

    def __init__(self, status: HTTPStatus, expected: str) -> None:
        super().__init__(f"{status.value} {status.phrase}: {expected}")
        self.status = status


class ClientGone(Exception):
    """The client went away in mid-body: there is nobody to answer."""


async def read(scope: Scope, receive: Receive) -> bytes:
    """Read a body to its end.

    Raises:
        BodyRefused: It is longer than the limit, or not there in time.
        ClientGone: The client closed the connection.
    """
    announced = header(scope, b"content-length")
    if announced is None and header(scope, b"transfer-encoding") is None:
        return b""
    too_long = BodyRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body may have {BODY_LIMIT} bytes")
    if announced is not None and announced.isdigit() and int(announced) > BODY_LIMIT:
        raise too_long
    body = bytearray()
    try:
        async with asyncio.timeout(TIMEOUT_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                body += message.get("body", b"")
                if len(body) > BODY_LIMIT:
                    raise too_long
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise BodyRefused(
            HTTPStatus.REQUEST_TIMEOUT, f"the body was not complete after {TIMEOUT_S:g} seconds"
        ) from None


async def drain(receive: Receive) -> None:
    """Take what the client still sends, for a while: a connection closed before would lose it our answer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            while (message := await receive())["type"] == "http.request" and message.get("more_body", False):
                pass


def header(scope: Scope, name: bytes) -> str | None:
    """A request's header; None when it is missing."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return None
