"""The door to the browser: nothing outside of this package imports ``pyodide``.

The build calls `prepare`, the worker `start`.
"""

from .runtime import start
from .snapshot import prepare

__all__ = ["prepare", "start"]
