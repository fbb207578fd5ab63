"""Several versions of a bundle under one address: `publish` puts one beside the others, `rollback` takes it back.

A site is a directory that any static host serves as it does a bundle::

    index.html         the page of all live versions; it chooses among them before Python starts
    rollout.json       which versions are live, and what was before; `doctor` reads it
    versions/          what of each version stands in the page
    assets/ pyodide/ wheels/    of all versions: what is there never changes, and stays while pages may need it
    manifest.json      as of a bundle
"""

import gzip
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from worker_py_tool.bundle import manifest
from worker_py_tool.bundle.digests import integrity
from worker_py_tool.bundle.manifest import Manifest
from worker_py_tool.errors import ToolError
from worker_py_tool.json_content import json_of_format
from worker_py_tool.locking import exclusive
from worker_py_tool.paths import STATIC

NAME = "rollout.json"
FORMAT = "worker-py rollout 1"
CHANNELS = ("stable", "canary")
KEPT_DAYS = 30
"""How long the files of a version stay after it was last live: a page may stay open for long."""
KEPT_STATES = 20
_CHOOSER = STATIC / "page" / "chooser.js"
_HEAD = re.compile(r"<head>(.*)</head>", re.DOTALL)
_SAME = re.compile(r"\s*<(?:meta [^>]*|title>.*?</title|link rel=\"icon\"[^>]*)>")
_HASHED = ("assets/", "pyodide/", "wheels/")


@dataclass(frozen=True, slots=True)
class Canary:
    """A version that some have: a part of the operators in per cent, and users by the portal's id."""

    build: str
    percent: float = 0
    users: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class State:
    """What is live since a time: `stable` for all but those of the canary."""

    stable: str
    canary: Canary | None = None
    since: float = 0


@dataclass(slots=True)
class Rollout:
    """What is live, and what was: the newest state is the last. `last_live` says when each version last was."""

    states: list[State] = field(default_factory=list)
    last_live: dict[str, float] = field(default_factory=dict)

    @property
    def now(self) -> State:
        """What is live."""
        return self.states[-1]

    @property
    def before(self) -> list[str]:
        """The stable versions before this one, the newest first: what a browser falls back to."""
        past = [state.stable for state in reversed(self.states[:-1])]
        return [build for build in dict.fromkeys(past) if build != self.now.stable][:1]

    @property
    def live(self) -> list[str]:
        """The versions that the page holds, the stable one first."""
        canary = [self.now.canary.build] if self.now.canary else []
        return list(dict.fromkeys([self.now.stable, *canary, *self.before]))


def read(site: Path) -> Rollout:
    """What a site's `rollout.json` says.

    Raises:
        ToolError: There is none, or it is damaged.
    """
    remedy = "Name a directory that publish has made."
    content = json_of_format(site / NAME, FORMAT, remedy, f"{site} holds no published versions")
    try:
        return Rollout([_state(each) for each in content["states"]], dict(content["last_live"]))
    except (ValueError, KeyError, TypeError) as problem:
        raise ToolError(f"{site / NAME} cannot be read: {problem}", remedy) from problem


def _state(content: Mapping[str, Any]) -> State:
    canary = content["canary"]
    return State(content["stable"], None if canary is None else Canary(**canary), content["since"])


def publish(
    bundle: Path,
    site: Path,
    *,
    channel: str = "stable",
    percent: float | None = None,
    users: Sequence[str] = (),
    clock: Callable[[], float] = time.time,
) -> Rollout:
    """Put a bundle beside what a site has, and make it live.

    Args:
        bundle: The bundle.
        site: The site; made when there is none.
        channel: `stable` for all, `canary` for some.
        percent: Which part of the operators gets a canary.
        users: Who gets it besides, by the portal's id.
        clock: Seconds since the epoch.

    Raises:
        ToolError: The bundle is damaged, the site is something else, or a canary has nobody to replace.
    """
    made = manifest.read(bundle)
    wrong = manifest.check(bundle)
    if wrong:
        raise ToolError(f"{bundle}: {wrong[0]}", "Build it again.")
    with exclusive(f"publishing to {site.resolve()}"):
        rollout = read(site) if (site / NAME).exists() else _fresh(site)
        state = _next(rollout, made.build, channel, percent, users, clock())
        _add_files(bundle, site, made)
        rollout.states = [*rollout.states, state][-KEPT_STATES:]
        _write(site, rollout, clock())
    return rollout


def rollback(site: Path, clock: Callable[[], float] = time.time) -> Rollout:
    """Make live what was so before the last `publish`.

    Raises:
        ToolError: There was nothing before.
    """
    with exclusive(f"publishing to {site.resolve()}"):
        rollout = read(site)
        if len(rollout.states) < 2:
            raise ToolError(f"{site}: nothing was live before", "Publish another bundle.")
        taken = rollout.states.pop()
        for build in (taken.stable, *([taken.canary.build] if taken.canary else [])):
            rollout.last_live[build] = clock()
        _write(site, rollout, clock())
    return rollout


def _fresh(site: Path) -> Rollout:
    if site.exists() and any(site.iterdir()):
        raise ToolError(f"--to {site}: is not empty, and no site of published versions", "Name a new directory.")
    site.mkdir(parents=True, exist_ok=True)
    return Rollout()


