"""The memory that Python adds: all processes of the browser, less the same pages with JavaScript only."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from playwright.sync_api import Playwright

from worker_py_tool.bench.stage import NO_SHARED_WORKER, Stage, launch

PAGES, QUICK_PAGES = (1, 2, 5, 10, 20), (1, 2)
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """What so many pages take, in bytes: proportional set sizes, so that shared memory counts once."""

    pages: int
    per_page: int
    ours: int
    floor: int


def measure(playwright: Playwright, stage: Stage, *, quick: bool) -> list[Usage]:
    """Open more and more tabs, in a browser of its own for each count and kind."""
    return [
        Usage(
            pages=count,
            per_page=_taken(playwright, stage, stage.ours, count, NO_SHARED_WORKER),
            ours=_taken(playwright, stage, stage.ours, count),
            floor=_taken(playwright, stage, stage.floor, count),
        )
        for count in (QUICK_PAGES if quick else PAGES)
    ]


def _taken(playwright: Playwright, stage: Stage, app: str, count: int, script: str = "") -> int:
    token = f"--worker-py-bench={uuid4().hex}"
    browser = launch(playwright, token)
    try:
        context = browser.new_context()
        if script:
            context.add_init_script(script)
        for _ in range(count):
            stage.open(context, app)
        return _family_memory(token)
    finally:
        browser.close()


def _family_memory(token: str) -> int:
    """The proportional set size of the process that was started with this argument, and of all its descendants."""
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
    return total


def _proportional(process: int) -> int:
    try:
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass  # it has ended meanwhile
    return 0


def text(usages: Sequence[Usage]) -> str:
    """A table in MiB; the ratio is to what one page adds."""
    head = f"{'memory that Python adds, MiB':30}{'a worker a page':>17}{'one for all':>13}{'ratio to 1 page':>17}"
    first = max(1, usages[0].ours - usages[0].floor)
    lines = [head]
    for usage in usages:
        per_page, ours = usage.per_page - usage.floor, usage.ours - usage.floor
        name = f"{usage.pages} page{'s' if usage.pages > 1 else ''}"
        lines.append(f"{name:30}{per_page / MIB:17,.0f}{ours / MIB:13,.0f}{ours / first:17.2f}")
    return "\n".join(lines)
