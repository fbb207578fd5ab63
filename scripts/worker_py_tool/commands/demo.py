"""scripts/demo: the command line of `demo`."""

import argparse
import shlex
import webbrowser
from collections.abc import Set
from pathlib import Path
from typing import Any

from worker_py_tool.bundle import dependencies, distribution, publish
from worker_py_tool.bundle.app_source import read_app
from worker_py_tool.command_line import REPEATABLE
from worker_py_tool.commands import dev
from worker_py_tool.dev import sources
from worker_py_tool.process import say
from worker_py_tool.setup.bootstrap import Need
from worker_py_tool.waiting import until_interrupted

DESCRIPTION = "Build and serve the demo; its address is printed first. Or write it, for any web server."


def add_options(options: argparse.ArgumentParser) -> None:
    """What its command line takes."""
    add = options.add_argument
    add("--app", metavar="PATH[:NAME]", help="your own app instead of the demo's, as `dev` takes it")
    add("--include", metavar="PATTERN", **REPEATABLE, help="file of it to pack, as for a build")
    dependencies.add_options(options)
    add("--out", metavar="DIR", type=Path, help="serve nothing: write the demo as plain files for any web server")
    add("--port", type=int, default=0, help="the portal's port (default: any that is free)")
    add("--browser", action=argparse.BooleanOptionalAction, default=False, help="open it in your browser")


def needs(options: argparse.Namespace) -> Set[Need]:
    """What a build needs; refuses an app that cannot be built before anything is installed."""
    if options.app is not None:
        read_app(options.app, options.include)
        _of_the_app(options)
        distribution.check(options.pyodide_packages)
    if options.out is not None:
        publish.check_target(options.out.resolve())
    return {Need.BUILD}


def run(options: argparse.Namespace) -> int:
    """Serve the demo until interrupted; or write it."""
    from worker_py_tool.demo import demo, static

    if options.out is not None:
        made = static.write(options.out, **(_of_the_app(options) if options.app else {}))
        size = sum(entry.bytes for path, entry in made.files.items())
        say(f"{len(made.files)} files, {size / 1e6:.1f} MB. Put them on any web server; to look at them here:")
        say(f"    python3 -m http.server --bind 127.0.0.1 --directory {shlex.quote(str(options.out))}")
        print(options.out / "index.html")
        return 0
    if options.app is not None:
        return dev.run(options)
    with demo.running(options.port) as url:
        print(url, flush=True)
        say("Open this address in a browser. Ctrl-C ends the demo.")
        if options.browser:
            webbrowser.open(url)
        until_interrupted()
    return 0


def _of_the_app(options: argparse.Namespace) -> dict[str, Any]:
    """What a demo of another app, as plain files, takes of its project: the rest is the demo's own."""
    found = sources.options_of(options.app, options.include, options.require, options.requirements)
    own = {name: value for name, value in found.items() if name not in ("client", "page_scripts", "connect", "phone")}
    return {**own, "pyodide_packages": options.pyodide_packages}
