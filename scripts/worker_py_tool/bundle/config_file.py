"""The app's settings beside the page, `worker-py.json`: made by a build, changed by whoever runs the site."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from worker_py_tool.bundle.app_source import AppSource
from worker_py_tool.bundle.manifest import CONFIG
from worker_py_tool.json_content import json_object_in
from worker_py_tool.process import say

NAME = CONFIG
_READS = re.compile(rb"\bconfig(_type|_of_line)?\b")


def is_read(app: AppSource) -> bool:
    """Whether an app may read its settings: where none of its modules has the word, no browser asks for the file."""
    return any(name.endswith(".py") and _READS.search(content) for name, content in app.files)


def write(directory: Path, target: Path, config: Mapping[str, Any] | None) -> None:
    """Put the file into a bundle that takes the place of another one, whose file stays as it is.

    Args:
        directory: The new bundle.
        target: Where the bundle of before is, if there is one.
        config: What the project says; None for nothing.
    """
    there = target / NAME
    text = json.dumps(config or {}, indent=2, ensure_ascii=False) + "\n"
    if not there.is_file():
        (directory / NAME).write_text(text, encoding="utf-8")
        return
    shutil.copy2(there, directory / NAME)
    if config is not None and json_object_in(there) != config:
        say(f"note: {there} stays as it is, though the project's [tool.worker-py.config] is another")
