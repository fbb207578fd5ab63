"""JSON that others may have written: nothing of it is sure."""

import json
from pathlib import Path
from typing import Any

from worker_py_tool.errors import ToolError


def json_object(text: str | bytes) -> dict[str, Any] | None:
    """The object that a text is; None where it is something else."""
    try:
        content = json.loads(text)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def json_object_in(file: Path) -> dict[str, Any] | None:
    """The object that a file holds; None where it holds something else, or cannot be read."""
    try:
        return json_object(file.read_bytes())
    except OSError:
        return None


def json_of_format(file: Path, wanted: str, remedy: str, missing: str = "") -> dict[str, Any]:
    """What a file of ours holds beside its `format`; `missing` says what it means that there is none.

    Raises:
        ToolError: It cannot be read, or is of another format.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as problem:
        raise ToolError(missing or f"there is no {file}", remedy) from problem
    except (OSError, ValueError) as problem:
        raise ToolError(f"{file} cannot be read: {problem}", remedy) from problem
    if not isinstance(content, dict) or content.pop("format", None) != wanted:
        raise ToolError(f"{file} is not of the format {wanted!r}", remedy)
    return content
