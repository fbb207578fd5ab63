"""Runs in Node's Pyodide, for `compiled.py`: compiles archives by the `py-compile` of pyodide-build.

That puts a `.pyc` in the place of each `.py`. Here the `.py` stays, for the lines of tracebacks, and the compiled code
goes beside it, where Python looks for it: into `__pycache__`. Files of a wheel lie where they are installed.
"""

import base64
import hashlib
import json
import logging
import os
import posixpath
import py_compile
import re
import sys
import types
import zipfile
from contextlib import nullcontext
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

ZIP_TIME = (1980, 1, 1, 0, 0, 0)
PURE_OR_NOT = re.compile(r"^[^/]+\.data/(purelib|platlib)/")
"""Where a wheel may put what goes beside the rest."""
UNCHECKED = (0b01).to_bytes(4, "little")
"""The flags of compiled code that is not held against the hash of its source, which nobody changes in a bundle."""

os.environ["SOURCE_DATE_EPOCH"] = "315532800"  # compiled code holds the hash of its source then, and not its time

_logger: Any = types.ModuleType("pyodide_build.logger")
"""In the place of its own, which needs a library for terminals: nobody sees here what it says."""
_logger.logger, _logger.set_log_level = logging.getLogger("pyodide_build"), lambda *_: nullcontext()
sys.modules[_logger.__name__] = _logger


def run(text: str) -> str:
    """Compile.

    Args:
        text: JSON with `archives`, a list of paths of an archive and of what is made of it.

    Returns:
        JSON: `compiled`, for each how many files of it.
    """
    archives = json.loads(text)["archives"]
    return json.dumps({"compiled": [_compile(Path(source), Path(made)) for source, made in archives]})


def _compile(source: Path, made: Path) -> int:
    with zipfile.ZipFile(source) as archive:
        files = [entry for entry in archive.infolist() if not entry.is_dir()]
        entries = [(PURE_OR_NOT.sub("", entry.filename), archive.read(entry)) for entry in files]
    code = _compiled(entries)
    contents: dict[str, bytes] = {}
    for name, content in entries:
        if "/__pycache__/" not in f"/{name}":
            contents[name] = content
        if name in code:
            cached = cache_from_source(posixpath.basename(name))
            contents[posixpath.join(posixpath.dirname(name), cached)] = code[name]
    with zipfile.ZipFile(made, "w", compresslevel=9) as archive:
        for name, content in _recorded(contents).items():
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content)
    return len(code)


def _compiled(entries: list[tuple[str, bytes]]) -> dict[str, bytes]:
    """The code of each source by its name, but of those that are no Python of this version: they stay as they are."""
    from pyodide_build._py_compile import _py_compile_archive

    sources = {name: content for name, content in entries if name.endswith(".py")}
    place = Path("/compiling.zip")  # as a wheel its name would be looked at, too
    while sources:
        with zipfile.ZipFile(place, "w") as archive:
            for name, content in sources.items():
                archive.writestr(name, content)
        try:
            _py_compile_archive(place, keep=False, verbose=False, compression_level=0)
        except py_compile.PyCompileError as refused:
            del sources[refused.file]
            continue
        with zipfile.ZipFile(place) as archive:
            codes = {name: archive.read(f"{name}c") for name in sources}
        return {name: code[:4] + UNCHECKED + code[8:] for name, code in codes.items()}
    return {}


def _recorded(contents: dict[str, bytes]) -> dict[str, bytes]:
    """The same, with a wheel's list of its files brought up to date."""
    record = next((name for name in contents if name.endswith(".dist-info/RECORD") and name.count("/") == 1), None)
    if record is None:
        return contents
    listed = [PURE_OR_NOT.sub("", line) for line in contents[record].decode().splitlines()]
    known = {line.rsplit(",", 2)[0] for line in listed}
    for name, content in contents.items():
        if name.endswith(".pyc") and name not in known:
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            listed.append(f"{name},sha256={digest},{len(content)}")
    return {**contents, record: ("\n".join(listed) + "\n").encode()}
