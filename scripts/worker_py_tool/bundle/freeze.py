"""Runs in Node's Pyodide, for `frozen.py`: installs the wheels of a bundle, tries them, and writes their lock file."""

import importlib
import json
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

import micropip
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOOLS = "/tools"
Installed = Mapping[Any, Distribution]


async def run(text: str, limit: Any) -> str:
    """Install, try and lock.

    Args:
        text: JSON with `wheels` (paths here, by their addresses in the bundle), `install` (which of them), the
            `requirements`, `info`, what Pyodide's lock file says of the interpreter, and `limitS`, how long an import
            may take.
        limit: The time limit of `fence.mjs`.

    Returns:
        JSON: `missing`, dependencies for which there is no wheel; `failed`, what does not work, as objects with
        `requirement` and `reason`; and, when both are empty, `frozen` and `lock`.
    """
    config = json.loads(text)
    lock = _lock(config)
    await micropip.install([f"emfs:{path}" for path in config["install"]], deps=False)
    importlib.invalidate_caches()
    found = {canonicalize_name(each.name): each for each in distributions(path=[sysconfig.get_path("purelib")])}
    roots = [Requirement(each) for each in config["requirements"]]
    missing, failed = _check_dependencies(roots, found)
    if not missing and not failed:
        failed = [problem for root in roots for problem in _try_imports(root, found, limit, config["limitS"])]
    if missing or failed:
        return json.dumps({"missing": missing, "failed": failed})
    frozen = sorted(f"{each.name}=={each.version}" for each in found.values())
    return json.dumps({"missing": [], "failed": [], "frozen": frozen, "lock": lock})


def _check_dependencies(roots: list[Requirement], installed: Installed) -> tuple[list[str], list[dict[str, str]]]:
    """Follow what the requirements need on this platform, which is not that of the machine where pip resolved them."""
    missing: list[str] = []
    failed: list[dict[str, str]] = []
    waiting = [(root, str(root)) for root in roots if root.marker is None or root.marker.evaluate()]
    seen = set()
    while waiting:
        needed, origin = waiting.pop()
        key = (canonicalize_name(needed.name), str(needed.specifier), frozenset(needed.extras))
        if key in seen:
            continue
        seen.add(key)
        found = installed.get(canonicalize_name(needed.name))
        if found is None:
            missing.append(_without_marker(needed))
            continue
        if not needed.specifier.contains(found.version, prereleases=True):
            reason = f"it needs {_without_marker(needed)}, but {found.version} was chosen"
            failed.append({"requirement": origin, "reason": reason})
            continue
        waiting += [(each, origin) for each in _needs(found, needed.extras)]
    return sorted(set(missing)), failed


def _needs(found: Distribution, extras: set[str]) -> Iterator[Requirement]:
    for text in found.requires or []:
        needed = Requirement(text)
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield needed


def _without_marker(needed: Requirement) -> str:
    extras = f"[{','.join(sorted(needed.extras))}]" if needed.extras else ""
    return f"{needed.name}{extras}{needed.specifier}"


def _try_imports(root: Requirement, installed: Installed, limit: Any, limit_s: int) -> Iterator[dict[str, str]]:
    if root.marker is not None and not root.marker.evaluate():
        return
    for module in _modules(installed[canonicalize_name(root.name)]):
        limit.begin(module)
        try:
            importlib.import_module(module)
            limit.end()
        except BaseException as error:  # noqa: BLE001 - whatever it raises, the app could not import it either
            if limit.end():
                reason = f"`import {module}` did not end within {limit_s} s"
            else:
                reason = f"`import {module}` fails in the browser's Python: {type(error).__name__}: {error}"
            yield {"requirement": str(root), "reason": reason}


def _modules(found: Distribution) -> list[str]:
    """What a distribution lets one import at top level."""
    names = set()
    for file in found.files or []:
        first = file.parts[0]
        if len(file.parts) == 1 and first.endswith(".py"):
            names.add(first.removesuffix(".py"))
        elif len(file.parts) > 1 and file.name == "__init__.py" and len(file.parts) == 2:
            names.add(first)
    return sorted(name for name in names if name.isidentifier())


def _lock(config: dict[str, Any]) -> dict[str, Any]:
    """Write the lock file with tools that the app's packages neither see nor disturb."""
    before = set(sys.modules)
    sys.path.append(TOOLS)
    try:
        return _locked(config)
    finally:
        sys.path.remove(TOOLS)
        for name in set(sys.modules) - before:
            del sys.modules[name]


def _locked(config: dict[str, Any]) -> dict[str, Any]:
    from pyodide_lock import PyodideLockSpec
    from pyodide_lock.utils import add_wheels_to_spec

    spec = PyodideLockSpec.from_dict({"info": config["info"], "packages": {}})
    addresses = {Path(path).name: address for address, path in config["wheels"].items()}
    paths = [Path(path) for path in config["wheels"].values()]
    spec = add_wheels_to_spec(spec, paths, base_path=paths[0].parent, ignore_missing_dependencies=True)
    for package in spec.packages.values():
        package.file_name = addresses[Path(package.file_name).name]
    whole: dict[str, Any] = spec.to_dict()
    return whole
