"""How fast the page is served to POST under load: by `scripts/serve`, and by nginx with the recipe, by turns.

wrk keeps 200 connections busy from the same machine, so it takes part of the computing time of both.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from worker_py_tool.bench.results import Row, Table
from worker_py_tool.bench.run import Run
from worker_py_tool.demo import demo
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import CACHE, INSTALLED, ROOT
from worker_py_tool.process import run_quietly, say
from worker_py_tool.setup import apt, web_servers

CONNECTIONS = 200
ROUNDS, SECONDS = 3, 10
QUICK_ROUNDS, QUICK_SECONDS = 1, 1
COMMAND = [sys.executable, "-m", "worker_py_tool", "serve"] if INSTALLED else [ROOT / "scripts" / "serve"]
SCRIPT = Path(__file__).with_name("serving.lua")
OURS, NGINX = "scripts/serve", "nginx"
QUERY = "/?DOMAIN=portal.example&PROTOCOL=1&LANG=en&APP_SID=0123456789abcdef0123456789abcdef"
BODY = (
    "AUTH_ID=0123456789abcdef0123456789abcdef01234567890123456789abcdef01&AUTH_EXPIRES=3600"
    "&REFRESH_ID=fedcba9876543210fedcba9876543210fedcba98765432100123456789ab"
    "&SERVER_ENDPOINT=https%3A%2F%2Foauth.example%2Frest%2F&APPLICATION_TOKEN=0123456789abcdef0123456789abcdef"
    "&APPLICATION_SCOPE=crm%2Cplacement%2Ctelephony&member_id=0123456789abcdef0123456789abcdef&status=L"
    "&PLACEMENT=PAGE_BACKGROUND_WORKER&PLACEMENT_OPTIONS=%7B%22URI%22%3A%22%5C%2Fcrm%5C%2Fdeal%5C%2Fdetails%5C%2F"
).ljust(1500, "0") + "%22%7D"
"""As long as what the portal posts."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one server made of the load, in one round.

    Attributes:
        requests_per_s: Requests answered.
        p50_ms: The median of the time to an answer.
        p99_ms: The time within which 99 of 100 were answered.
        requests: How many were answered in all.
        errors: Connections and requests that failed, or were not answered by 200.
    """

    requests_per_s: float
    p50_ms: float
    p99_ms: float
    requests: int
    errors: int


def measure(run: Run) -> list[Table]:
    """Serve the demo's page by each server at a time, and load it by turns.

    Without wrk there are no tables, and without nginx none of its rows; the notes say why.

    Raises:
        ToolError: A server does not start, or a request failed.
    """
    if shutil.which("wrk") is None and not apt.install("wrk"):
        run.notes["serving"] = "not measured: there is no wrk (Debian, Ubuntu: apt-get install wrk)"
        say(f"bench: serving {run.notes['serving']}")
        return []
    loads = _loads(run)
    failed = {name: sum(load.errors for load in each) for name, each in loads.items()}
    if any(failed.values()):
        raise ToolError(f"requests failed under load: {failed}")
    title = f"POST of the page with {CONNECTIONS} connections and bodies of {len(BODY):,} bytes"
    baseline = NGINX if NGINX in loads else ""
    return [
        Table(
            "serving-p99",
            f"{title}: the time within which 99 of 100 were answered",
            "ms",
            [Row(name, [load.p99_ms for load in each]) for name, each in loads.items()],
            baseline,
        ),
        Table(
            "serving-rate",
            f"{title}: how many were answered",
            "per second",
            [Row(name, [load.requests_per_s for load in each]) for name, each in loads.items()],
            baseline,
        ),
    ]


def _loads(run: Run) -> dict[str, list[Load]]:
    rounds, seconds = (QUICK_ROUNDS, QUICK_SECONDS) if run.quick else (ROUNDS, SECONDS)
    web_servers.ensure()
    CACHE.mkdir(exist_ok=True)
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="serving-", dir=CACHE)))
        demo.build_demo(directory / "bundle")
        ports = {OURS: stack.enter_context(_serve(directory / "bundle", directory / "access.log"))}
        if missing := web_servers.missing("nginx"):
            run.notes["serving"] = f"without nginx: {missing}"
        else:
            (directory / "nginx").mkdir()
            ports[NGINX] = stack.enter_context(web_servers.run("nginx", directory / "bundle", directory / "nginx")).port
        loads: dict[str, list[Load]] = {name: [] for name in ports}
        for number in range(rounds + 1):
            for name, port in ports.items():
                load = _load(port, seconds if number else 1)
                if number:  # the first only warms up
                    loads[name].append(load)
    return loads


@contextmanager
def _serve(bundle: Path, log: Path) -> Iterator[int]:
    """`scripts/serve` as in production: a process of its own, its access log in a file."""
    with (
        log.open("wb") as output,
        subprocess.Popen([*COMMAND, bundle, "--port", "0"], stdout=subprocess.PIPE, stderr=output) as process,
    ):
        assert process.stdout is not None
        try:
            url = process.stdout.readline().decode()
            if not url:
                raise ToolError(f"scripts/serve did not start: {log.read_text(errors='replace')[-2000:]}")
            yield int(url.rstrip("/\n").rpartition(":")[2])
        finally:
            process.terminate()


def _load(port: int, seconds: int) -> Load:
    printed = run_quietly(
        [
            *("wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s"),
            *("--timeout", "10s", "--script", SCRIPT, f"http://127.0.0.1:{port}{QUERY}", "--", BODY),
        ],
        "load a server with wrk",
        timeout_s=seconds + 60,
    )
    return read(printed)


def read(printed: str) -> Load:
    """What `serving.lua` printed.

    Raises:
        ToolError: It is not what it prints.
    """
    found = re.search(r"^requests=(\d+) micros=(\d+) p50=([\d.]+) p99=([\d.]+) errors=(\d+)$", printed, re.MULTILINE)
    if found is None:
        raise ToolError(f"wrk printed something unknown: {printed[-500:]}")
    requests, micros, p50, p99, errors = (float(group) for group in found.groups())
    return Load(requests / micros * 1e6, p50 / 1000, p99 / 1000, int(requests), int(errors))
