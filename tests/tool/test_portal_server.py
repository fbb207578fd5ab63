"""The simulated portal's server: its files, and its REST over HTTP."""

import http.client
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

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
    server: PortalServer, method: str, path: str, body: str | None = None, content_type: str = ""
) -> tuple[int, bytes, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, path, body, {"Content-Type": content_type} if content_type else {})
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
