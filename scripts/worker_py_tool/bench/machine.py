"""Where a run took place: without it its numbers mean little."""

import os
import platform
from pathlib import Path

from worker_py_tool.setup.node_packages import about


def describe(browser_version: str) -> dict[str, str]:
    """The machine and the versions, in words."""
    return {
        "cores": str(os.cpu_count()),
        "processor": _processor(),
        "memory": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "browser": f"Chromium {browser_version}, headless",
        "pyodide": about("pyodide")["version"],
        "pyscript": about("@pyscript/core")["version"],
    }


def _processor() -> str:
    return _field(Path("/proc/cpuinfo"), "model name") or platform.processor() or platform.machine()


def _memory() -> str:
    kilobytes = _field(Path("/proc/meminfo"), "MemTotal").split(" ")[0]
    return f"{int(kilobytes) / 2**20:.0f} GiB" if kilobytes.isdigit() else "unknown"


def _field(path: Path, name: str) -> str:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
