"""worker-py dev: the command line of `dev`."""

import argparse
import threading
import webbrowser
from collections.abc import Set

from worker_py_tool.bundle import project
from worker_py_tool.bundle.app_source import find
from worker_py_tool.command_line import REPEATABLE
from worker_py_tool.process import say
from worker_py_tool.setup.bootstrap import Need
from worker_py_tool.waiting import set_when_interrupted

DESCRIPTION = (
    "Try your app in a simulated portal while you work on it: what you save runs at once, and the call "
    "goes on. Its address is printed first; [tool.worker-py] of the pyproject.toml beside the app says the rest."
)

DEFAULT = "app.py"


def add_options(options: argparse.ArgumentParser) -> None:
    """What its command line takes."""
    add = options.add_argument
    add(
        "app",
        metavar="APP",
        nargs="?",
        help=f"PATH[:NAME]: a file or a package directory, and the App's name in it (default: that of {project.TABLE}, "
        f"else {DEFAULT})",
    )
    add("--port", type=int, default=0, help="the portal's port (default: any that is free)")
    add("--include", metavar="PATTERN", **REPEATABLE, help="file of the app to pack, as for a build")
    add("--require", metavar="REQUIREMENT", **REPEATABLE, help="a package that it imports")
    add("--browser", action=argparse.BooleanOptionalAction, default=False, help="open it in your browser")


def needs(options: argparse.Namespace) -> Set[Need]:
    """What a build needs; refuses an app that is not there before anything is installed."""
    options.app = options.app or project.read(None).app or DEFAULT
    find(options.app)
    return {Need.BUILD}


def run(options: argparse.Namespace) -> int:
    """Serve the app, and follow what is saved, until interrupted."""
    from worker_py_tool.dev.serve import following

    stop = threading.Event()
    with following(options.app, stop, port=options.port, include=options.include, require=options.require) as (
        url,
        follow,
    ):
        set_when_interrupted(stop)
        print(url, flush=True)
        say("Open this address in a browser. What you save runs at once. Ctrl-C ends it.")
        if options.browser:
            webbrowser.open(url)
        follow()
    return 0
