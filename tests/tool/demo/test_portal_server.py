"""The simulated portal's server as a program of its own: static/portal/server.test.mjs holds how it answers."""

import json
import subprocess
import urllib.request

import pytest

from worker_py_tool.demo.portal_server import SCRIPT, PortalServer
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import PORTAL
from worker_py_tool.setup import node_packages


def test_the_portals_page_and_its_rest_are_served_until_the_block_ends() -> None:
    with PortalServer() as server:
        with urllib.request.urlopen(server.url) as answer:
            assert answer.read() == (PORTAL / "index.html").read_bytes()
        with urllib.request.urlopen(f"{server.url}rest/simulation.session.json", data=b"{}") as answer:
            assert len(json.load(answer)["result"]["AUTH_ID"]) == 40
    with pytest.raises(OSError):
        urllib.request.urlopen(server.url)


def test_an_address_that_is_taken_is_an_error_with_a_remedy() -> None:
    with PortalServer() as server, pytest.raises(ToolError, match=f"port {server.port}: .*EADDRINUSE") as raised:
        PortalServer(server.port)
    assert "--port" in raised.value.remedy


def test_it_ends_with_whoever_started_it() -> None:
    command = [str(node_packages.require().executable), str(SCRIPT), '{"port": 0}']
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline().strip().isdigit()
        process.stdin.close()  # as the system does for a process that is gone
        assert process.wait(timeout=30) == 0
