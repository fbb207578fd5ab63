"""One script for each entry of the page and the worker: a browser fetches and compiles one file instead of dozens.

The modules of `static` are joined and lose their comments and blanks; names stay, for whoever reads an error. What is
imported while the page lives stays a file of its own, and so does what that imports.
"""

import functools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from worker_py_tool.bundle import imports, one_module
from worker_py_tool.bundle.digests import digest_of_files, digest_of_named
from worker_py_tool.bundle.one_module import ESBUILD, comment, notice_of, run_esbuild
from worker_py_tool.errors import ToolError
from worker_py_tool.made_once import made_once
from worker_py_tool.paths import CACHE, NODE_MODULES, STATIC

EARLY, SHIM, WORKER = "page/early.js", "page/shim.js", "worker/worker.js"
CONTENTS = "worker/bundle.js"
"""The worker's script has it in it, with what the bundle holds."""
BUNDLED = ("fflate",)
"""Packages that the worker's script brings along."""
_LATER = re.compile(r"""\bimport\(["'](\.{1,2}/[\w./-]+\.js)["']\)""")
_PLACE = re.compile(r"""\bimport ?\{ ?bundle(?: as (?P<name>[\w$]+))? ?\} ?from ?["']\./bundle\.js["'];""")


def early() -> str:
    """The script that is written into the page."""
    text = _joined(EARLY)
    if "</script" in text.lower():
        raise ToolError(f"{EARLY} would end the page's script element", "Write </script> in another way.")
    return text


def joined(assets: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same files with the other entries joined, and without the modules that only they would load.

    Args:
        assets: By their paths, with the modules of `static`.
    """
    inside = _only_inside(assets)
    rest = {name: content for name, content in assets.items() if name not in inside}
    return {**rest, **{name: _joined(name).encode() for name in (SHIM, WORKER)}}


def with_contents(worker: bytes, contents: str) -> bytes:
    """The worker's script with what the bundle holds.

    Args:
        worker: As `joined` made it.
        contents: As JSON.
    """
    names: list[str] = []

    def defined(place: re.Match[str]) -> str:
        names.append(place["name"] or "bundle")
        return f"const {names[-1]}={contents if len(names) == 1 else names[0]};"

    text = _PLACE.sub(defined, worker.decode())
    if not names or "./bundle.js" in text:
        raise ToolError(f"{WORKER} imports {CONTENTS} in an unknown way", "Bring entries.py up to date.")
    return text.encode()


def _only_inside(assets: Mapping[str, bytes]) -> set[str]:
    """Those of the modules that nothing loads but an entry, which has them in it."""
    inside = _reached([EARLY, SHIM, WORKER], assets)
    later = [name for one in inside for name in _imported(one, assets[one], _LATER)]
    others = [name for name in assets if name not in inside and name.endswith(".js")]
    return inside - _reached([*others, *later], assets)


def _reached(first: Iterable[str], assets: Mapping[str, bytes]) -> set[str]:
    found: set[str] = set()
    waiting = list(first)
    while waiting:
        name = waiting.pop()
        if name in assets and name not in found:
            found.add(name)
            waiting += _imported(name, assets[name], imports.IMPORTED)
    return found


def _imported(name: str, content: bytes, pattern: re.Pattern[str]) -> list[str]:
    return [imports.resolved(name, path) for path in _names(pattern, content)]


def _names(pattern: re.Pattern[str], content: bytes) -> list[str]:
    return pattern.findall(imports.COMMENT.sub("", content.decode(errors="replace")))


@functools.cache
def _joined(entry: str) -> str:
    """An entry with all that it imports; it is made once for the same sources."""
    sources = {path: path.read_bytes() for path in sorted(STATIC.rglob("*.js"))}
    packages = (ESBUILD, *(NODE_MODULES / name for name in BUNDLED))
    tools = digest_of_files(
        [
            Path(__file__),
            *(Path(str(module.__file__)) for module in (imports, one_module)),
            *(path / "package.json" for path in packages),
        ]
    )
    key = digest_of_named(((str(path.relative_to(STATIC)), content) for path, content in sources.items()), tools)
    made = made_once(CACHE / "entries" / key / entry, "joining modules", lambda aside: _join(entry, sources, aside))
    return made.read_text(encoding="utf-8")


def _join(entry: str, sources: Mapping[Path, bytes], aside: Path) -> Path:
    later = {
        str((path.parent / name).resolve()) for path, content in sources.items() for name in _names(_LATER, content)
    }
    options: dict[str, Any] = {
        "entryPoints": [str(STATIC / entry)],
        "outfile": str(STATIC / entry),  # where it will be, so that what stays a file is found from there
        "allowOverwrite": True,
        "format": "iife" if entry == EARLY else "esm",
        "external": [*sorted(later), *([str(STATIC / CONTENTS)] if entry == WORKER else [])],
        "minifyWhitespace": True,
        "minifySyntax": True,
        "lineLimit": 160,
        "target": "es2023",
    }
    if entry == WORKER:
        notice = "\n".join(map(notice_of, BUNDLED))
        options["banner"] = {"js": comment(notice)}
    made = aside / "joined.js"
    made.write_text(run_esbuild(options, entry), encoding="utf-8")
    return made
