"""Which modules a script of the bundle brings along."""

import posixpath
import re
from collections.abc import Sequence
from pathlib import Path

IMPORTED = re.compile(r"""^(?:import|export)\b[^;]*?["'](\.{1,2}/[\w./-]+\.js)["'];""", re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
"""Types in it name modules, too."""


def graph(directory: Path, first: Sequence[str]) -> list[str]:
    """Scripts and all that they import, in the order in which a browser comes upon them, each once.

    Args:
        directory: What the paths are relative to.
        first: The scripts.
    """
    found: dict[str, None] = {}
    for script in first:
        waiting = [script]
        while waiting:
            path = waiting.pop(0)
            if path not in found:
                found[path] = None
                text = (directory / path).read_text(encoding="utf-8")
                waiting += [resolved(path, name) for name in IMPORTED.findall(text)]
    return list(found)


def resolved(module: str, name: str) -> str:
    """The path of what a module imports by this relative name."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(module), name))
