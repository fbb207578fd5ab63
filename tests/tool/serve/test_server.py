"""What `scripts/serve` answers."""

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from worker_py_tool.bundle import manifest
from worker_py_tool.bundle.manifest import Manifest
from worker_py_tool.errors import ToolError
from worker_py_tool.serve.server import Server

PAGE = b"<!doctype html>page"
POLICY = "default-src 'none'"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    for name, content in {"index.html": PAGE, "assets/0/shim.js": b"1;", "pyodide/1/a.wasm": b"\0asm"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    Manifest("0" * 12, "0", "0", "bx24", [], POLICY, manifest.list_files(tmp_path)).write(tmp_path)
    return tmp_path


@pytest.fixture
def server(bundle: Path) -> Iterator[Server]:
    with Server(bundle) as running:
        yield running


def ask(
    server: Server, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/", "/index.html", "/?DOMAIN=portal.example&APP_SID=1"])
def test_get_and_post_give_the_page_uncached_and_with_its_policy(server: Server, method: str, path: str) -> None:
    status, content, headers = ask(server, method, path, b"AUTH_ID=secret" if method == "POST" else None)
    assert (status, content) == (200, PAGE)
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Type"] == "text/html; charset=utf-8"


def test_the_apps_settings_are_those_that_lie_there_now_and_are_kept_by_nobody(server: Server, bundle: Path) -> None:
    assert ask(server, "GET", "/worker-py.json")[0] == 404
    for text in (b'{"a": 1}', b'{"a": 22}'):
        (bundle / "worker-py.json").write_bytes(text)
        status, content, headers = ask(server, "GET", "/worker-py.json")
        assert (status, content) == (200, text)
        assert (headers["Content-Type"], headers["Cache-Control"]) == ("application/json", "no-store")
        assert headers["X-Content-Type-Options"] == "nosniff"
    assert ask(server, "POST", "/worker-py.json")[0] == 405


def test_hashed_assets_never_expire_and_scripts_carry_the_policy(server: Server) -> None:
    _, _, headers = ask(server, "GET", "/assets/0/shim.js")
    assert headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "immutable" in headers["Cache-Control"]
    assert headers["Content-Security-Policy"] == POLICY
    assert ask(server, "GET", "/pyodide/1/a.wasm")[2]["Content-Type"] == "application/wasm"


def test_head_and_options_are_answered_without_content(server: Server) -> None:
    status, content, headers = ask(server, "HEAD", "/")
    assert (status, content, headers["Content-Length"]) == (200, b"", str(len(PAGE)))
    status, _, headers = ask(server, "OPTIONS", "/")
    assert (status, headers["Allow"]) == (204, "GET, HEAD, OPTIONS, POST")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/assets/0/shim.js", 405),
        ("DELETE", "/", 405),
        ("GET", "/manifest.json", 404),
        ("GET", "/../secret.txt", 404),
        ("GET", "/%2e%2e/secret.txt", 404),
        ("GET", "//index.html/..", 404),
        ("BREW", "/", 400),
    ],
)
def test_everything_else_is_refused(bundle: Path, server: Server, method: str, path: str, status: int) -> None:
    (bundle.parent / "secret.txt").write_text("secret")
    assert ask(server, method, path)[0] == status


def test_a_body_too_long_is_not_read(server: Server) -> None:
    assert ask(server, "POST", "/", headers={"Content-Length": str(1 << 30)})[0] == 413
    assert ask(server, "POST", "/", headers={"Content-Length": "-1"})[0] == 400


def test_a_chunked_body_is_read(server: Server) -> None:
    assert ask(server, "POST", "/", b"3\r\nabc\r\n0\r\n\r\n", {"Transfer-Encoding": "chunked"})[0] == 200


def test_any_host_is_answered_unless_some_are_named(bundle: Path) -> None:
    with Server(bundle, allowed_hosts=["App.example"]) as server:
        assert ask(server, "GET", "/", headers={"Host": "app.example:80"})[0] == 200
        assert ask(server, "GET", "/", headers={"Host": "evil.example"})[0] == 421


def test_many_requests_at_a_time_are_answered(server: Server) -> None:
    with ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(lambda _: ask(server, "POST", "/", b"x")[0], range(300)))
    assert statuses == [200] * 300


def test_a_bundle_built_anew_is_noticed(bundle: Path, server: Server) -> None:
    assert ask(server, "GET", "/")[1] == PAGE
    (bundle / "index.html").write_bytes(b"new")
    content = json.loads((bundle / "manifest.json").read_text())
    content["csp"] = "sandbox"
    (bundle / "fresh.json").write_text(json.dumps(content))
    (bundle / "fresh.json").rename(bundle / "manifest.json")
    _, page, headers = ask(server, "GET", "/")
    assert (page, headers["Content-Security-Policy"]) == (b"new", "sandbox")


def test_what_is_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="is no bundle"):
        Server(tmp_path)
    with pytest.raises(ToolError, match="there is no"):
        Server(tmp_path / "nowhere")


def test_a_port_in_use_is_named(bundle: Path, server: Server) -> None:
    with pytest.raises(ToolError, match=f"port {server.port}"):
        Server(bundle, port=server.port)
