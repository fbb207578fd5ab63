"""The sink behind `serve --reports`: ingest, page, metrics."""

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.support.envelopes import boot, envelope, event
from worker_py_tool import cli
from worker_py_tool.bundle import manifest
from worker_py_tool.bundle.manifest import Manifest
from worker_py_tool.commands import reports as command
from worker_py_tool.reports import access
from worker_py_tool.reports.store import reading
from worker_py_tool.serve.server import Server

INGEST = "/reports/envelope"
PORTALS = ["https://*.portal.example", "http://localhost:*"]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    directory = tmp_path / "bundle"
    directory.mkdir()
    (directory / "index.html").write_bytes(b"page")
    files = manifest.list_files(directory)
    Manifest("a" * 12, "0.2.0", "0", "bx24", PORTALS, "default-src 'none'", files).write(directory)
    return directory


@pytest.fixture
def server(bundle: Path, tmp_path: Path) -> Iterator[Server]:
    with Server(bundle, reports=tmp_path / "r.sqlite", report_origins=["https://cdn.example"]) as running:
        yield running


def ask(
    server: Server, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, str, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers
    finally:
        connection.close()


def token(tmp_path: Path) -> str:
    return (tmp_path / "r.sqlite.token").read_text().strip()


def kept(tmp_path: Path) -> int:
    with reading(tmp_path / "r.sqlite") as entries:
        return int(entries.execute("SELECT count(*) FROM entries").fetchone()[0])


def test_what_is_accepted_is_in_the_file(server: Server, tmp_path: Path) -> None:
    assert ask(server, "POST", INGEST, envelope(event(), boot(400)))[0] == 200
    assert kept(tmp_path) == 2


def test_two_hundred_browsers_at_once_lose_nothing_that_was_accepted(server: Server, tmp_path: Path) -> None:
    def send(number: int) -> int:
        entries = [event(user={"id": f"{number:032x}"}) for _ in range(5)]
        return ask(server, "POST", INGEST, envelope(*entries))[0]

    with ThreadPoolExecutor(40) as browsers:
        statuses = list(browsers.map(send, range(200)))
    assert set(statuses) <= {200, 503}
    assert statuses.count(200) > 0
    assert kept(tmp_path) == 5 * statuses.count(200)


@pytest.mark.parametrize(
    "origin", ["https://company.portal.example", "http://localhost:8080", "https://cdn.example", "own", None]
)
def test_pages_of_the_bundle_of_portals_and_of_named_hosts_may_send(server: Server, origin: str | None) -> None:
    said = f"http://127.0.0.1:{server.port}" if origin == "own" else origin
    status, _, headers = ask(server, "POST", INGEST, envelope(event()), **({"Origin": said} if said else {}))
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, said)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://portal.example.evil.example", "null", "https://evilportal.example"]
)
def test_other_pages_may_not(server: Server, tmp_path: Path, origin: str) -> None:
    status, _, headers = ask(server, "POST", INGEST, envelope(event()), Origin=origin)
    assert (status, headers["Access-Control-Allow-Origin"]) == (403, None)
    assert kept(tmp_path) == 0


def test_hostile_bodies_are_refused_and_the_service_goes_on(server: Server, tmp_path: Path) -> None:
    bodies = [b"", b"{}" * 40_000, b"[" * 60_000, b'{}\n{"type":"event"}\n' + b'{"a":' * 9_000, b"\xff" * 1000]
    for body in bodies:
        assert ask(server, "POST", INGEST, body)[0] in (400, 413)
    assert ask(server, "PUT", INGEST, b"")[0] == 405
    assert ask(server, "POST", INGEST, envelope(event()))[0] == 200
    assert kept(tmp_path) == 1


def test_a_flood_from_one_address_is_asked_to_wait(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "BURST", 20)
    monkeypatch.setattr(access, "PER_SECOND", 0.1)  # slower than any machine asks
    statuses: list[int] = []
    while 429 not in statuses and len(statuses) < 1000:
        status, _, headers = ask(server, "POST", INGEST, b"no envelope")
        statuses.append(status)
    assert statuses[-1] == 429
    assert len(statuses) > 20
    assert int(headers["Retry-After"]) >= 1
    assert ask(server, "GET", "/")[0] == 200


def test_reports_are_behind_the_token(server: Server, tmp_path: Path) -> None:
    ask(server, "POST", INGEST, envelope(event()))
    shown: list[dict[str, str]] = [{}, {"Authorization": "Bearer wrong"}, {"Cookie": "worker_py_reports=wrong"}]
    for headers in shown:
        for path in ("/reports", "/metrics"):
            status, text, _ = ask(server, "GET", path, None, **headers)
            assert (status, "greet" in text) == (401, False)
    status, text, _ = ask(server, "GET", "/reports?span=1h", Authorization=f"Bearer {token(tmp_path)}")
    assert (status, "greet" in text) == (200, True)
    status, text, _ = ask(server, "GET", "/metrics", Authorization=f"Bearer {token(tmp_path)}")
    assert (status, 'entries_total{kind="handler_failed"} 1' in text) == (200, True)


def test_a_person_enters_the_token_once(server: Server, tmp_path: Path) -> None:
    form = urlencode({"token": token(tmp_path)}).encode()
    status, _, headers = ask(server, "POST", "/reports", form)
    assert (status, headers["Location"]) == (303, "/reports")
    assert "HttpOnly; SameSite=Strict" in headers["Set-Cookie"]
    status, text, headers = ask(server, "GET", "/reports", Cookie=headers["Set-Cookie"].partition(";")[0])
    assert (status, "Failures, by handler and version" in text) == (200, True)
    assert headers["Cache-Control"] == "no-store"
    assert "script" not in headers["Content-Security-Policy"]
    assert ask(server, "POST", "/reports", b"token=wrong")[0] == 403


def test_without_a_sink_there_is_no_such_address(bundle: Path) -> None:
    with Server(bundle) as server:
        assert {ask(server, "GET", path)[0] for path in (INGEST, "/reports", "/metrics")} == {404}


def test_the_token_is_printed_at_the_first_start_alone(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for shown in (True, False):
        with Server(bundle, reports=tmp_path / "r.sqlite"):
            assert (token(tmp_path) in capsys.readouterr().err) == shown


def test_the_command_prints_the_same(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask(server, "POST", INGEST, envelope(event()))
    options = cli.parse("reports", [str(tmp_path / "r.sqlite")])
    assert not hasattr(command, "needs"), "it needs nothing beyond Python"
    assert command.run(options) == 0
    assert "greet" in capsys.readouterr().out
    assert command.run(cli.parse("reports", [str(tmp_path / "r.sqlite"), "--json"])) == 0
    assert json.loads(capsys.readouterr().out)["failures"][0]["handler"] == "greet"
