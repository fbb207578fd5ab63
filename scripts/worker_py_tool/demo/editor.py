"""The editor of the demo's handlers: CodeMirror, in a form that browsers load."""

import functools

from worker_py_tool.bundle.one_module import one_module
from worker_py_tool.paths import NODE_MODULES, PORTAL

PATH = "live/codemirror.js"
"""Its place among the portal's files; the file there imports from npm packages and is its source."""


@functools.cache
def library() -> bytes:
    """CodeMirror with Python's grammar as one module; made once, in some tenths of a second.

    Raises:
        ToolError: It cannot be bundled.
    """
    licence = (NODE_MODULES / "codemirror" / "LICENSE").read_text(encoding="utf-8").strip()
    return one_module(PORTAL / PATH, "CodeMirror", f"CodeMirror and Lezer, {licence}\n")  # all are of one project
