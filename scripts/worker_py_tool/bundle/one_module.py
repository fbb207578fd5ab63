"""npm packages in a form that browsers load: a module of ours with all that it imports, as one."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from worker_py_tool.paths import NODE_MODULES
from worker_py_tool.process import run_quietly
from worker_py_tool.setup import node_packages

ESBUILD = NODE_MODULES / "esbuild"
_SCRIPT = """
const { outputFiles } = require(process.argv[1]).buildSync(JSON.parse(process.argv[2]));
process.stdout.write(outputFiles[0].text);
"""


def notice_of(package: str) -> str:
    """A package's name, version and licence."""
    about = node_packages.about(package)
    return f"{about['name']} {about['version']}\n\n{''.join(licences_of(package)).strip()}\n"


def licences_of(package: str) -> list[str]:
    """The texts of a package's licence files."""
    files = sorted((NODE_MODULES / package).glob("*[Ll][Ii][Cc][Ee][Nn][Ss][Ee]*"))
    return [file.read_text(encoding="utf-8") for file in files]


def one_module(source: Path, name: str, notice: str) -> bytes:
    """Bundle a module.

    Args:
        source: The module.
        name: What it holds, for an error.
        notice: The licences of the packages in it, which go with them.

    Raises:
        ToolError: It cannot be bundled.
    """
    options = {
        "entryPoints": [str(source)],
        "format": "esm",
        "minify": True,
        "legalComments": "eof",
        "banner": {"js": comment(notice)},
    }
    return run_esbuild(options, name).encode()


def comment(notice: str) -> str:
    """A notice as a comment that stays."""
    return f"/*!\n{notice.replace('*/', '* /')}*/"


def run_esbuild(options: Mapping[str, Any], name: str) -> str:
    """What esbuild makes of one entry.

    Args:
        options: Of its `build`, beside those that are the same for all.
        name: What it is, for an error.

    Raises:
        ToolError: It cannot be bundled.
    """
    always = {"bundle": True, "write": False, "logLevel": "error", "nodePaths": [str(NODE_MODULES)]}
    node = node_packages.require().executable
    order = json.dumps({**options, **always})
    return run_quietly([node, "-e", _SCRIPT, "--", ESBUILD, order], f"bundle {name}", cwd=NODE_MODULES.parent)
