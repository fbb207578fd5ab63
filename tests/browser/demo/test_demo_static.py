"""The demo as plain files: it plays on web servers that know nothing of it, and without any once it has loaded."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.live_page import LivePage
from worker_py_tool.demo import demo
from worker_py_tool.demo import static as static_demo
from worker_py_tool.setup import web_servers
from worker_py_tool.setup.debian_server import SYSTEM_PATH

GREETING = "Head of purchasing · open deals: 2"
GONE = "The page with the phone went, and the call with it"
NGINX = """
daemon off;
{user}
worker_processes 1;
pid {directory}/nginx.pid;
events {{ worker_connections 256; }}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    {temporary}
    server {{
        listen 127.0.0.1:{port};
        location /shop/demo/ {{ alias {site}/; }}
    }}
}}
"""


@dataclass
class Host:
    """A web server that has the demo.

    Attributes:
        url: Where it is.
        process: What serves it.
    """

    url: str
    process: subprocess.Popen[str]

    def stop(self) -> None:
        """End it, and free its port."""
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def site(bundles_directory: Path) -> Path:
    """What `scripts/demo --out` writes."""
    static_demo.write(bundles_directory / "static demo")
    return bundles_directory / "static demo"


@contextmanager
def by_python(site: Path) -> Iterator[Host]:
    """Python's own server, which answers GET alone."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(site)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline().split(" port ")[1].split()[0]
        host = Host(f"http://127.0.0.1:{port}/", process)
        try:
            yield host
        finally:
            host.stop()


@contextmanager
def by_nginx(site: Path, directory: Path) -> Iterator[Host]:
    """The system's nginx with what its package brings, and the demo below a path."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    text = NGINX.format(
        directory=directory,
        site=site,
        port=port,
        user="user root;" if os.geteuid() == 0 else "",
        temporary=" ".join(f"{kind}_temp_path {directory / kind};" for kind in kinds),
    )
    (directory / "nginx.conf").write_text(text.replace(f"alias {site}/", f'alias "{site}/"'))
    log = directory / "error.log"
    command = ["nginx", "-p", str(directory), "-e", str(log), "-c", str(directory / "nginx.conf")]
    with subprocess.Popen(command, env={**os.environ, "PATH": SYSTEM_PATH}, text=True) as process:
        host = Host(f"http://127.0.0.1:{port}/shop/demo/", process)
        try:
            wait_for(port, process)
            yield host
        finally:
            host.stop()


def wait_for(port: int, process: subprocess.Popen[str]) -> None:
    ends = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < ends:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"nothing listens on port {port}")


def answer(page: Page) -> None:
    """The first call, from the ring to Python's answer and back."""
    expect(page.locator("#card-status")).to_have_text(GREETING)
    page.get_by_role("button", name="Answer").click()
    expect(page.locator("#card-status")).to_have_text("Answered by Python")
    page.get_by_role("button", name="Mute").click()
    expect(page.locator("#card-status")).to_have_text("They cannot hear you")


@contextmanager
def no_foreign_requests(page: Page, host: Host) -> Iterator[None]:
    """Nothing but GET is asked in the block, and nobody but the host."""
    asked: list[tuple[str, str]] = []
    page.on("request", lambda sent: asked.append((sent.method, sent.url)))
    yield
    own = (host.url, "data:", "blob:")
    assert [request for request in asked if request[0] != "GET" or not request[1].startswith(own)] == []


def test_the_first_call_is_answered_by_python_on_nginx_below_a_path(site: Path, tmp_path: Path, page: Page) -> None:
    if reason := web_servers.missing("nginx"):
        pytest.skip(reason)
    with by_nginx(site, tmp_path) as served, no_foreign_requests(page, served):
        page.goto(served.url)
        answer(page)


def test_the_server_of_these_tests_answers_nothing_but_get(site: Path) -> None:
    with by_python(site) as served:
        connection = http.client.HTTPConnection("127.0.0.1", int(served.url.split(":")[2].strip("/")))
        connection.request("POST", "/app/")
        assert connection.getresponse().status == 501


def edit(page: Page, status: str) -> None:
    """Change what the bundle's own handler of Mute says, in the middle of the call."""
    desk = LivePage(page, page.url)
    desk.open()
    desk.apply_well(demo.HANDLERS.read_text(encoding="utf-8").replace("They cannot hear you", status))
    for said in ("They can hear you", status):
        page.get_by_role("button", name="Mute").click()
        expect(page.locator("#card-status")).to_have_text(said)


