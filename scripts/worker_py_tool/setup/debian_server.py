"""A server that Debian's packages bring, run for a while on a loopback port."""

import atexit
import errno
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from worker_py_tool.errors import ToolError

SYSTEM_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
START_S = 60
STOP_S = 10
NAMED_PORTS = range(20_000, 32_000)
"""Below those that systems give to whoever asks for any."""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses, for a server that this process starts: no other process is given it.

    It is held until this process ends: who looks for a free one finds it taken, and a server that may use an address
    again, as all these do, can listen there.
    """
    while True:
        port, held = secrets.choice(NAMED_PORTS), socket.socket()
        try:
            held.bind(("127.0.0.1", port))
        except OSError as problem:
            held.close()
            if problem.errno != errno.EADDRINUSE:
                raise
        else:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            atexit.register(held.close)
            return port


@contextmanager
def running(
    command: Sequence[str | Path], port: int, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run it for the time of the block, which begins when it listens.

    Args:
        command: Program and arguments.
        port: Where on 127.0.0.1 it will listen.
        log: The file of what it prints.
        environment: Variables to add to the environment.

    Raises:
        ToolError: It does not start.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            env={**os.environ, "PATH": SYSTEM_PATH, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_until_open(process, port, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_open(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    ends = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < ends:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    said = log.read_text(errors="replace")[-2000:]
    raise ToolError(f"{process.args!r} does not listen on port {port}: {said}")
