"""A SIP server of this machine, Debian's Kamailio, run for a while on a loopback port: the tests' exchange."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from worker_py_tool.errors import ToolError
from worker_py_tool.setup import apt
from worker_py_tool.setup.debian_server import SYSTEM_PATH, free_port, running

PACKAGES = ("kamailio", "kamailio-websocket-modules")
BESIDE = {
    "turnserver": "coturn",
    "baresip": "baresip-core",
    "rtpengine": "rtpengine-daemon",
    "certutil": "libnss3-tools",
}
"""Programs that stand beside it in a call, or have a browser trust one, and their packages."""
TLS = "kamailio-tls-modules"


def missing() -> str:
    """Why it cannot be run here; empty when it can."""
    if _path_of("kamailio") is None or _modules() is None:
        return f"there is no Kamailio with WebSockets here (Debian: apt-get install {' '.join(PACKAGES)})"
    return ""


def lacking(*beside: str, tls: bool = False) -> str:
    """The same, for it and what stands beside it."""
    packages = [package for program, package in BESIDE.items() if program in beside and _path_of(program) is None]
    packages += [TLS] if tls and _module("tls.so") is None else []
    return missing() or (f"missing here (Debian: apt-get install {' '.join(packages)})" if packages else "")


def ensure() -> None:
    """Install it where that is possible. Tests that need it are skipped without it."""
    apt.ensure("kamailio", PACKAGES, missing)


def ensure_beside() -> None:
    """The same, for what stands beside it."""
    apt.ensure("what stands beside kamailio", (TLS, *BESIDE.values()), lambda: lacking(*BESIDE, tls=True))


@contextmanager
def run(
    configuration: Path, directory: Path, port: int = 0, listen: Sequence[str] = (), defines: Sequence[str] = ()
) -> Iterator[int]:
    """Run it for the time of the block.

    Args:
        configuration: Its configuration, without addresses.
        directory: An empty directory for its log and what else it writes.
        port: On 127.0.0.1; 0 for any that is free.
        listen: Where it listens besides, such as `udp:127.0.0.1:5060`.
        defines: Names that its configuration asks for.

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
    command += [part for where in listen for part in ("-l", where)]
    command += [part for name in defines for part in ("-A", name)]
    command += ["-L", _modules() or "", "-w", directory, "-Y", directory]
    with running(command, port, log):
        yield port


def _modules() -> Path | None:
    """Where its modules are: the directory's name holds that of the machine's architecture."""
    found = _module("websocket.so")
    return found and found.parent


def _module(name: str) -> Path | None:
    return next(iter(sorted(Path("/usr").glob(f"lib*/**/kamailio/modules/{name}"))), None)


def _path_of(program: str) -> str | None:
    return shutil.which(program, path=SYSTEM_PATH)
