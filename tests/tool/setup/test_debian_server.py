"""Servers that Debian's packages bring: which port they get."""

import secrets
import socket

import pytest

from worker_py_tool.setup import debian_server


def test_a_port_is_one_that_nobody_uses_and_that_nobody_is_given_who_asks_for_any(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free = debian_server.free_port()
    assert free in debian_server.NAMED_PORTS
    with socket.create_server(("127.0.0.1", 0)) as any_port:
        taken = any_port.getsockname()[1]
        assert taken not in debian_server.NAMED_PORTS
        offered = iter((taken, free))
        monkeypatch.setattr(secrets, "choice", lambda _: next(offered))
        assert debian_server.free_port() == free
