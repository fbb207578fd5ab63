"""What options of several command lines have in common."""

from typing import Any, Final

REPEATABLE: Final[dict[str, Any]] = {"action": "append", "default": []}
"""Of an option that may be given several times: what came is a list."""
