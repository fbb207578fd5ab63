"""From the start of a page until a Python handler can run, beside what others take and beside the floor."""

import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from playwright.sync_api import Playwright

from worker_py_tool.bench.stage import NO_SHARED_WORKER, Stage, launch, ready_at

PLAIN = "Pyodide and micropip in a worker"
FLOOR = "joining a JavaScript-only shared worker"
ROUNDS, QUICK_ROUNDS = 7, 2


@dataclass(frozen=True, slots=True)
class Start:
    """One way to start, and what its rounds took, in milliseconds."""

    name: str
    samples: list[float]

    @property
    def median(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.samples)


def measure(playwright: Playwright, stage: Stage, *, quick: bool) -> list[Start]:
    """Start each in turn, round by round; the first round only fills the caches."""
    with ExitStack() as stack:
        ways = _ways(playwright, stage, stack)
        starts = [Start(name, []) for name, _ in ways]
        for number in range((QUICK_ROUNDS if quick else ROUNDS) + 1):
            for start, (_, take) in zip(starts, ways, strict=True):
                result = take()
                if number > 0:
                    start.samples.append(result)
    return starts


def _ways(playwright: Playwright, stage: Stage, stack: ExitStack) -> Sequence[tuple[str, Callable[[], float]]]:
    browser = launch(playwright)
    stack.callback(browser.close)
    plain, dedicated, shared, floor = (browser.new_context() for _ in range(4))
    dedicated.add_init_script(NO_SHARED_WORKER)
    working, joined = stage.open(shared, stage.ours), stage.open(floor, stage.floor)

    def navigate() -> float:
        working.reload()
        return ready_at(working)

    def navigate_floor() -> float:
        joined.reload()
        return ready_at(joined)

    def tab(context: object, app: str) -> Callable[[], float]:
        def take() -> float:
            page = stage.open(context, app)  # type: ignore[arg-type]
            took = ready_at(page)
            page.close()
            return took

        return take

    return (
        (PLAIN, tab(plain, stage.plain)),
        ("ours, a worker of the page's own", tab(dedicated, stage.ours)),
        ("ours, after a navigation", navigate),
        ("ours, in a second tab", tab(shared, stage.ours)),
        (FLOOR, navigate_floor),
    )


def text(starts: Sequence[Start]) -> str:
    """A table: medians, spreads, and ratios to the plain worker and to the floor."""
    medians = {start.name: start.median for start in starts}
    lines = [
        f"{'from the start of a page until a handler can run':44}{'ms':>9}{'spread':>16}{'/ plain':>9}{'/ floor':>9}"
    ]
    for start in starts:
        spread = f"{min(start.samples):,.0f} to {max(start.samples):,.0f}"
        to_plain, to_floor = start.median / medians[PLAIN], start.median / medians[FLOOR]
        lines.append(f"{start.name:44}{start.median:9,.1f}{spread:>16}{to_plain:9.3f}{to_floor:9.2f}")
    return "\n".join(lines)
