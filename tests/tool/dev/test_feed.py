"""What pages hear of the app that is being worked on, over HTTP."""

import http.client
import json
import queue
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from starlette.applications import Starlette

from worker_py_tool.dev import feed as feeds
from worker_py_tool.dev.feed import Feed
from worker_py_tool.serve.server import AsgiServer

WAIT_S = 30.0


class Served:
    """A feed on an address of this machine."""

    def __init__(self) -> None:
        self.heard: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()
        self.feed = Feed(self.heard.put)
        application = Starlette()
        self.feed.join(application)
        self.server = AsgiServer(application)
        self.feed.tell({"number": 1})
        self.connections: list[http.client.HTTPConnection] = []
        self.answers: list[http.client.HTTPResponse] = []

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=WAIT_S)
        self.connections.append(connection)
        connection.request(method, path, body, headers)
        self.answers.append(connection.getresponse())
        return self.answers[-1]


@pytest.fixture
def served() -> Iterator[Served]:
    made = Served()
    with made.server:
        yield made
        made.feed.end()
        for answer in made.answers:
            answer.close()
        for connection in made.connections:
            connection.close()


def test_a_page_asks_what_runs(served: Served) -> None:
    answer = served.ask("GET", "/dev/state")
    assert (json.loads(answer.read()), answer.headers["cache-control"]) == ({"number": 1}, "no-store")


def test_a_stream_says_what_runs_and_again_when_it_is_another_and_ends_with_the_feed(served: Served) -> None:
    stream = served.ask("GET", "/dev/stream")
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.readline() == b'data: {"number": 1}\n'
    assert served.feed.pages == 1
    served.feed.tell({"number": 2})
    assert stream.readline() == b"\n"
    assert stream.readline() == b'data: {"number": 2}\n'
    served.feed.end()
    assert stream.read() == b"\n"
    assert served.feed.pages == 0


def test_a_stream_without_news_breathes(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "BREATH_S", 0.01)
    stream = served.ask("GET", "/dev/stream")
    assert [stream.readline() for _ in range(3)][2] == b": still here\n"


def test_what_a_page_tells_is_heard_and_what_others_tell_is_not(served: Served) -> None:
    message = json.dumps({"kind": "tried"}).encode()
    own = f"http://127.0.0.1:{served.server.port}"
    assert served.ask("POST", "/dev/told", message, Origin=own).status == 204
    assert served.heard.get(timeout=WAIT_S) == {"kind": "tried"}
    assert served.ask("POST", "/dev/told", message, Origin="http://elsewhere.example").status == 403
    assert served.ask("POST", "/dev/told", message).status == 403
    assert served.ask("POST", "/dev/told", b"no json", Origin=own).status == 400
    assert served.ask("POST", "/dev/told", b" " * (feeds.TOLD_LIMIT + 1), Origin=own).status == 413
    assert served.heard.empty()
