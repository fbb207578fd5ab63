"""The lock file of a bundle, in Pyodide's format: addresses are relative to the bundle."""

import hashlib
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from worker_py_tool.bundle import target, wheel_check, wheels


def content(paths: Sequence[Path], depends: Mapping[str, Sequence[str]]) -> bytes:
    """Write it.

    Args:
        paths: All wheels of the bundle.
        depends: The names of what each package needs; what the loader's need is known.
    """
    from packaging.utils import canonicalize_name, parse_wheel_filename

    named = {parse_wheel_filename(path.name)[0]: path for path in paths}
    known = target.read().packages
    packages = {}
    for name, path in named.items():
        needed = depends.get(name, known[name]["depends"] if name in known else ())
        packages[name] = {
            "depends": sorted(canonicalize_name(each) for each in needed),
            "file_name": wheels.address(path),
            "imports": imports(path),
            "install_dir": "site",
            "name": name,
            "package_type": "package",
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "unvendored_tests": False,
            "version": str(parse_wheel_filename(path.name)[1]),
        }
    return json.dumps({"info": target.info(), "packages": packages}, indent=1, sort_keys=True).encode() + b"\n"


def imports(wheel: Path) -> list[str]:
    """What a wheel lets one import at top level."""
    names = set()
    with zipfile.ZipFile(wheel) as archive:
        for place, _ in wheel_check.installed(archive.infolist()):
            parts = place.split("/")
            if len(parts) == 1:
                module = re.fullmatch(r"(\w+)(\.py|(\.[\w-]+)?\.so)", parts[0])
                names.add(module[1] if module else "")
            elif parts[-1] == "__init__.py" and len(parts) == 2:
                names.add(parts[0])
    return sorted(name for name in names if name.isidentifier())
