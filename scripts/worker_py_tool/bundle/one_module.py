"""npm packages in a form that browsers load: a module of ours with all that it imports, as one."""

import json
import tempfile
from pathlib import Path

from worker_py_tool.paths import NODE_MODULES
from worker_py_tool.process import run_quietly
from worker_py_tool.setup import node_packages

ESBUILD = NODE_MODULES / "esbuild"
_SCRIPT = "require(process.argv[1]).buildSync(JSON.parse(process.argv[2]))"


def notice_of(package: str) -> str:
    """A package's name, version and licence."""
    folder = NODE_MODULES / package
    about = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*[Ll][Ii][Cc][Ee][Nn][Ss][Ee]*"))]
    return f"{about['name']} {about['version']}\n\n{''.join(texts).strip()}\n"


def one_module(source: Path, name: str, notice: str) -> bytes:
    """Bundle a module.

    Args:
        source: The module.
        name: What it holds, for an error.
        notice: The licences of the packages in it, which go with them.

    Raises:
        ToolError: It cannot be bundled.
    """
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / source.name
        options = {
            "entryPoints": [str(source)],
            "outfile": str(target),
            "bundle": True,
            "format": "esm",
            "minify": True,
            "logLevel": "error",
            "legalComments": "eof",
            "nodePaths": [str(NODE_MODULES)],
            "banner": {"js": f"/*!\n{notice.replace('*/', '* /')}*/"},
        }
        node = node_packages.require().executable
        order = json.dumps(options)
        run_quietly([node, "-e", _SCRIPT, "--", ESBUILD, order], f"bundle {name}", cwd=NODE_MODULES.parent)
        return target.read_bytes()
