"""`pylock.worker-py.toml` beside an app: its packages, with those that they need, in PEP 751's format.

It says which files, by name and hash, and not where from: that is the matter of the machine that builds. PEP 751
demands a path or an address of each wheel, so it names a file in `wheels/` beside the lock, which is taken when it is
there; addresses are written on request.
"""

import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from worker_py_tool.bundle import package_index, packages, requirement, target
from worker_py_tool.bundle.distribution import Distribution
from worker_py_tool.bundle.package_index import PackageIndex
from worker_py_tool.bundle.packages import Package, Packages
from worker_py_tool.errors import ToolError
from worker_py_tool.process import say
from worker_py_tool.scratch import scratch

NAME = "pylock.worker-py.toml"
FOLDER = "wheels"
"""Where the file says that wheels are, relative to it."""
AGAIN = "Run `worker-py lock`, and look at what it changed."
HEAD = f"""\
# Written by `worker-py lock`, for the builds of this directory. Wheels are found by name and hash where packages come
# from on the machine that builds, or in {FOLDER}/ beside this file.
lock-version = "1.0"
created-by = "worker-py"
"""


@dataclass(frozen=True, slots=True)
class Lock:
    """What the file says.

    Attributes:
        path: The file.
        pyodide: The version of Pyodide that the packages were chosen for.
        requirements: What they were chosen for.
        found: The packages; the address of each is what the file says, or empty.
    """

    path: Path
    pyodide: str
    requirements: Sequence[str]
    found: Packages

    def versions(self) -> dict[str, str]:
        """The version of each package."""
        return {each.name: each.version for each in self.found.chosen}

    def stale(self, requirements: Sequence[str]) -> str:
        """Why the file is out of date; empty when it is not."""
        here = target.pyodide_version()
        if self.pyodide != here:
            return f"it was written for Pyodide {self.pyodide}, and this is {here}"
        now = portable(requirements, self.path.parent)
        added = [each for each in now if each not in self.requirements]
        gone = [each for each in self.requirements if each not in now]
        told = [f"{', '.join(added)} came"] if added else []
        told += [f"{', '.join(gone)} went"] if gone else []
        return " and ".join(told) + " since it was written" if told else ""


def write(
    path: Path,
    requirements: Sequence[str],
    *,
    upgrade: Sequence[str] = (),
    pyodide_packages: str = "",
    addresses: bool = False,
) -> Packages:
    """Choose packages, and write which ones. What an older file says stays as far as it fits.

    Args:
        path: The file.
        requirements: Of the app, as `packages.resolve` takes them.
        upgrade: Names of packages of which the newest are taken.
        pyodide_packages: Where the packages of Pyodide's own distribution are.
        addresses: Write where each wheel came from here.

    Raises:
        ToolError: There is no choice, or no package of a name to upgrade. The file is as it was then.
    """
    from packaging.utils import canonicalize_name

    older = read(path).versions() if path.is_file() else {}
    for name in upgrade:
        if canonicalize_name(name) not in older:
            raise ToolError(f"--upgrade {name}: {path} has no such package", f"It has: {', '.join(older) or 'none'}.")
        del older[canonicalize_name(name)]
    found = packages.resolve(requirements, pyodide_packages, older, anew=True)
    text = _text(path.parent, requirements, found, addresses)
    _parse(path, text)
    with scratch("making-", path.parent) as aside:
        (aside / NAME).write_text(text, encoding="utf-8")
        os.replace(aside / NAME, path)
    return found


def chosen(path: Path | None, requirements: Sequence[str], *, insist: bool, pyodide_packages: str = "") -> Packages:
    """The packages of an app: those of its lock where it has one that fits.

    Args:
        path: Where the lock is, or would be.
        requirements: Of the app.
        insist: On the lock.
        pyodide_packages: Where the packages of Pyodide's own distribution are.

    Raises:
        ToolError: There is no choice, or a file has another hash than in the lock; and where the lock is insisted on:
            it is missing, or out of date.
    """
    if path is None or not path.is_file():
        if insist:
            raise ToolError(f"--frozen: there is no {path or NAME}", "Run `worker-py lock`.")
        return packages.resolve(requirements, pyodide_packages)
    lock = read(path)
    reason = lock.stale(requirements)
    if reason and insist:
        raise ToolError(f"--frozen: {path} is out of date: {reason}", AGAIN)
    if reason:
        say(f"warning: {path} is out of date: {reason}. Run `worker-py lock`; until then each build chooses anew")
        return packages.resolve(requirements, pyodide_packages, lock.versions())
    with closing(PackageIndex(package_index.settings(), packages.FILES)) as index:
        direct = _direct(lock, requirements, index)
        distribution = Distribution(target.read(), index, pyodide_packages)
        located = [
            replace(each, url=direct.get(each.name) or _located(each, lock, distribution)) for each in lock.found.chosen
        ]
    return replace(lock.found, chosen=tuple(located))


