"""What every section is given."""

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Playwright

from worker_py_tool.bench.rounds import Rounds
from worker_py_tool.bench.stage import Stage


@dataclass
class Run:
    """A run of the benchmark.

    Attributes:
        playwright: Starts browsers.
        stage: The sites.
        quick: Whether to take few and short rounds.
        notes: What else came out, for the report.
    """

    playwright: Playwright
    stage: Stage
    quick: bool
    notes: dict[str, Any] = field(default_factory=dict)

    def rounds(self, counted: int, warm_ups: int = 0) -> Rounds:
        """How often to measure; in a quick run, whose numbers nobody reads, once and without a warm-up."""
        return Rounds(1) if self.quick else Rounds(counted, warm_ups)
