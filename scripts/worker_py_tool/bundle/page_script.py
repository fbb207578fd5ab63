"""The integrator's own JavaScript in the placement page: is it a module, or an ordinary script?"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from worker_py_tool.errors import ToolError
from worker_py_tool.process import run_quietly
from worker_py_tool.setup import node_packages

# The engine's own parser tells: what does not parse as a script but does as a module is a module.
CLASSIFY = """
import { readFileSync } from 'node:fs';
import vm from 'node:vm';
const attempt = (parse) => { try { parse(); } catch (problem) { return problem; } };
const kinds = process.argv.slice(1).map((path) => {
  const source = readFileSync(path, 'utf8');
  const asScript = attempt(() => new vm.Script(source, { filename: path }));
  if (!asScript) return { kind: 'script' };
  const asModule = attempt(() => new vm.SourceTextModule(source));
  if (!asModule) return { kind: 'module' };
  // Only the error of a script tells its line.
  const line = asScript.message === asModule.message ? /:([0-9]+)$/m.exec(asScript.stack)?.[1] : undefined;
  return { kind: String(asModule), line };
});
console.log(JSON.stringify(kinds));
"""


@dataclass(frozen=True, slots=True)
class PageScript:
    """A script of the integrator: its file name in the bundle, how the page loads it, and its content."""

    name: str
    is_module: bool
    content: bytes


def read_page_scripts(paths: Sequence[Path]) -> list[PageScript]:
    """Read the files that `--page-script` names.

    Raises:
        ToolError: A file is missing, or is no JavaScript.
    """
    if not paths:
        return []
    check_page_scripts(paths)
    node = node_packages.require()
    printed = run_quietly(
        [
            node.executable,
            "--no-warnings",
            "--experimental-vm-modules",
            "--input-type=module",
            "-e",
            CLASSIFY,
            "--",
            *paths,
        ],
        "parse the page scripts",
    )
    scripts = []
    for path, found in zip(paths, json.loads(printed), strict=True):
        if found["kind"] not in ("script", "module"):
            where = f"{path}:{found['line']}" if found.get("line") else str(path)
            raise ToolError(f"--page-script {where}: {found['kind']}")
        is_module = path.suffix == ".mjs" or found["kind"] == "module"
        scripts.append(PageScript(path.name, is_module, path.read_bytes()))
    return scripts


def check_page_scripts(paths: Sequence[Path]) -> None:
    """Refuse files that are not there, and two of the same name: they share a directory in the bundle.

    Raises:
        ToolError: As said.
    """
    seen: dict[str, Path] = {}
    for path in paths:
        if path.suffix not in (".js", ".mjs"):
            raise ToolError(f"--page-script {path}: not a .js or .mjs file", "Name the JavaScript file itself.")
        if not path.is_file():
            raise ToolError(f"--page-script {path}: there is no such file", f"Looked for it in {Path.cwd()}.")
        if path.name in seen:
            raise ToolError(f"--page-script {path}: {seen[path.name]} has the same name", "Rename one of them.")
        seen[path.name] = path
