"""A SIP server of this machine, Debian's Kamailio, run for a while on a loopback port: the tests' exchange."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from worker_py_tool.errors import ToolError
from worker_py_tool.locking import exclusive
from worker_py_tool.setup import apt

PACKAGES = ("kamailio", "kamailio-websocket-modules")
SYSTEM_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
START_S = 20
STOP_S = 10


def missing() -> str:
    """Why it cannot be run here; empty when it can."""
    if shutil.which("kamailio", path=SYSTEM_PATH) is None or _modules() is None:
        return f"there is no Kamailio with WebSockets here (Debian: apt-get install {' '.join(PACKAGES)})"
    return ""


def ensure() -> None:
    """Install it where that is possible. Tests that need it are skipped where it is missing, and say so."""
    if missing():
        with exclusive("setting up kamailio"):
            all(apt.install(package) for package in PACKAGES if missing())


@contextmanager
def run(configuration: Path, directory: Path, port: int = 0) -> Iterator[int]:
    """Run it for the time of the block.

    Args:
        configuration: Its configuration, without addresses.
        directory: An empty directory for its log and what else it writes.
        port: On 127.0.0.1; 0 for any that is free.

    Yields:
        The port where it takes WebSockets.

    Raises:
        ToolError: It is not here, or does not start.
    """
    if reason := missing():
        raise ToolError(reason)
    with socket.create_server(("127.0.0.1", port)) as probe:
        port = int(probe.getsockname()[1])
    log = directory / "kamailio.log"
    command = ["kamailio", "-DD", "-E", "-f", configuration, "-l", f"tcp:127.0.0.1:{port}"]
    command += ["-L", _modules() or "", "-w", directory, "-Y", directory]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            env={**os.environ, "PATH": SYSTEM_PATH},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_until_open(process, port, log)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _modules() -> Path | None:
    """Where its modules are: the directory's name holds that of the machine's architecture."""
    found = sorted(Path("/usr").glob("lib*/**/kamailio/modules/websocket.so"))
    return found[0].parent if found else None


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
    raise ToolError(f"Kamailio does not listen on port {port}: {said}")
