"""What serves the contenders of the benchmark: alike for all, counted, and slow when it shall be."""

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from worker_py_tool.bench.emulated_link import EmulatedLink
from worker_py_tool.bench.rounds import Rounds, by_turns
from worker_py_tool.bench.site_server import SiteServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SiteServer]:
    for name, content in {"index.html": b"page", "a.js": b"script" * 9, "a.js.br": b"brotli", "a.js.gz": b"gz"}.items():
        (tmp_path / "one").mkdir(exist_ok=True)
        (tmp_path / "one" / name).write_bytes(content)
    with SiteServer(tmp_path, {"one": "default-src 'none'"}) as running:
        yield running


def get(server: SiteServer, path: str, site: str = "one", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", path, headers={"Host": f"{site}.localhost:{server.port}", **headers})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


@pytest.mark.parametrize(
    ("accepted", "encoding", "body"),
    [
        ("gzip, br", "br", b"brotli"),
        ("gzip", "gzip", b"gz"),
        ("", None, b"script" * 9),
        ("br;q=0", None, b"script" * 9),
    ],
)
def test_the_smallest_encoding_that_is_accepted_is_sent(
    server: SiteServer, accepted: str, encoding: str | None, body: bytes
) -> None:
    answer, content = get(server, "/a.js", **{"Accept-Encoding": accepted})
    assert (answer.headers["Content-Encoding"], content) == (encoding, body)


def test_files_may_be_cached_for_ever_and_pages_not_at_all(server: SiteServer) -> None:
    assert "immutable" in get(server, "/a.js")[0].headers["Cache-Control"]
    assert get(server, "/")[0].headers["Cache-Control"] == "no-store"


def test_a_site_has_its_own_policy_and_its_own_files(server: SiteServer) -> None:
    assert get(server, "/")[0].headers["Content-Security-Policy"] == "default-src 'none'"
    assert get(server, "/", site="two")[0].status == 404
    assert get(server, "/nothing")[0].status == 404


def test_bytes_are_counted_with_headers_until_the_page_says_that_it_is_ready(server: SiteServer) -> None:
    server.tally.start("one")
    answer, body = get(server, "/a.js")
    head = sum(len(f"{name}: {value}\r\n") for name, value in answer.getheaders()) + len("HTTP/1.1 200 OK\r\n\r\n")
    get(server, "/ready")
    get(server, "/a.js")
    assert server.tally.until_ready("one") == head + len(body)


def test_what_was_sent_before_the_start_does_not_count(server: SiteServer) -> None:
    get(server, "/a.js")
    server.tally.start("one")
    get(server, "/ready")
    assert server.tally.until_ready("one") == 0


def test_what_a_frame_tells_is_there_for_whoever_waits_for_it(server: SiteServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("POST", "/told", body=b'{"ready": 5}', headers={"Host": f"portal.localhost:{server.port}"})
    assert connection.getresponse().status == 204
    connection.close()
    assert server.told.get(timeout=30) == {"ready": 5}
    assert server.told.empty()


def test_all_that_is_sent_shares_the_link() -> None:
    link = EmulatedLink(bits_per_s=8, round_trip_s=0)
    first, second = link.reserve(1000), link.reserve(500)
    assert second - first == pytest.approx(500)


def test_a_link_that_was_idle_does_not_make_up_for_it() -> None:
    link = EmulatedLink(bits_per_s=8e12, round_trip_s=0)
    early = link.reserve(1)
    link.wait_until(early)
    assert link.reserve(1) > early + 1e-12


def test_a_slow_link_changes_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    content = bytes(range(256)) * 100
    (tmp_path / "one" / "a.bin").write_bytes(content)
    with SiteServer(tmp_path, {}, EmulatedLink(bits_per_s=1e9, round_trip_s=0.001)) as slow:
        slow.tally.start("one")
        assert get(slow, "/a.bin")[1] == content
        get(slow, "/ready")
        assert slow.tally.until_ready("one") > len(content)


def test_contenders_take_turns_and_warm_ups_do_not_count() -> None:
    turns: list[str] = []

    def take(name: str) -> float:
        turns.append(name)
        return float(len(turns))

    samples = by_turns({"a": lambda: take("a"), "b": lambda: take("b")}, Rounds(counted=2, warm_ups=1))
    assert turns == ["a", "b"] * 3
    assert samples == {"a": [3.0, 5.0], "b": [4.0, 6.0]}
