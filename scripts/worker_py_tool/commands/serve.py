"""scripts/serve: the command line of `serve`."""

import argparse
import logging
from collections.abc import Set
from pathlib import Path

from worker_py_tool.bundle import manifest, origins, publish
from worker_py_tool.command_line import REPEATABLE
from worker_py_tool.setup.bootstrap import Need
from worker_py_tool.waiting import until_interrupted

DESCRIPTION = "Serve a bundle; its address is printed first."


def add_options(options: argparse.ArgumentParser) -> None:
    """What its command line takes."""
    add = options.add_argument
    add("directory", metavar="DIR", type=Path, help="a bundle")
    add("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    add("--port", type=int, default=8000, help="port to listen on, 0 for any that is free (default: 8000)")
    add("--allowed-host", metavar="H", **REPEATABLE, help="answer only requests for this name (default: any)")
    add("--reports", metavar="FILE.sqlite", type=Path, help="keep what pages report in this file; /reports shows it")
    add(
        "--report-origin",
        metavar="ORIGIN",
        **REPEATABLE,
        help="a bundle of this origin may report here too; its own and the portals' may anyway",
    )


def needs(options: argparse.Namespace) -> Set[Need]:
    """Refuses what is no bundle before anything is installed."""
    publish.put_back(options.directory)
    manifest.read(options.directory)
    options.report_origin = [origins.origin(text, "--report-origin") for text in options.report_origin]
    return {Need.SERVE}


def run(options: argparse.Namespace) -> int:
    """Serve until interrupted; the log goes to stderr."""
    from worker_py_tool.serve.server import Server

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    where = (options.directory, options.host, options.port, options.allowed_host)
    with Server(*where, options.reports, options.report_origin) as server:
        print(server.url, flush=True)
        until_interrupted()
    return 0
