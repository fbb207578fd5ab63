"""nginx and Caddy as `scripts/build --emit` configures them: the HTTP contract, secrecy, and Python in a browser."""

import gzip
import io
import re
import socket
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import cast

import pytest
from playwright.sync_api import Page, expect

from tests.support import http_contract
from tests.support.http_contract import CASES, FORM, FORM_HEADERS, PLANTED, QUERY, Case
from worker_py_tool.demo import demo
from worker_py_tool.serve import recipes
from worker_py_tool.serve.recipes import Kind
from worker_py_tool.setup import web_servers
from worker_py_tool.setup.web_servers import Running


@pytest.fixture(scope="module", params=recipes.KINDS)
def server(
    request: pytest.FixtureRequest, demo_bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """The demo's bundle, served by each of the servers."""
    kind: Kind = request.param
    if reason := web_servers.missing(kind):
        pytest.skip(reason)
    with web_servers.run(kind, demo_bundle, tmp_path_factory.mktemp(kind)) as running:
        yield running


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sentence)
def test_contract(case: Case, server: Running, demo_bundle: Path) -> None:
    http_contract.check(case, server.port, demo_bundle)


@pytest.mark.parametrize(
    "server",  # the other one answers alike: test_contract
    [kind if kind == "nginx" else pytest.param(kind, marks=pytest.mark.campaign) for kind in recipes.KINDS],
    indirect=True,
    scope="module",
)
def test_a_call_is_answered_by_python_of_a_posted_page(server: Running, page: Page, portal_url: str) -> None:
    app = f"http://app.localhost:{server.port}/"
    page.goto(demo.portal_url(portal_url, app))
    expect(page.locator("#card-status")).to_have_text("Head of purchasing · open deals: 2")
    page.get_by_role("button", name="Answer").click()
    expect(page.locator("#card-status")).to_have_text("Answered by Python")


def test_tokens_are_in_no_log_and_in_no_answer(server: Running) -> None:
    """The big body is refused, the odd request malformed, and one file missing: errors are logged most of all."""
    foreign = "Host: foreign.example\r\nX-Token: planted-header\r\nConnection: close\r\n"
    secrets = f"X-Token: planted-header\r\nReferer: https://x/{QUERY}\r\n"
    head = f"Host: 127.0.0.1:{server.port}\r\n{secrets}Connection: close\r\n"
    form = f"Content-Type: {FORM_HEADERS['Content-Type']}\r\n"
    requests = [
        f"POST /{QUERY} HTTP/1.1\r\n{head}{form}Content-Length: {len(FORM)}\r\n\r\n{FORM}",
        f"POST /{QUERY} HTTP/1.1\r\n{head}{form}Content-Length: 99999\r\n\r\n{FORM}",
        f"POST /assets/x.js{QUERY} HTTP/1.1\r\n{head}{form}Content-Length: {len(FORM)}\r\n\r\n{FORM}",
        f"GET /assets/missing.js{QUERY} HTTP/1.1\r\n{head}\r\n",
        f"GET /{QUERY} HTTP/1.1\r\n{foreign}\r\n",
        f"BREW /{QUERY} HTTP/1.1\r\n{head}\r\n",
        f"POST /{QUERY} HTTP/1.1\r\n{head}Content-Length: x\r\n\r\n{FORM}",
        f"POST /placement-error{QUERY} HTTP/1.1\r\n{head}{form}Content-Length: {len(FORM)}\r\n\r\n{FORM}",
    ]
    answers = b"".join(
        http_contract.send_raw(server.port, request.encode(), until=b"</html>" if "99999" in request else b"")
        for request in requests
    )
    assert answers.count(b"HTTP/1.1 ") >= len(requests)
    logs = b""
    # The last request, and the one that was refused half-way: they are logged after they were answered.
    while not (b"/placement-error" in logs and re.search(rb"\b413\b", logs)):
        logs = b"".join(path.read_bytes() for path in server.logs.iterdir())
    assert [token for token in PLANTED if token.encode() in answers + logs] == []


def test_a_page_that_was_posted_to_keeps_its_connection(server: Running, demo_bundle: Path) -> None:
    """A body that a server leaves unread must not be taken for the next request."""
    post = f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: {len(FORM)}\r\n\r\n{FORM}"
    last = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
    received = http_contract.send_raw(server.port, (post + last).encode())
    page = (demo_bundle / "index.html").read_bytes()
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert page in received
    assert gzip.decompress(body_of(received[received.rindex(b"HTTP/1.1 200 OK") :])) == page


class Received:
    """Bytes that were received, as `HTTPResponse` wants to read them."""

    def __init__(self, received: bytes) -> None:
        self.received = received

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self.received)


def body_of(received: bytes) -> bytes:
    """Of one response, in one piece or in chunks."""
    response = HTTPResponse(cast("socket.socket", Received(received)))
    response.begin()
    return response.read()
