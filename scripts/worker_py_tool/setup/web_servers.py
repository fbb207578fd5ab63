"""nginx and Caddy of this machine, run for a while on a loopback port with the configuration of a recipe."""

import functools
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from worker_py_tool.bundle import manifest
from worker_py_tool.errors import ToolError
from worker_py_tool.serve import recipes
from worker_py_tool.serve.recipes import Kind, Place
from worker_py_tool.setup import apt
from worker_py_tool.setup.debian_server import SYSTEM_PATH, free_port, running

BROTLI = "libnginx-mod-http-brotli-static"
PACKAGES: Mapping[Kind, Sequence[str]] = {"nginx": ("nginx", BROTLI), "caddy": ("caddy",)}
BROTLI_MODULES = (
    Path("/usr/lib/nginx/modules/ngx_http_brotli_static_module.so"),
    Path("/usr/share/nginx/modules/ngx_http_brotli_static_module.so"),
)


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs.

    Attributes:
        port: Its port on 127.0.0.1.
        logs: The directory of its logs, and of nothing else.
    """

    port: int
    logs: Path


def missing(kind: Kind) -> str:
    """Why a server cannot be run here; empty when it can."""
    if shutil.which(kind, path=SYSTEM_PATH) is None:
        return f"there is no {kind} here (Debian: apt-get install {' '.join(PACKAGES[kind])})"
    if kind == "nginx" and _brotli_module() is None:
        return f"nginx has no brotli_static here (Debian: apt-get install {BROTLI})"
    return ""


def ensure() -> None:
    """Install the servers where that is possible. Tests that need one which is missing are skipped, and say so."""
    for kind, packages in PACKAGES.items():
        apt.ensure(kind, packages, functools.partial(missing, kind))


@contextmanager
def run(kind: Kind, bundle: Path, directory: Path) -> Iterator[Running]:
    """Serve a bundle by a recipe for the time of the block.

    Args:
        kind: Which server.
        bundle: The bundle.
        directory: An empty directory for the configuration and what else the server writes.

    Raises:
        ToolError: The server is not here, or does not start.
    """
    if reason := missing(kind):
        raise ToolError(reason)
    logs = directory / "logs"
    logs.mkdir()
    port = free_port()
    _SETUPS[kind](bundle.resolve(), directory, logs, port)
    commands: Mapping[Kind, Sequence[str | Path]] = {
        "nginx": ["nginx", "-p", directory, "-e", logs / "start.log", "-c", directory / "nginx.conf"],
        "caddy": ["caddy", "run", "--adapter", "caddyfile", "--config", directory / "Caddyfile"],
    }
    homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), str(directory))
    env = {**homes, "CADDY_ADMIN": f"unix/{directory / 'admin.sock'}"}
    with running(commands[kind], port, logs / "output.log", env):
        yield Running(port, logs)


def _set_up_nginx(bundle: Path, directory: Path, logs: Path, port: int) -> None:
    place = Place(f"127.0.0.1:{port}", str(logs / "access.log"), str(logs / "error.log"))
    (directory / "site.conf").write_text(recipes.render("nginx", bundle, manifest.read(bundle), place))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    lines = [
        f"load_module {_brotli_module()};",
        *(["user root;"] if os.geteuid() == 0 else []),  # else its workers may not see our directories
        "daemon off;",
        "worker_processes 1;",
        "worker_rlimit_nofile 4096;",
        f"pid {directory / 'nginx.pid'};",
        "events { worker_connections 1024; }",
        "http {",
        *(f"    {kind}_temp_path {directory / kind};" for kind in kinds),
        f"    include {directory / 'site.conf'};",
        "}",
    ]
    (directory / "nginx.conf").write_text("\n".join(lines) + "\n")


def _set_up_caddy(bundle: Path, directory: Path, logs: Path, port: int) -> None:
    place = Place(f"http://127.0.0.1:{port}, http://app.localhost:{port}", str(logs / "access.log"))
    (directory / "Caddyfile").write_text(recipes.render("caddy", bundle, manifest.read(bundle), place))


_SETUPS: Mapping[Kind, Callable[[Path, Path, Path, int], None]] = {"nginx": _set_up_nginx, "caddy": _set_up_caddy}


def _brotli_module() -> Path | None:
    return next((path for path in BROTLI_MODULES if path.exists()), None)
