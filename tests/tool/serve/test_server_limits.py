"""What `scripts/serve` does with clients that mean it ill, and what it keeps to itself."""

import asyncio
import http.client
import json
import logging
import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from tests.support.http_contract import FORM, PLANTED, QUERY, send_raw
from worker_py_tool.asgi import OVERTIME, app, create_app
from worker_py_tool.bundle import manifest
from worker_py_tool.bundle.manifest import Manifest
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import ROOT
from worker_py_tool.serve import request_body
from worker_py_tool.serve.guarded_protocol import HEAD_LIMIT, GuardedProtocol
from worker_py_tool.serve.headers import BODY_LIMIT
from worker_py_tool.serve.server import AsgiServer, Server

PAGE = b"<!doctype html>page"
GET = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
HASTY_S = 0.2
POST = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    directory = tmp_path / "bundle"
    (directory / "assets" / "0").mkdir(parents=True)
    (directory / "index.html").write_bytes(PAGE)
    (directory / "assets" / "0" / "shim.js").write_bytes(b"1;")
    stamp(directory, "0")
    return directory


def stamp(directory: Path, build: str) -> None:
    made = Manifest(build * 12, "0", "0", "bx24", [], "default-src 'none'", manifest.list_files(directory))
    made.write(directory)


@pytest.fixture
def server(bundle: Path) -> Iterator[Server]:
    with Server(bundle) as running:
        yield running


class HastyProtocol(GuardedProtocol):
    """A head has a fifth of a second from its first byte on, however late that comes."""

    head_timeout_s = 30.0

    def data_received(self, data: bytes) -> None:
        if self.head_timeout_s != HASTY_S:
            self.head_timeout_s = HASTY_S
            self._stop_timer()
        super().data_received(data)


class ImpatientProtocol(GuardedProtocol):
    """A client that says nothing has a fifth of a second."""

    head_timeout_s = HASTY_S


@pytest.fixture
def hasty(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AsgiServer]:
    """A server that waits a fifth of a second for heads and bodies, and as long for what comes after a refusal."""
    monkeypatch.setattr(request_body, "TIMEOUT_S", HASTY_S)
    monkeypatch.setattr(request_body, "DRAIN_S", HASTY_S)
    with AsgiServer(create_app(bundle), protocol=HastyProtocol) as running:
        yield running


def status(answer: bytes) -> int:
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    assert found, answer[:100]
    return int(found[1])


def health(server: AsgiServer) -> dict[str, object]:
    content = send_raw(server.port, GET.replace(b"/ ", b"/healthz ", 1)).partition(b"\r\n\r\n")[2]
    read: dict[str, object] = json.loads(content)
    return read


# Heads and bodies -----------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"GET /" + b"a" * 5000])
def test_a_head_that_does_not_end_is_refused_in_time(hasty: AsgiServer, sent: bytes) -> None:
    assert status(send_raw(hasty.port, sent)) == 408


def test_a_connection_that_says_nothing_is_closed(bundle: Path) -> None:
    with AsgiServer(create_app(bundle), protocol=ImpatientProtocol) as server:
        assert send_raw(server.port, b"") == b""


def test_a_second_head_on_a_connection_has_no_longer(hasty: AsgiServer) -> None:
    with socket.create_connection(("127.0.0.1", hasty.port), timeout=30) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert status(client.recv(65536)) == 200
        client.sendall(b"GET / HT")
        assert status(client.recv(65536)) == 408


@pytest.mark.parametrize(
    "announced", [b"Content-Length: 9\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"]
)
def test_a_body_that_does_not_end_is_refused_in_time(hasty: AsgiServer, announced: bytes) -> None:
    assert status(send_raw(hasty.port, POST + announced)) == 408


def test_two_hundred_slow_clients_do_not_keep_others_from_the_page(bundle: Path) -> None:
    with Server(bundle) as server, ExitStack() as slow:
        for number in range(200):
            client = slow.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            client.sendall(b"GET / HTTP/1.1\r\nX: " if number % 2 else POST + b"Content-Length: 100\r\n\r\nx")
        assert status(send_raw(server.port, GET)) == 200


