"""What a bundle weighs: its files, and what a boot fetches, in order."""

import re
from pathlib import Path

from worker_py_tool.bundle import imports, manifest
from worker_py_tool.bundle.app_source import AppSource
from worker_py_tool.bundle.manifest import Manifest
from worker_py_tool.errors import ToolError

RESTORED = "snapshot.bin"
NEVER = ("app.zip", "python_stdlib.zip", "pyodide-lock.json", ".whl")
"""Parts that a boot from the snapshot does not wait for, unless the app is not in it."""
LARGE = 5_000_000


def boot_files(directory: Path, made: Manifest) -> list[str]:
    """What a page fetches until its first event is handled, in order: a module's imports follow it."""
    folder = f"assets/{made.build}/"
    page = (directory / "index.html").read_text(encoding="utf-8")
    # The install page's script is named too, and no boot fetches it.
    named = re.findall(r'<script(?! type="worker-py/install)[^>]* src="([^"]+)"', page)
    scripts = [src for src in named if src in made.files]
    modules = imports.graph(directory, [*scripts, f"{folder}worker/worker.js"])
    runtime = sorted((path for path in made.files if path.startswith("pyodide/")), key=lambda path: path.endswith("s"))
    if folder + RESTORED in made.files:
        module = (directory / folder / "worker" / "bundle.js").read_text(encoding="utf-8")
        contents = manifest.contents_of(module)
        if contents is None:
            raise ToolError(f"{directory / folder / 'worker' / 'bundle.js'} is not what a build writes", "Build again.")
        parts = [path for path in (folder + RESTORED, *runtime) if not path.endswith(NEVER)]
        if contents["bare"]:
            library = [path for path in runtime if path.endswith("python_stdlib.zip")]
            wheels = [path.removeprefix("../../") for path in contents["wheels"]]
            parts += [*library, *wheels, folder + "app.zip"]
        archives = dict.fromkeys(each["archive"].removeprefix("../../") for each in contents["libraries"])
        parts += [folder + "worker/libraries.js", *archives] if archives else []
    else:
        wheels = [path for path in made.files if path.startswith("wheels/")]
        parts = [*(folder + name for name in ("app.zip", "pyodide-lock.json")), *wheels, *runtime]
    return ["index.html", *modules, *(path for path in parts if not path.endswith((".br", ".gz")))]


def large_files(made: Manifest, app: AppSource) -> list[tuple[str, int]]:
    """Files of the integrator that weigh heavily on every browser, with their bytes."""
    ours = ("pyodide/", f"assets/{made.build}/{RESTORED}", f"assets/{made.build}/app.zip")
    files = {name: len(content) for name, content in app.files}
    files |= {path: entry.bytes for path, entry in made.files.items() if not path.startswith(ours)}
    return sorted((path, size) for path, size in files.items() if size > LARGE and not path.endswith((".br", ".gz")))


def report(directory: Path, made: Manifest, app: AppSource) -> str:
    """For the person who built it: what the bundle holds, and each file that a boot fetches, in order."""
    total = sum(entry.bytes for path, entry in made.files.items() if not path.endswith((".br", ".gz")))
    lines = [f"build {made.build}: {len(made.files)} files, {total / 1e6:.1f} MB uncompressed"]
    if made.packages:
        lines.append(f"  packages: {', '.join(made.packages)}")
    lines.append("  of the app:")
    longest = max(len(name) for name, _ in app.files)
    lines += [f"    {name:<{longest}}  {len(content):>11,} bytes" for name, content in app.files]
    if app.left_out:
        lines.append(f"  left out: {', '.join(app.left_out)}")
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
