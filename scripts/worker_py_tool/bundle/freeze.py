"""Runs in Node's Pyodide, for `frozen.py`: installs the wheels of a bundle, and tries to import what was asked for."""

import importlib
import json
import sysconfig
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from typing import Any

import micropip
from packaging.utils import canonicalize_name


async def run(text: str, limit: Any) -> str:
    """Install and try. Micropip refuses a wheel whose tags this interpreter does not take.

    Args:
        text: JSON with `install`, paths here, the `requirements`, as words by the name of the package, and `limitS`,
            how long an import may take.
        limit: The time limit of `fence.mjs`.

    Returns:
        JSON: `failed`, what does not work, as objects with `requirement` and `reason`.
    """
    config = json.loads(text)
    await micropip.install([f"emfs:{path}" for path in config["install"]], deps=False)
    importlib.invalidate_caches()
    found = {canonicalize_name(each.name): each for each in distributions(path=[sysconfig.get_path("purelib")])}
    failed = [
        {"requirement": requirement, "reason": reason}
        for name, requirement in config["requirements"].items()
        for reason in _try_imports(found[name], limit, config["limitS"])
    ]
    return json.dumps({"failed": failed})


def _try_imports(found: Distribution, limit: Any, limit_s: int) -> Iterator[str]:
    for module in _modules(found):
        limit.begin(module)
        try:
            importlib.import_module(module)
            limit.end()
        except BaseException as error:  # noqa: BLE001 - whatever it raises, the app could not import it either
            if limit.end():
                yield f"`import {module}` did not end within {limit_s} s"
            else:
                yield f"`import {module}` fails in the browser's Python: {type(error).__name__}: {error}"


def _modules(found: Distribution) -> list[str]:
    """What a distribution lets one import at top level."""
    names = set()
    for file in found.files or []:
        first = file.parts[0]
        if len(file.parts) == 1 and file.suffix in (".py", ".so"):
            names.add(first.partition(".")[0])
        elif len(file.parts) == 2 and file.name == "__init__.py":
            names.add(first)
    return sorted(name for name in names if name.isidentifier())