@pytest.mark.parametrize("filler", [b"X-Long: " + b"a" * (2 * HEAD_LIMIT), b"X: y\r\n" * HEAD_LIMIT])
def test_a_head_without_end_is_refused_by_its_length(server: Server, filler: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(b"GET / HTTP/1.1\r\n")
        refused = b""
        for start in range(0, len(filler), 8192):
            try:
                client.sendall(filler[start : start + 8192])
            except OSError:
                break
        try:
            refused = client.recv(1000)
        except ConnectionResetError:
            pytest.skip("the answer was lost with the connection, which is as good a refusal")
    assert status(refused) == 431


def test_a_body_in_chunks_is_refused_where_it_gets_too_long(server: Server) -> None:
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    exact = POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * (BODY_LIMIT // 0x8000)
    assert status(send_raw(server.port, exact + b"0\r\n\r\n")) == 200
    refused = send_raw(server.port, exact + b"1\r\nx\r\n0\r\n\r\n")
    assert status(refused) == 413
    assert b"a body may have 65536 bytes" in refused


def test_a_long_body_that_is_sent_all_the_same_does_not_lose_the_refusal(server: Server) -> None:
    body = b"x" * (4 * BODY_LIMIT)
    request = POST.replace(b"Connection: close\r\n", b"") + b"Content-Length: %d\r\n\r\n" % len(body)
    assert status(send_raw(server.port, request + body)) == 413


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\r\n\r\nnonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET \xff HTTP/1.1\r\nHost: x\r\n\r\n",
        POST + b"Content-Length: x\r\n\r\n",
        POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n",
    ],
)
def test_what_is_no_http_is_refused_and_service_goes_on(server: Server, request_bytes: bytes) -> None:
    assert status(send_raw(server.port, request_bytes)) == 400
    assert status(send_raw(server.port, GET)) == 200


