"""Servers that Debian's packages bring: which port they get."""

import secrets
import socket

import pytest

from worker_py_tool.setup import debian_server

NAMED = debian_server.NAMED_PORTS


def test_a_port_is_one_that_nobody_uses_and_that_nobody_is_given_who_asks_for_any(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as any_port:
        taken = any_port.getsockname()[1]
        assert taken not in debian_server.NAMED_PORTS
        offered = iter((taken,))
        monkeypatch.setattr(secrets, "choice", lambda _: next(offered, secrets.SystemRandom().choice(NAMED)))
        assert debian_server.free_port() in NAMED


def test_a_port_that_was_given_is_given_to_nobody_else_while_the_server_on_it_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = debian_server.free_port()
    offered = iter((first, first))
    monkeypatch.setattr(secrets, "choice", lambda _: next(offered, secrets.SystemRandom().choice(NAMED)))
    assert debian_server.free_port() != first
    with socket.create_server(("127.0.0.1", first)) as server:
        socket.create_connection(server.getsockname(), timeout=10).close()
