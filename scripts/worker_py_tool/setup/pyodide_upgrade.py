"""Another version of Pyodide: what is pinned to it, and whether this code can work with it."""

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from worker_py_tool import progress
from worker_py_tool.bundle import build, distribution, target
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import CACHE, NODE_MODULES, REQUIREMENTS, ROOT
from worker_py_tool.process import run_quietly
from worker_py_tool.scratch import scratch
from worker_py_tool.setup import node_packages, python_packages

INSTALLED = NODE_MODULES / "pyodide"
LOCK = "package-lock.json"
LOADER = REQUIREMENTS / "loader.txt"
DOCUMENTS = (ROOT / "CHANGELOG.md", ROOT / "docs" / "deployment.md", ROOT / "docs" / "packages.md")
"""What names the version and the tags; measurements keep the version that they were made with."""
RELIES_ON = {
    "pyodide.mjs": ("_loadSnapshot", "createPyodideModule", "lockFileContents", "stdLibURL"),
    "pyodide.asm.mjs": ("_makeSnapshot", "makeMemorySnapshot", "loadedLibsByName", "_tzset_js", "on_fatal"),
}
"""Words of Pyodide's that stand for what is private to it, and that this code uses, by the file that has them."""


def check(version: str) -> None:
    """Refuse what is no version.

    Raises:
        ToolError: It is none.
    """
    if not re.fullmatch(r"\d+\.\d+\.\d+(-[a-z]+\.\d+)?", version):
        raise ToolError(f"{version}: this is no version of Pyodide", "Give one that npm has, such as 314.0.7.")


def changes(version: str) -> dict[Path, str]:
    """What to write so that everything that is pinned is at a version; empty: it is so.

    Raises:
        ToolError: There is no such version, or this code does not know what it brings.
    """
    check(version)
    with scratch("pyodide-", CACHE) as stage:
        with progress.step(f"fetching Pyodide {version}"):
            _install(stage, version)
        package = stage / "node_modules" / "pyodide"
        unknown = unknown_in(package)
        if unknown:
            raise ToolError(
                f"Pyodide {version} is not known to this code: {'; '.join(unknown)}",
                "Change the code first: scripts/worker_py_tool/bundle/target.py, static/worker and snapshot.mjs.",
            )
        texts = {ROOT / name: (stage / name).read_text(encoding="utf-8") for name in ("package.json", LOCK)}
        texts[LOADER] = _loader(package, stage)
        texts |= {path: _documented(path, package) for path in DOCUMENTS}
    return {path: text for path, text in texts.items() if text != path.read_text(encoding="utf-8")}


def unknown_in(package: Path) -> list[str]:
    """What in a release of Pyodide is not as this code knows it, in words.

    Args:
        package: The directory of the npm package.
    """
    found = [f"it has no {name}" for name in (*build.PYODIDE_FILES, target.LOCK.name) if not (package / name).is_file()]
    if found:
        return found
    try:
        known = target.read_from(package / target.LOCK.name)
    except ToolError as problem:
        return [problem.message]
    here = target.read()
    if known.version != here.version:
        found.append(f"its Python is {known.short}, and what is pinned and tested is for {here.short}")
    for name, words in RELIES_ON.items():
        text = (package / name).read_text(encoding="utf-8")
        found += [f"{name} has no {word}" for word in words if word not in text]
    found += [f"its distribution has no {name}" for name in _pinned() if name not in known.packages]
    if distribution.published_by(package / "pyodide.mjs") is None:
        found.append("pyodide.mjs does not say where its packages are published")
    return found


def _install(stage: Path, version: str) -> None:
    for name in node_packages.LOCK_FILES:
        shutil.copy(ROOT / name, stage / name)
    asked = re.sub(
        r'("pyodide": )"[^"]*"', rf'\1"{version}"', (stage / "package.json").read_text(encoding="utf-8"), count=1
    )
    (stage / "package.json").write_text(asked, encoding="utf-8")
    node = node_packages.require()
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev"]
    try:
        run_quietly([node.executable, node.npm_cli, "install", *options], f"fetch Pyodide {version}", cwd=stage)
    except ToolError as problem:
        if "ETARGET" not in problem.message:
            raise
        raise ToolError(f"npm has no Pyodide {version}", "`npm view pyodide versions` tells which it has.") from problem


def _pinned() -> list[str]:
    return re.findall(r"^([\w-]+)==", LOADER.read_text(encoding="utf-8"), re.MULTILINE)


def _loader(package: Path, stage: Path) -> str:
    """requirements/loader.txt with the versions of the release, and the hashes that the package index has of them."""
    known: Mapping[str, Mapping[str, str]] = target.read_from(package / target.LOCK.name).packages
    text = LOADER.read_text(encoding="utf-8")
    for name in _pinned():
        version = known[name]["version"]
        if f"{name}=={version} " in text:
            continue
        run_quietly(
            python_packages.pip("download", "--quiet", "--no-deps", "--only-binary=:all:", f"{name}=={version}"),
            f"download {name} {version}",
            cwd=stage,
            env=python_packages.PIP_ENV,
        )
        [wheel] = stage.glob(f"{name}-*.whl")
        hashed = hashlib.sha256(wheel.read_bytes()).hexdigest()
        entry = rf"{name}=={version} \\\n    --hash=sha256:{hashed}\n"
        text = re.sub(rf"^{name}==.*\n(    --hash.*\n?)+", entry, text, flags=re.MULTILINE)
    return text


def _documented(path: Path, package: Path) -> str:
    text = path.read_text(encoding="utf-8")
    for old, new in zip(_names(INSTALLED), _names(package), strict=True):
        text = text.replace(old, new)
    return text


def _names(package: Path) -> tuple[str, ...]:
    """The version of a release, the platform of its compiled wheels, and the Emscripten that it was built with."""
    version = str(json.loads((package / "package.json").read_text(encoding="utf-8"))["version"])
    made = target.read_from(package / target.LOCK.name)
    emscripten = made.platforms[1].removesuffix(f"_{made.machine}")
    return version, made.platforms[0], emscripten, made.emscripten
