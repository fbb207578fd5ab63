"""How much memory a browser takes, all its processes together (Linux only)."""

from contextlib import suppress
from pathlib import Path
from uuid import uuid4

MIB = 1024 * 1024


def new_token() -> str:
    """An argument for the browser, by which its first process is found."""
    return f"--worker-py-bench={uuid4().hex}"


def family_mib(token: str) -> float:
    """The process that was started with this argument, and all its descendants, in MiB.

    It is the sum of their proportional set sizes: memory that several share counts once.
    """
    children: dict[int, list[int]] = {}
    root = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                arguments = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
            if token in arguments and "--type=" not in arguments:
                root = root or int(entry.name)
    family, total = [root], 0
    while family:
        process = family.pop()
        family += children.get(process, [])
        total += _proportional(process)
    return total / MIB


def _proportional(process: int) -> int:
    with suppress(OSError):  # it has ended meanwhile
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
