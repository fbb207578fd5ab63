"""worker-py publish: the command line of `publish`."""

import argparse
from collections.abc import Set
from pathlib import Path

from worker_py_tool.bundle import manifest, rollout
from worker_py_tool.bundle.rollout import CHANNELS, Rollout
from worker_py_tool.errors import ToolError
from worker_py_tool.setup.bootstrap import Need

DESCRIPTION = "Put a bundle beside the versions that a site has, and make it live."


def add_options(options: argparse.ArgumentParser) -> None:
    """What its command line takes."""
    add = options.add_argument
    add("directory", metavar="DIR", type=Path, help="the bundle")
    add("--to", metavar="SITEDIR", type=Path, required=True, help="the directory that is served")
    add("--channel", choices=CHANNELS, default="stable", help="for all, or for some (default: stable)")
    add("--percent", metavar="N", type=float, help="which part of the operators gets a canary")
    add("--users", metavar="ID,…", default="", help="who gets it besides, by the portal's id of the user")


def needs(options: argparse.Namespace) -> Set[Need]:
    """Nothing beyond Python."""
    manifest.read(options.directory)
    if options.percent is not None and not 0 < options.percent <= 100:
        raise ToolError(f"--percent {options.percent:g}: not a part of the operators", "Give one from 0 to 100.")
    return frozenset()


def run(options: argparse.Namespace) -> int:
    """Publish it, and tell what is live."""
    users = [each.strip() for each in options.users.split(",") if each.strip()]
    channel = {"channel": options.channel, "percent": options.percent, "users": users}
    print(told(rollout.publish(options.directory, options.to, **channel)))
    return 0


def told(made: Rollout) -> str:
    """What is live, in words."""
    now = made.now
    lines = [f"stable: {now.stable}"]
    if now.canary is not None:
        users = f", and for {', '.join(now.canary.users)}" if now.canary.users else ""
        lines.append(f"canary: {now.canary.build} for {now.canary.percent:g} % of the operators{users}")
    if made.before:
        lines.append(f"before: {made.before[0]}, where the stable one does not start")
    return "\n".join(lines)