def test_a_client_that_leaves_in_mid_body_is_forgotten(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(POST + b"Content-Length: 100\r\n\r\nx")
    assert status(send_raw(server.port, GET)) == 200
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(
    "host", [b"", b"Host: evil.example\r\n", b"Host: [::1\r\n", b"Host: good.example.evil.example\r\n"]
)
def test_a_foreign_host_is_refused_when_hosts_are_named(bundle: Path, host: bytes) -> None:
    with Server(bundle, allowed_hosts=["good.example"]) as server:
        foreign = b"POST / HTTP/1.1\r\n%sConnection: close\r\nContent-Length: 3\r\n\r\nx=1" % host
        assert status(send_raw(server.port, foreign)) == 421
        assert status(send_raw(server.port, GET.replace(b"x\r", b"GOOD.example:443\r"))) == 200


# Secrets ---------------------------------------------------------------------------------------------


def test_tokens_are_in_no_log_and_in_no_answer(bundle: Path) -> None:
    """As it runs in production: the command's own log, whole."""
    head = f"Host: x\r\nX-Token: planted-header\r\nReferer: https://x/{QUERY}\r\nConnection: close\r\n"
    body = f"Content-Length: {len(FORM)}\r\n\r\n{FORM}"
    requests = [
        f"POST /{QUERY} HTTP/1.1\r\n{head}{body}",
        f"POST /{QUERY} HTTP/1.1\r\n{head}Content-Length: 99999\r\n\r\n{FORM}",
        f"POST /{QUERY} HTTP/1.1\r\n{head}Content-Length: x\r\n\r\n{FORM}",
        f"POST /assets/0/shim.js{QUERY} HTTP/1.1\r\n{head}{body}",
        f"GET /missing{QUERY} HTTP/1.1\r\n{head}\r\n",
        f"BREW /{QUERY} HTTP/1.1\r\n{head}\r\n",
        f"GET https://planted-header@x/{QUERY} HTTP/1.1\r\n{head}\r\n",
        f"GET /healthz{QUERY} HTTP/1.1\r\n{head}Upgrade: websocket\r\n\r\n",
        f"POST /placement-error{QUERY}&error={OVERTIME} HTTP/1.1\r\n{head}{body}",
        f"GET /healthz HTTP/1.1\r\n{head}\r\n",
    ]
    with subprocess.Popen(
        [ROOT / "scripts" / "serve", bundle, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().decode().rstrip("/\n").rpartition(":")[2])
        answers = b"".join(send_raw(port, request.encode()) for request in requests)
        process.send_signal(signal.SIGTERM)
        printed, log = process.communicate(timeout=30)
    assert process.returncode == 0
    assert re.search(rb"INFO POST / 200 19 \d+\.\d$", log, re.MULTILINE), log
    assert OVERTIME.encode() in log
    assert [token for token in PLANTED if token.encode() in printed + log + answers] == []


def test_a_path_cannot_forge_a_line_of_the_log(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "worker_py.access"):
        send_raw(server.port, GET.replace(b"/ ", b"/%0aforged" + b"a" * 500 + b" ", 1))
        send_raw(server.port, GET)
    first, second = (record.getMessage() for record in caplog.records)
    assert first.startswith("GET /%0aforgedaaa")
    assert re.search(r"a\.\.\. 404 ", first)
    assert len(first) < 300
    assert re.fullmatch(r"GET / 200 19 \d+\.\d", second)


def test_no_module_of_the_server_writes_a_trace_of_a_failure_with_the_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        raise RuntimeError("broken")

    with AsgiServer(fails) as server:
        request = f"POST /{QUERY} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(FORM)}\r\n\r\n{FORM}"
        answer = send_raw(server.port, request.encode())
    assert status(answer) == 500
    assert "RuntimeError: broken" in caplog.text
    assert [token for token in PLANTED if token in caplog.text or token.encode() in answer] == []


# Health, errors, life ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_bytes",
    [
        f"GET /placement-error?error={OVERTIME}&x=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode(),
        POST.replace(b"/ ", b"/placement-error ", 1) + b"Content-Length: 38\r\n\r\nerror=" + OVERTIME.encode(),
        POST.replace(b"/ ", b"/placement-error ", 1) + b'Content-Length: 43\r\n\r\n{"error":"%s"}' % OVERTIME.encode(),
    ],
)
def test_an_overtime_is_logged_and_counted(
    server: Server, request_bytes: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert status(send_raw(server.port, request_bytes)) == 200
    errors = health(server)["placement_errors"]
    assert isinstance(errors, dict)
    assert (errors[OVERTIME], errors["other"]) == (1, 0)
    assert errors["last_at"]
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [OVERTIME]


def test_other_reports_are_counted_apart(server: Server) -> None:
    send_raw(server.port, GET.replace(b"/ ", b"/placement-error?error=SOMETHING ", 1))
    errors = health(server)["placement_errors"]
    assert errors == {OVERTIME: 0, "last_at": None, "other": 1}


def test_health_tells_build_time_and_counts_and_nothing_else(server: Server) -> None:
    send_raw(server.port, GET)
    send_raw(server.port, GET.replace(b"/ ", b"/x ", 1))
    told = health(server)
    assert set(told) == {"status", "build", "version", "uptime_s", "answers", "placement_errors"}
    assert (told["status"], told["build"]) == ("ok", "0" * 12)
    assert told["answers"] == {"200": 1, "404": 1}


def test_a_file_that_the_browser_has_is_not_sent_again(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", "/assets/0/shim.js")
    first = connection.getresponse()
    first.read()
    tag = first.headers["ETag"]
    for tags in (tag, f'"other", W/{tag}', "*"):
        connection.request("GET", "/assets/0/shim.js", headers={"If-None-Match": tags})
        again = connection.getresponse()
        assert (again.status, again.read(), again.headers["ETag"]) == (304, b"", tag)
    connection.request("GET", "/assets/0/shim.js", headers={"If-None-Match": '"other"'})
    assert connection.getresponse().read() == b"1;"
    connection.close()


def test_files_of_the_former_build_stay_for_pages_that_show_it(bundle: Path, server: Server) -> None:
    asset = GET.replace(b"/ ", b"/assets/0/shim.js ", 1)
    send_raw(server.port, asset)
    (bundle / "assets" / "0" / "shim.js").unlink()
    (bundle / "assets" / "1.js").write_bytes(b"2;")
    stamp(bundle, "1")
    assert send_raw(server.port, asset.replace(b"0/shim", b"1")).endswith(b"2;")
    assert send_raw(server.port, asset).endswith(b"1;")
    assert health(server)["build"] == "1" * 12


def test_a_broken_new_build_leaves_the_old_one_served(
    bundle: Path, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    (bundle / "manifest.json").write_text("{")
    assert send_raw(server.port, GET).endswith(PAGE)
    assert "the new build is not served" in caplog.text


def test_a_request_in_flight_is_answered_before_the_end() -> None:
    async def takes_half_a_second(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        await asyncio.sleep(0.5)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    begun = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        with AsgiServer(takes_half_a_second) as server:
            answer = pool.submit(send_raw, server.port, GET)
            assert begun.wait(30)
        assert status(answer.result()) == 200
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_serve_prints_its_address_first_and_ends_well(bundle: Path, ending: signal.Signals) -> None:
    with subprocess.Popen(
        [ROOT / "scripts" / "serve", bundle, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().decode()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\n", url)
        assert status(send_raw(int(url.rstrip("/\n").rpartition(":")[2]), GET)) == 200
        process.send_signal(ending)
        assert process.wait(timeout=30) == 0


def test_the_application_for_other_hosts_is_described_by_the_environment(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WORKER_PY_BUNDLE", raising=False)
    with pytest.raises(ToolError, match="WORKER_PY_BUNDLE is not set"):
        app()
    monkeypatch.setitem(os.environ, "WORKER_PY_BUNDLE", str(bundle))
    monkeypatch.setitem(os.environ, "WORKER_PY_ALLOWED_HOSTS", "one.example, two.example")
    with AsgiServer(app()) as server:
        assert status(send_raw(server.port, GET)) == 421
        assert status(send_raw(server.port, GET.replace(b"x\r", b"two.example\r"))) == 200
