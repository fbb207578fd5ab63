"""Wheels made for a test."""

import base64
import hashlib
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from worker_py_tool.bundle import compiled, package_index, target
from worker_py_tool.bundle.package_index import Settings


def ask_only(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No index is asked from now on but this directory, whatever this machine has downloaded before.

    What pip would make of the variables is known, so it is started where a test changes one of them.
    """
    compiled.reads()  # what makes a bundle is pinned and comes from the real one
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("PIP_CONSTRAINT", "")
    real, ours = package_index.settings, _variables_of_pip()
    known = Settings(links=(str(index),))
    monkeypatch.setattr(package_index, "settings", lambda: known if _variables_of_pip() == ours else real())


def _variables_of_pip() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("PIP_")}


def make_wheel(
    directory: Path,
    name: str,
    files: Mapping[str, str],
    *,
    version: str = "1.0",
    needs: tuple[str, ...] = (),
    tag: str = "py3-none-any",
    python: str = "",
) -> Path:
    """Make one.

    Args:
        directory: Where to put it.
        name: The package.
        files: What is in it.
        version: Of the package.
        needs: What it depends on.
        tag: Of the wheel.
        python: The Pythons that it says it is for.
    """
    info = f"{name}-{version}.dist-info"
    metadata = [
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}",
        *(f"Requires-Dist: {one}" for one in needs),
        *([f"Requires-Python: {python}"] if python else []),
    ]
    contents = {
        **files,
        f"{info}/METADATA": "\n".join(metadata) + "\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = []
    path = directory / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in contents.items():
            archive.writestr(zipfile.ZipInfo(file), text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            record.append(f"{file},sha256={digest},{len(text)}")
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD"), "\n".join([*record, f"{info}/RECORD,,"]) + "\n")
    return path


def compiled_tag() -> str:
    """The best tag of a compiled wheel for the interpreter of a bundle."""
    return str(target.read().tags()[0])


def lock_with(path: Path, *wheels: Path, depends: Mapping[str, list[str]] | None = None) -> Path:
    """Pyodide's lock file, as if its distribution had these wheels, and no others."""
    packages = {}
    for wheel in wheels:
        name, version = wheel.name.split("-")[:2]
        packages[name] = {
            "name": name,
            "version": version,
            "file_name": wheel.name,
            "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
            "depends": (depends or {}).get(name, []),
            "imports": [name],
            "install_dir": "site",
            "package_type": "package",
            "unvendored_tests": False,
        }
    path.write_text(json.dumps({"info": target.info(), "packages": packages}), encoding="utf-8")
    return path