def test_a_stranger_that_frames_the_placement_page_neither_hears_of_the_handlers_nor_edits_them(
    site: Path, page: Page
) -> None:
    with by_python(site) as served:
        app = f"{served.url}app/"
        parent = f"""<script>heard = []; addEventListener("message", ({{ data }}) => heard.push(data));</script>
            <iframe name="stranger.test|1|hidden" src="{app}"></iframe>"""
        page.route("https://stranger.test/", lambda route: route.fulfill(body=parent, content_type="text/html"))
        page.goto("https://stranger.test/")
        frame = next(frame for frame in page.frames if frame.url == app)
        frame.wait_for_function("() => window.workerPy", polling=50)
        assert frame.evaluate("() => workerPy.live.then((live) => live !== null)")
        page.evaluate("() => frames[0].postMessage({ workerPyApply: { id: 1, source: '1 / 0' } }, '*')")
        frame.evaluate("() => workerPy.ready.then(() => null)")
        frame.evaluate("() => new Promise((done) => { addEventListener('message', done); postMessage('last', '*'); })")
        heard = page.evaluate("() => JSON.stringify(heard)")
        assert "workerPyLive" not in heard
        assert frame.evaluate("() => sessionStorage.length") == 0


# In CI: `address.test.mjs`, and all tests of the demo but those here name an app elsewhere.
@pytest.mark.campaign
def test_an_app_elsewhere_can_be_named_in_the_address(
    site: Path, demo_bundle: Path, page: Page, serve_elsewhere: str
) -> None:
    with by_python(site) as served:
        page.goto(demo.portal_url(served.url, serve_elsewhere, build=""))
        answer(page)
        assert page.evaluate("portal.frames()[0].src").startswith(serve_elsewhere)


@pytest.fixture
def serve_elsewhere(demo_bundle: Path) -> Iterator[str]:
    """Another origin that has the placement page, and answers GET alone too."""
    with by_python(demo_bundle) as served:
        yield served.url


def test_a_plain_web_server_is_enough_for_the_demo_and_without_it_the_browser_starts_all_again_from_what_it_keeps(
    site: Path, page: Page
) -> None:
    with by_python(site) as served, no_foreign_requests(page, served):
        page.goto(served.url)
        answer(page)
        page.get_by_role("textbox", name="Comment").fill("Wants blue frames")
        page.get_by_role("button", name="Save comment").click()
        expect(page.locator("#card-status")).to_have_text("Comment saved in the CRM")
        rest = page.get_by_role("checkbox", name="REST is out of order")
        rest.check()
        page.get_by_role("button", name="Known contact").click()
        expect(page.locator("#card-status")).to_have_text("The CRM did not answer: INTERNAL_SERVER_ERROR")
        rest.uncheck()
        page.get_by_role("button", name="Known contact").click()
        answer(page)
        page.evaluate(
            "navigator.serviceWorker.ready.then(({active}) => new Promise((done) => {"
            "const look = () => active.state === 'activated' ? done() : active.addEventListener('statechange', look);"
            "look(); }))"
        )
        served.stop()

        page.get_by_role("button", name="Load the hidden page anew").click()
        expect(page.locator("#card-status")).to_have_text(GONE)
        frame = next(frame for frame in page.frames if "/app/" in frame.url)
        frame.wait_for_function("() => workerPy.stats().waiting === 0", polling=50)
        page.wait_for_function("() => portal.frames()[0].bound.length === 17")
        page.get_by_role("button", name="Known contact").click()
        answer(page)

        page.reload()  # the card is lost, as by any navigation: the page begins with its first call
        answer(page)
        expect(page.locator("#frame-lost")).to_be_hidden()
        edit(page, "Edited without a server")


def test_the_tree_holds_the_page_and_no_module_that_a_plain_host_does_not_know(site: Path, tmp_path: Path) -> None:
    files = {path.relative_to(site) for path in site.rglob("*") if path.is_file()}
    assert Path("app/index.html") in files
    assert not [path for path in files if path.suffix in (".br", ".gz", ".pyc", ".mjs")]
