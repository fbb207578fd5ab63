"""A SIP server of this machine, Debian's Kamailio, run for a while on a loopback port: the tests' exchange."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from worker_py_tool.errors import ToolError
from worker_py_tool.locking import exclusive
from worker_py_tool.setup import apt
from worker_py_tool.setup.debian_server import SYSTEM_PATH, free_port, running

PACKAGES = ("kamailio", "kamailio-websocket-modules")


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
    port = port or free_port()
    log = directory / "kamailio.log"
    command: list[str | Path] = ["kamailio", "-DD", "-E", "-f", configuration, "-l", f"tcp:127.0.0.1:{port}"]
    command += ["-L", _modules() or "", "-w", directory, "-Y", directory]
    with running(command, port, log):
        yield port


def _modules() -> Path | None:
    """Where its modules are: the directory's name holds that of the machine's architecture."""
    found = sorted(Path("/usr").glob("lib*/**/kamailio/modules/websocket.so"))
    return found[0].parent if found else None