def read(path: Path) -> Lock:
    """Read the file.

    Raises:
        ToolError: It cannot be read, or was not written by `worker-py lock`.
    """
    try:
        return _parse(path, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        raise ToolError(f"{path}: cannot be read: {problem}", AGAIN) from problem


def portable(requirements: Sequence[str], directory: Path) -> list[str]:
    """Requirements as they read on any machine: paths are relative, addresses without passwords."""
    return sorted({requirement.portable(each, directory) for each in requirements})


def _parse(path: Path, text: str) -> Lock:
    from packaging.pylock import Pylock, PylockValidationError

    try:
        content = tomllib.loads(text)
        standard = Pylock.from_dict(content)
        standard.validate()
        own = content["tool"]["worker-py"]
        asked: Mapping[str, str] = dict(own["asked"])
        found = [_package(path, each) for each in standard.packages]
        return Lock(path, str(own["pyodide"]), list(own["requirements"]), Packages(asked, tuple(found)))
    except (PylockValidationError, tomllib.TOMLDecodeError, ValueError) as problem:
        raise ToolError(f"{path}: no lock by PEP 751: {problem}", AGAIN) from problem
    except (LookupError, TypeError) as problem:
        raise ToolError(f"{path}: was not written by `worker-py lock`", AGAIN) from problem


def _package(path: Path, package: Any) -> Package:
    wheel = package.wheels[0]
    digest = wheel.hashes.get("sha256", "")
    if len(package.wheels) != 1 or len(digest) != 64 or wheel.filename != Path(wheel.filename).name:
        raise ValueError(f"{package.name} {package.version} should have one wheel, with its SHA-256")
    url = wheel.url or (path.parent / wheel.path).resolve().as_uri()
    depends = tuple(str(each["name"]) for each in package.dependencies or ())
    return Package(str(package.name), str(package.version), wheel.filename, digest, url, depends)


def _direct(lock: Lock, requirements: Sequence[str], index: PackageIndex) -> dict[str, str]:
    """Where that is which is named by a path or an address; it must not be another one by now."""
    locked = {each.name: each for each in lock.found.chosen}
    urls = {}
    for text in requirements:
        if not requirement.parse(text).url:
            continue
        need, _ = requirement.read(text, index)
        known = locked.get(need.name)
        if known is None or need.offer is None:
            continue  # not for this interpreter
        urls[need.name] = need.offer.url
        if need.offer.sha256 != known.sha256:
            raise ToolError(
                f"--require {text}: it has another content than {lock.path.name} says: the SHA-256 of"
                f" {need.offer.filename} is {need.offer.sha256}, not {known.sha256}",
                AGAIN,
            )
    return urls


def _located(package: Package, lock: Lock, distribution: Distribution) -> str:
    """Where a wheel of the lock can be had from here."""
    beside = package_index.local(package.url)
    if packages.is_here(package) or beside is None or beside.is_file():
        return package.url
    same = [each for each in distribution.all_offers(package.name) if each.filename == package.filename]
    best = [each for each in same if each.sha256 == package.sha256] or same
    if not best:
        raise ToolError(
            f"{lock.path}: {package.filename} is not to be had: no package index that pip is set up with has it",
            f"Put it into {FOLDER}/ beside the lock, or choose anew: `worker-py lock --upgrade {package.name}`",
        )
    return best[0].url


def _text(directory: Path, requirements: Sequence[str], found: Packages, addresses: bool) -> str:
    quoted = json.dumps
    lines = [HEAD]
    if not found.chosen:
        lines.append("packages = []\n")
    for each in found.chosen:
        needs = ", ".join(f"{{ name = {quoted(name)} }}" for name in each.depends)
        place = _place(directory, found.asked.get(each.name, ""), each, addresses)
        lines += [
            "[[packages]]",
            f"name = {quoted(each.name)}",
            f"version = {quoted(each.version)}",
            *([f"dependencies = [{needs}]"] if needs else []),
            "[[packages.wheels]]",
            f"name = {quoted(each.filename)}",
            place,
            f"hashes = {{ sha256 = {quoted(each.sha256)} }}\n",
        ]
    lines += [
        "[tool.worker-py]",
        f"pyodide = {quoted(target.pyodide_version())}",
        f"requirements = {quoted(portable(requirements, directory), ensure_ascii=False)}\n",
        "[tool.worker-py.asked]",
        *(
            f"{quoted(name)} = {quoted(requirement.portable(text, directory), ensure_ascii=False)}"
            for name, text in sorted(found.asked.items())
        ),
    ]
    return "\n".join(lines) + "\n"


def _place(directory: Path, asked: str, package: Package, addresses: bool) -> str:
    """A path relative to the lock; an address where one was asked for, by itself or for all."""
    url = requirement.parse(asked).url if asked else None
    local = package_index.local(url or "")
    if local is not None and local.suffix == ".whl":
        return f"path = {json.dumps(requirement.relative(local, directory))}"
    if url and url.startswith("http") and urlsplit(url).path.endswith(".whl"):
        return f"url = {json.dumps(requirement.without_password(url))}"
    if addresses and package.url.startswith("http"):
        return f"url = {json.dumps(requirement.without_password(package.url))}"
    return f"path = {json.dumps(f'{FOLDER}/{package.filename}')}"
