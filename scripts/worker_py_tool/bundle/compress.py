"""Brotli and gzip beside the files of a bundle, for servers that pick by Accept-Encoding."""

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from worker_py_tool import progress
from worker_py_tool.locking import exclusive
from worker_py_tool.paths import CACHE
from worker_py_tool.process import run_watched
from worker_py_tool.progress import Advance
from worker_py_tool.scratch import scratch
from worker_py_tool.setup import node_packages

SCRIPT = Path(__file__).with_name("compress.mjs")
ENDINGS = (".br", ".gz")
SUFFIXES = frozenset({".bin", ".css", ".html", ".js", ".json", ".mjs", ".svg", ".wasm", ".zip"})
SMALLEST = 512
WORTH = 0.95
FAST, BEST = 5, 11
TIMEOUT_S = 900.0
TOLD = 500_000


def compress(directory: Path, *, best: bool) -> None:
    """Put compressed copies beside the files that gain from it.

    The same content is compressed once: the results are kept in the cache.

    Args:
        directory: A bundle that is being made.
        best: Brotli's highest quality, which takes about a minute for the snapshot.
    """
    quality = BEST if best else FAST
    cached = {path: _cache_of(path, quality) for path in _candidates(directory)}
    missing = {target: path for path, target in cached.items() if not target.with_suffix(".gz").exists()}
    if missing:
        with exclusive("compressing a bundle"):
            _run(missing, quality)
    for path, target in cached.items():
        for ending in ENDINGS:
            source = target.with_suffix(ending)
            if source.stat().st_size < path.stat().st_size * WORTH:
                shutil.copyfile(source, path.with_name(path.name + ending))


def _candidates(directory: Path) -> Iterable[Path]:
    for path in sorted(directory.rglob("*")):
        if path.is_file() and path.suffix in SUFFIXES and path.stat().st_size >= SMALLEST:
            yield path


def _cache_of(path: Path, quality: int) -> Path:
    return CACHE / "compressed" / f"{sha256(path.read_bytes()).hexdigest()[:32]}-{quality}"


def _tell(what: Mapping[str, Any], advance: Advance) -> None:
    """Show how far it is; small files go without saying."""
    path = Path(what.get("begun") or what["done"])
    large = path.stat().st_size >= TOLD
    if "begun" in what:
        advance(0, f"{path.name}: {path.stat().st_size / 1e6:.1f} MB ..." if large else "")
    else:
        advance(what["bytes"], f"{path.name}: {what['brotli'] / 1e6:.1f} MB as Brotli" if large else "")


def _run(missing: dict[Path, Path], quality: int) -> None:
    with scratch("making-", CACHE / "compressed") as aside:
        largest = sorted(missing.items(), key=lambda item: -item[1].stat().st_size)
        files = [[str(path), str(aside / target.name)] for target, path in largest]
        (aside / "jobs.json").write_text(json.dumps({"quality": quality, "files": files}), encoding="utf-8")
        total = sum(path.stat().st_size for path in missing.values())
        with progress.step(f"compressing {total / 1e6:.0f} MB at quality {quality}", total) as advance:
            run_watched(
                [node_packages.require().executable, SCRIPT, aside / "jobs.json"],
                "compress the bundle",
                lambda line: _tell(json.loads(line), advance),
                timeout_s=TIMEOUT_S,
            )
        for target in missing:
            for ending in ENDINGS:  # .gz last: it says that both are there
                os.replace(aside / f"{target.name}{ending}", target.with_suffix(ending))
