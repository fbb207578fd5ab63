"""The phone that a bundle may bring: the modules of `static/phone`, and JsSIP in a form that browsers load."""

import json
import tempfile
from pathlib import Path
from typing import Literal, get_args

from worker_py_tool.paths import NODE_MODULES, STATIC
from worker_py_tool.process import run_quietly
from worker_py_tool.setup import node_packages

PhoneKind = Literal["loopback", "jssip"]
PHONES: tuple[PhoneKind, ...] = get_args(PhoneKind)
FOLDER = STATIC / "phone"
LIBRARY = "jssip_library.js"
ESBUILD = NODE_MODULES / "esbuild"
BUNDLED = ("jssip", "debug", "ms", "events", "sdp-transform")
"""The packages in it, whose licences go with it."""
BUNDLE = "require(process.argv[1]).buildSync(JSON.parse(process.argv[2]))"
ONLY = {"loopback": {"loopback.js"}, "jssip": {"jssip.js", LIBRARY}}
"""What one kind of phone needs and the other does not."""


def assets(kind: PhoneKind | None) -> dict[str, bytes]:
    """What a bundle with this phone holds more, by its name under assets/<build>/.

    Raises:
        ToolError: JsSIP cannot be bundled.
    """
    if kind is None:
        return {}
    others = {name for other, names in ONLY.items() if other != kind for name in names}
    files = [path for path in sorted(FOLDER.glob("*.js")) if path.name not in others]
    found = {f"phone/{path.name}": path.read_bytes() for path in files}
    if kind == "jssip":
        found[f"phone/{LIBRARY}"] = _jssip()
    return found


def _jssip() -> bytes:
    """JsSIP as one module; its package is made of CommonJS files."""
    notices = "\n".join(_notice(NODE_MODULES / name) for name in BUNDLED)
    options = {
        "bundle": True,
        "format": "esm",
        "minify": True,
        "logLevel": "error",
        "nodePaths": [str(NODE_MODULES)],
        "banner": {"js": f"/*!\n{notices}*/"},
    }
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / LIBRARY
        order = json.dumps({**options, "entryPoints": [str(FOLDER / LIBRARY)], "outfile": str(target)})
        node = node_packages.require()
        run_quietly([node.executable, "-e", BUNDLE, "--", ESBUILD, order], "bundle JsSIP", cwd=NODE_MODULES.parent)
        return target.read_bytes()


def _notice(package: Path) -> str:
    """A package's name, version and licence."""
    about = json.loads((package / "package.json").read_text(encoding="utf-8"))
    texts = [path.read_text(encoding="utf-8") for path in sorted(package.glob("*[Ll][Ii][Cc][Ee][Nn][Ss][Ee]*"))]
    return f"{about['name']} {about['version']}\n\n{''.join(texts).strip()}\n".replace("*/", "* /")
