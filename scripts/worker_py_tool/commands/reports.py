"""worker-py reports: the command line of `reports`."""

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

from worker_py_tool.reports import text
from worker_py_tool.reports.store import reading
from worker_py_tool.reports.summary import SPANS, summarise

DESCRIPTION = "Print what pages reported to `serve --reports FILE`."


def add_options(options: argparse.ArgumentParser) -> None:
    """What its command line takes."""
    options.add_argument("file", metavar="FILE", type=Path, help="the file of serve --reports")
    options.add_argument("--span", choices=SPANS, default="24h", help="of which time (default: 24h)")
    options.add_argument("--json", action="store_true", help="print it as JSON, for machines")


def run(options: argparse.Namespace) -> int:
    """Print it."""
    now = time.time()
    with reading(options.file) as entries:
        summary = summarise(entries, now - SPANS[options.span], now)
    print(json.dumps(asdict(summary), indent=2) if options.json else text.rendered(summary))
    return 0
