"""The editor of the demo's handlers: CodeMirror, in a form that browsers load."""

import functools
import json
import tempfile
from pathlib import Path

from worker_py_tool.bundle.phone import BUNDLE, ESBUILD
from worker_py_tool.paths import NODE_MODULES, PORTAL
from worker_py_tool.process import run_quietly
from worker_py_tool.setup import node_packages

PATH = "live/codemirror.js"
"""Its place among the portal's files; the file there imports from npm packages and is its source."""


@functools.cache
def library() -> bytes:
    """CodeMirror with Python's grammar as one module; made once, in some tenths of a second.

    Raises:
        ToolError: It cannot be bundled.
    """
    options = {
        "bundle": True,
        "format": "esm",
        "minify": True,
        "logLevel": "error",
        "legalComments": "eof",
        "nodePaths": [str(NODE_MODULES)],
        "banner": {"js": f"/*!\n{_notice(NODE_MODULES / 'codemirror')}*/"},
    }
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "codemirror.js"
        order = json.dumps({**options, "entryPoints": [str(PORTAL / PATH)], "outfile": str(target)})
        node = node_packages.require()
        run_quietly([node.executable, "-e", BUNDLE, "--", ESBUILD, order], "bundle CodeMirror", cwd=NODE_MODULES.parent)
        return target.read_bytes()


def _notice(package: Path) -> str:
    """The licence that it and its parts share: all are of one project."""
    return f"CodeMirror and Lezer, {(package / 'LICENSE').read_text(encoding='utf-8').strip()}\n".replace("*/", "* /")
