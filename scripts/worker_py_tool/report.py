"""What a bundle weighs: its files, and what a boot fetches, in order."""

from worker_py_tool.manifest import Manifest


def boot_files(made: Manifest) -> list[str]:
    """What a page fetches before its first event is handled, in about this order."""
    modules = [path for path in made.files if path.startswith("assets/") and path.endswith((".js", ".bin", ".zip"))]
    runtime = [path for path in made.files if path.startswith("pyodide/")]
    wanted = [path for path in ["index.html", *modules, *runtime] if not path.endswith((".br", ".gz", "lock.json"))]
    late = [path for path in wanted if path.endswith(("app.zip", "python_stdlib.zip"))]
    return [path for path in wanted if path not in late] if _has_snapshot(made) else wanted


def report(made: Manifest) -> str:
    """A few lines for the person who built it."""
    total = sum(entry.bytes for path, entry in made.files.items() if not path.endswith((".br", ".gz")))
    lines = [f"build {made.build}: {len(made.files)} files, {total / 1e6:.1f} MB uncompressed"]
    files = boot_files(made)
    width = max(len(path) for path in files)
    largest = sorted(files, key=lambda path: -made.files[path].bytes)[:6]
    lines += [f"  {path:<{width}}  {_size(made, path, '')}  {_size(made, path, '.br')} Brotli" for path in largest]
    raw = sum(made.files[path].bytes for path in files)
    wire = sum(_wire(made, path) for path in files)
    lines.append(f"  before the first event: {len(files)} files, {raw / 1e6:.2f} MB, {wire / 1e6:.2f} MB on the wire")
    return "\n".join(lines)


def _has_snapshot(made: Manifest) -> bool:
    return any(path.endswith("/snapshot.bin") for path in made.files)


def _wire(made: Manifest, path: str) -> int:
    entry = made.files.get(path + ".br")
    return entry.bytes if entry else made.files[path].bytes


def _size(made: Manifest, path: str, ending: str) -> str:
    entry = made.files.get(path + ending)
    return f"{entry.bytes / 1e6:7.3f} MB" if entry else "         -"
