"""What a bundle weighs: its files, and what a boot fetches, in order."""

import re
from collections.abc import Sequence
from pathlib import Path

from worker_py_tool.manifest import Manifest

IMPORTED = re.compile(r"""^(?:import|export)\b[^;]*?["']\./([\w.-]+\.js)["'];""", re.MULTILINE)
RESTORED = ("snapshot.bin", "empty.zip")
NEVER = ("app.zip", "python_stdlib.zip", "pyodide-lock.json", ".whl")
"""Parts that a boot from the snapshot does not wait for."""


def boot_files(directory: Path, made: Manifest) -> list[str]:
    """What a page fetches until its first event is handled, in order: a module's imports follow it."""
    folder = f"assets/{made.build}/"
    page = (directory / "index.html").read_text(encoding="utf-8")
    scripts = [src for src in re.findall(r'<script[^>]* src="([^"]+)"', page) if src in made.files]
    modules = _with_imports(directory, [*scripts, f"{folder}worker.js"])
    runtime = sorted((path for path in made.files if path.startswith("pyodide/")), key=lambda path: path.endswith("s"))
    if folder + RESTORED[0] in made.files:
        parts = [*(folder + name for name in RESTORED), *runtime]
        parts = [path for path in parts if not path.endswith(NEVER)]
    else:
        wheels = [path for path in made.files if path.startswith("wheels/")]
        parts = [*(folder + name for name in ("app.zip", "pyodide-lock.json")), *wheels, *runtime]
    return ["index.html", *modules, *(path for path in parts if not path.endswith((".br", ".gz")))]


def _with_imports(directory: Path, first: Sequence[str]) -> list[str]:
    """Modules in the order in which a browser comes upon them, each once; both page and worker may load one."""
    found: dict[str, None] = {}
    for script in first:
        waiting = [script]
        while waiting:
            path = waiting.pop(0)
            if path not in found:
                found[path] = None
                folder = path.rpartition("/")[0]
                text = (directory / path).read_text(encoding="utf-8")
                waiting += [f"{folder}/{name}" for name in IMPORTED.findall(text)]
    return list(found)


def report(directory: Path, made: Manifest) -> str:
    """For the person who built it: what the bundle holds, and each file that a boot fetches, in order."""
    total = sum(entry.bytes for path, entry in made.files.items() if not path.endswith((".br", ".gz")))
    lines = [f"build {made.build}: {len(made.files)} files, {total / 1e6:.1f} MB uncompressed"]
    if made.packages:
        lines.append(f"  packages: {', '.join(made.packages)}")
    files = boot_files(directory, made)
    width = max(len(path) for path in files)
    lines.append("  a boot fetches, in this order:")
    lines += [f"    {path:<{width}}  {_size(made, path, '')}  {_size(made, path, '.br')} Brotli" for path in files]
    raw = sum(made.files[path].bytes for path in files)
    wire = sum(_wire(made, path) for path in files)
    lines.append(f"  before the first event: {len(files)} files, {raw / 1e6:.2f} MB, {wire / 1e6:.2f} MB on the wire")
    return "\n".join(lines)


def _wire(made: Manifest, path: str) -> int:
    entry = made.files.get(path + ".br")
    return entry.bytes if entry else made.files[path].bytes


def _size(made: Manifest, path: str, ending: str) -> str:
    entry = made.files.get(path + ending)
    return f"{entry.bytes / 1e6:7.3f} MB" if entry else "         -"