def _next(rollout: Rollout, build: str, channel: str, percent: float | None, users: Sequence[str], now: float) -> State:
    if channel == "stable":
        if percent is not None or users:
            raise ToolError("--percent and --users are for a canary", "Add --channel canary.")
        return State(build, None, now)
    if not rollout.states:
        raise ToolError("--channel canary: nothing is stable here yet", "Publish a stable version first.")
    if percent is None and not users:
        raise ToolError("--channel canary: for nobody", "Add --percent 10, or --users ID,ID.")
    return State(rollout.now.stable, Canary(build, percent or 0, list(users)), now)


def _add_files(bundle: Path, site: Path, made: Manifest) -> None:
    """What the version loads; then what of it stands in the page: a page never names what is not there yet."""
    for name in made.files:
        if name.startswith(_HASHED) and not (site / name).exists():
            _place(site / name, (bundle / name).read_bytes())
    files = {name: asdict(entry) for name, entry in made.files.items() if name.startswith(_HASHED)}
    about = {**asdict(made), "files": files}
    found = _HEAD.search((bundle / "index.html").read_text(encoding="utf-8"))
    if found is None:
        raise ToolError(f"{bundle / 'index.html'}: is no page of a bundle", "Build it again.")
    about["head"] = _SAME.sub("", found[1]).strip()
    _place(site / "versions" / f"{made.build}.json", json.dumps(about, indent=2).encode())


def _place(path: Path, content: bytes) -> None:
    """Write a file that is never seen half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.new")
    aside.write_bytes(content)
    os.replace(aside, path)


def _write(site: Path, rollout: Rollout, now: float) -> None:
    for build in rollout.live:
        rollout.last_live[build] = now
    _prune(site, rollout, now)
    versions = {build: _version(site, build) for build in rollout.live}
    chooser = _CHOOSER.read_text(encoding="utf-8")
    policy = _together([*(each["csp"] for each in versions.values()), f"script-src '{integrity(chooser.encode())}'"])
    page = _page(rollout, versions, chooser).encode()
    _place(site / "index.html", page)
    _place(site / "index.html.gz", gzip.compress(page, mtime=0))
    first = versions[rollout.now.stable]
    portals = list(dict.fromkeys(portal for each in versions.values() for portal in each["portals"]))
    content = {"format": FORMAT, "states": [asdict(state) for state in rollout.states], "last_live": rollout.last_live}
    _place(site / NAME, (json.dumps(content, indent=2) + "\n").encode())
    about = {name: first[name] for name in ("build", "version", "pyodide", "client", "packages")}
    files = {
        name: entry for name, entry in manifest.list_files(site).items() if not name.startswith((".", "versions/"))
    }
    whole = Manifest(**about, portals=portals, csp=policy, files=files)
    _place(site / manifest.NAME, whole.text().encode())


def _version(site: Path, build: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((site / "versions" / f"{build}.json").read_text(encoding="utf-8"))
    return content


def _page(rollout: Rollout, versions: Mapping[str, Mapping[str, Any]], chooser: str) -> str:
    now = rollout.now
    told = {
        "stable": now.stable,
        "canary": None if now.canary is None else asdict(now.canary),
        "before": rollout.before,
        "builds": rollout.live,
    }
    text = json.dumps(told).replace("<", "\\u003c")
    templates = [f'<template data-build="{build}">\n{each["head"]}\n</template>' for build, each in versions.items()]
    lines = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>worker-py</title>',
        '<link rel="icon" href="data:,">',
        f'<script type="application/json" id="worker-py-rollout">{text}</script>',
        *templates,
        f"<script>{chooser}</script>\n</head>",
        '<body>\n<p id="worker-py-status" hidden></p>\n</body>\n</html>\n',
    ]
    return "\n".join(lines)


def _together(policies: Sequence[str]) -> str:
    """One policy that allows what any of them does."""
    directives: dict[str, list[str]] = {}
    for policy in policies:
        for directive in policy.split(";"):
            name, *values = directive.split()
            directives.setdefault(name, []).extend(values)
    return "; ".join(
        " ".join([name, *(each for each in dict.fromkeys(values) if each != "'none'" or set(values) == {"'none'"})])
        for name, values in directives.items()
    )


def _prune(site: Path, rollout: Rollout, now: float) -> None:
    """Delete what only versions load that have not been live for long."""
    known = {state.stable for state in rollout.states} | set(rollout.live)
    old = {build for build, last in rollout.last_live.items() if now - last > KEPT_DAYS * 86400}
    gone = old - known
    for build in gone:
        del rollout.last_live[build]
        (site / "versions" / f"{build}.json").unlink(missing_ok=True)
    if not gone:
        return
    needed = {
        name
        for path in (site / "versions").glob("*.json")
        for name in json.loads(path.read_text(encoding="utf-8"))["files"]
    }
    for folder in _HASHED:
        for path in sorted((site / folder).rglob("*"), reverse=True):
            if path.is_file() and path.relative_to(site).as_posix() not in needed:
                path.unlink()
            elif path.is_dir() and not any(path.iterdir()):
                shutil.rmtree(path)
