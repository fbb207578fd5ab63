"""The simulated portal's server: its files, and its REST over HTTP."""

import http.client
import itertools
import json
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from worker_py_tool import http_service, portal_rest
from worker_py_tool.portal_rest import PortalRest
from worker_py_tool.portal_server import PortalServer


class EchoingRest(PortalRest):
    """Gives back what it was asked."""

    def handle(self, method: str, params: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Echo."""
        return (200 if method == "echo" else 418), {"method": method, "params": dict(params)}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PortalServer]:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "index.html").write_text("portal")
    (tmp_path / "secret.txt").write_text("secret")
    with PortalServer(rest=EchoingRest(), directory=tmp_path / "root") as running:
        yield running


def ask(
    server: PortalServer, method: str, path: str, body: str | None = None, content_type: str = "", **headers: str
) -> tuple[int, bytes, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, path, body, {**({"Content-Type": content_type} if content_type else {}), **headers})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


def test_the_portals_page_is_at_its_root_and_nothing_outside_is(server: PortalServer) -> None:
    assert ask(server, "GET", "/?app=x")[:2] == (200, b"portal")
    assert ask(server, "GET", "/../secret.txt")[0] == 404
    assert ask(server, "GET", "/%2e%2e/secret.txt")[0] == 404
    assert ask(server, "POST", "/")[0] == 405


@pytest.mark.parametrize("path", ["/rest/echo", "/rest/echo.json"])
def test_rest_takes_json_and_forms(server: PortalServer, path: str) -> None:
    _, content, _ = ask(server, "POST", path, '{"filter": {"ID": 7}}', "application/json")
    assert json.loads(content) == {"method": "echo", "params": {"filter": {"ID": 7}}}
    _, content, _ = ask(server, "POST", path, "filter[ID]=7", "application/x-www-form-urlencoded")
    assert json.loads(content) == {"method": "echo", "params": {"filter": {"ID": "7"}}}


def test_rest_may_be_asked_from_other_origins(server: PortalServer) -> None:
    status, _, headers = ask(server, "OPTIONS", "/rest/echo.json")
    assert (status, headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert ask(server, "POST", "/rest/echo.json")[2]["Access-Control-Allow-Origin"] == "*"


def test_the_status_of_the_answer_is_that_of_the_method(server: PortalServer) -> None:
    assert ask(server, "POST", "/rest/coffee.json")[0] == 418


@pytest.mark.parametrize(
    "path",
    ["/%00", "/a%00.js", f"/{'a' * 5000}", f"/{'a/' * 3000}", "/%ff", "/index.html/x", "/rest/%00.json", "/%5c..%5cx"],
)
def test_a_path_that_no_file_can_have_is_not_found(server: PortalServer, path: str) -> None:
    assert ask(server, "GET", path)[0] == 404


def answer_to(server: PortalServer, request: bytes) -> bytes:
    """What comes back for bytes that no client library would send."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_an_address_that_is_none_is_refused(server: PortalServer) -> None:
    request = b"GET http://[ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    assert answer_to(server, request).startswith(b"HTTP/1.1 400 ")


CHUNKED = b"POST /rest/echo.json HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"


def test_trailers_are_dropped_and_do_not_go_on_for_ever(server: PortalServer) -> None:
    assert answer_to(server, CHUNKED + b"a: b\r\n" * 10 + b"\r\n").startswith(b"HTTP/1.1 200 ")
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(CHUNKED)
        with pytest.raises(OSError):  # it answers, and closes
            for _ in itertools.count():
                connection.sendall(b"a: b\r\n" * 1000)


def test_a_request_that_trickles_in_is_cut_off(server: PortalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_service, "REQUEST_S", 0.3)
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.settimeout(0.05)
        with pytest.raises(OSError) as cut:
            connection.sendall(b"GET / HTTP/1.1\r\n")
            while True:
                connection.sendall(b"a")
                try:
                    if connection.recv(1) == b"":
                        raise ConnectionResetError
                except TimeoutError:
                    pass
        assert not isinstance(cut.value, TimeoutError)


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "192.0.2.1"]
)
def test_a_name_that_is_not_of_this_machine_is_refused(server: PortalServer, host: str) -> None:
    for path in ("/", "/rest/echo.json"):
        assert ask(server, "GET", path, Host=host)[:2] == (421, b"421 Misdirected Request\n")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8080", "portal.localhost:8000", "[::1]:80", "LOCALHOST"])
def test_names_of_this_machine_are_answered(server: PortalServer, host: str) -> None:
    assert ask(server, "GET", "/", Host=host)[0] == 200


def test_two_names_are_refused(server: PortalServer) -> None:
    request = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    assert answer_to(server, request).startswith(b"HTTP/1.1 421 ")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_the_simulation_is_not_operated_by_pages_of_others(server: PortalServer, origin: str) -> None:
    for method in ("simulation.session", "Simulation.configure", "simulation.refresh"):
        assert ask(server, "POST", f"/rest/{method}.json", "{}", "application/json", Origin=origin)[0] == 403
    assert ask(server, "POST", "/rest/echo.json", "{}", "application/json", Origin=origin)[0] == 200
    own = f"http://portal.localhost:{server.port}"
    asked = ask(server, "POST", "/rest/simulation.session", "{}", Host=own.removeprefix("http://"), Origin=own)
    assert asked[0] == 418, "the portal's own page reaches it"


def test_many_sessions_do_not_push_out_one_that_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal_rest, "SESSIONS_KEPT", 5)
    rest = PortalRest()
    tokens = [rest.handle("simulation.session", {})[1]["result"]["AUTH_ID"]]
    for _ in range(20):
        assert rest.handle("profile", {"auth": tokens[0]})[0] == 200
        tokens.append(rest.handle("simulation.session", {})[1]["result"]["AUTH_ID"])
    kept = [token for token in tokens if rest.handle("profile", {"auth": token})[0] == 200]
    assert kept == [tokens[0], *tokens[-4:]]
