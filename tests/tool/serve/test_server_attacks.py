"""What clients of `scripts/serve` could do to its memory, its connections and its log, and cannot."""

import logging
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from tests.support.http_contract import send_raw
from worker_py_tool.asgi import create_app
from worker_py_tool.bundle import manifest
from worker_py_tool.bundle.manifest import Manifest
from worker_py_tool.serve import answers, request_body
from worker_py_tool.serve.guarded_protocol import HEAD_LIMIT, GuardedProtocol
from worker_py_tool.serve.server import AsgiServer, Server

GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
LARGE = "assets/0/large.bin"
LARGE_BYTES = 24 << 20
"""More than the buffers of a connection take, on loopback too."""


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    directory = tmp_path / "bundle"
    (directory / "assets" / "0").mkdir(parents=True)
    (directory / "index.html").write_bytes(b"<!doctype html>page")
    (directory / LARGE).write_bytes(bytes(LARGE_BYTES))
    Manifest("0" * 12, "0", "0", "bx24", [], "default-src 'none'", manifest.list_files(directory)).write(directory)
    return directory


@pytest.fixture
def server(bundle: Path) -> Iterator[Server]:
    with Server(bundle) as running:
        yield running


def status(answer: bytes) -> int:
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    assert found, answer[:100]
    return int(found[1])


async def count_headers(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with how many headers it was given, once the body and what follows it have come."""
    await request_body.read(scope, receive)
    await answers.answer(send, 200, [(b"x-headers", str(len(scope["headers"])).encode())])


def test_trailers_behind_a_body_are_not_kept() -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    trailers = b"X-Trailer: y\r\n" * 10_000
    with AsgiServer(count_headers) as server:
        answer = send_raw(server.port, head + b"0\r\n" + trailers + b"\r\n")
    assert b"x-headers: 3\r\n" in answer


@pytest.mark.parametrize(
    "head",
    [
        GET + b"X-Long: " + b"a" * HEAD_LIMIT + b"\r\n\r\n",
        GET + b"X-Many: b\r\n" * (HEAD_LIMIT // 10) + b"\r\n",
        b"GET /?" + b"a" * HEAD_LIMIT + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["one long header", "many headers", "a long address"],
)
def test_a_long_head_is_refused_also_when_it_comes_at_once(server: Server, head: bytes) -> None:
    assert status(send_raw(server.port, head)) == 431
    assert status(send_raw(server.port, GET + b"Connection: close\r\n\r\n")) == 200


def test_a_long_body_right_behind_its_head_does_not_make_the_head_long(server: Server) -> None:
    body = b"a" * (HEAD_LIMIT + 1000)
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert status(send_raw(server.port, head + body)) == 200


def test_a_client_that_leaves_before_its_pipelined_answers_leaves_no_error(
    bundle: Path, caplog: pytest.LogCaptureFixture
) -> None:
    request = b"GET /" + LARGE.encode() + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    with Server(bundle) as server, socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(request * 3)
        assert status(client.recv(4096)) == 200
        client.close()
        assert status(send_raw(server.port, GET + b"Connection: close\r\n\r\n")) == 200
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


class StallWatch(logging.Handler):
    """Tells when the server has given a client up."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if "took nothing" in record.getMessage():
            self.seen.set()


def test_a_client_that_takes_nothing_of_its_answer_is_cut_off(bundle: Path) -> None:
    class Hasty(GuardedProtocol):
        stall_timeout_s = 0.2

    watch = StallWatch()
    logger = logging.getLogger("worker_py.serve")
    logger.addHandler(watch)
    try:
        with (
            AsgiServer(create_app(bundle), protocol=Hasty) as server,
            socket.create_connection(("127.0.0.1", server.port), timeout=30) as client,
        ):
            client.sendall(b"GET /" + LARGE.encode() + b" HTTP/1.1\r\nHost: x\r\n\r\n")
            assert watch.seen.wait(30)
            got = 0
            try:
                while part := client.recv(1 << 20):
                    got += len(part)
            except ConnectionResetError:
                pass
    finally:
        logger.removeHandler(watch)
    assert got < LARGE_BYTES


@pytest.mark.parametrize("target", [b"*", b"/%0d%0aSet-Cookie:%20a", b"/healthz/", b"/placement-error/"])
def test_an_address_that_is_none_is_refused_like_any_other(server: Server, target: bytes) -> None:
    answer = send_raw(server.port, b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert status(answer) == 404
    assert b"x-content-type-options: nosniff" in answer


def test_two_names_of_the_host_are_not_taken_for_one_that_is_allowed(bundle: Path) -> None:
    with Server(bundle, allowed_hosts=["app.example"]) as server:
        two = b"GET / HTTP/1.1\r\nHost: app.example\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
        assert status(send_raw(server.port, two)) == 421


@pytest.mark.parametrize(
    ("sent", "refusal"),
    [(b"\x16\x03\x01\x02\x00", "400 Bad Request"), (GET + b"X: " + b"a" * (2 * HEAD_LIMIT), "431 ")],
)
def test_what_is_refused_before_it_is_a_request_is_logged_without_its_words(
    server: Server, caplog: pytest.LogCaptureFixture, sent: bytes, refusal: str
) -> None:
    with caplog.at_level(logging.INFO):
        answer = send_raw(server.port, sent)
    assert refusal.encode() in answer
    assert b"x-content-type-options: nosniff" in answer.lower()
    assert [record.getMessage()[: len(refusal)] for record in caplog.records] == [refusal]


def test_an_upgrade_that_is_not_offered_is_answered_as_a_plain_request(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    websocket = GET + b"Upgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\n\r\n"
    with caplog.at_level(logging.WARNING):
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
            client.sendall(websocket)
            assert status(client.recv(4096)) == 200
    assert [record.getMessage() for record in caplog.records] == []
