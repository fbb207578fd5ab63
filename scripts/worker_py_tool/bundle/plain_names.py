"""Gives the modules of a bundle names that every web server knows.

The nginx of today's distributions, among others, does not know ``.mjs``: it sends it as a download, and
browsers refuse a module of that type.
A host of a production bundle is configured; one that gets a few files put into it is not.
"""

import dataclasses
from pathlib import Path

from worker_py_tool.bundle import manifest
from worker_py_tool.bundle.build import PYODIDE_FILES
from worker_py_tool.errors import ToolError

RENAMED = {name: name.removesuffix(".mjs") + ".js" for name in PYODIDE_FILES if name.endswith(".mjs")}


def use(bundle: Path) -> None:
    """Rename the interpreter's modules in a bundle that holds no compressed copies.

    Args:
        bundle: Its directory.

    Raises:
        ToolError: Nothing in the bundle loads them by the names known here.
    """
    for path in list((bundle / "pyodide").glob("*/*.mjs")):
        path.rename(path.with_name(RENAMED[path.name]))
    replaced = set()
    for script in (bundle / "assets").rglob("*.js"):
        text = script.read_text(encoding="utf-8")
        for former, name in RENAMED.items():
            if former in text:
                text = text.replace(former, name)
                replaced.add(former)
        script.write_text(text, encoding="utf-8")
    if missing := RENAMED.keys() - replaced:
        raise ToolError(f"no module of the bundle loads {sorted(missing)[0]}", "Bring plain_names.py up to date.")
    dataclasses.replace(manifest.read(bundle), files=manifest.list_files(bundle)).write(bundle)
