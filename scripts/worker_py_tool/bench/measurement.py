"""What is measured: one number a round, by turns for each contender, so that a noisy machine is noisy for all."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from worker_py_tool.bench.contenders import Contender


@dataclass(frozen=True, slots=True)
class Measurement:
    """One thing to measure.

    Attributes:
        name: In words.
        unit: Of the numbers.
        rounds: How many turns each contender gets; the first one only warms up.
        size: How much is done in a turn.
        quick_size: The same for a quick run.
        measure: One turn: what it came to.
    """

    name: str
    unit: str
    rounds: int
    size: int
    quick_size: int
    measure: Callable[[Contender, int], float]


@dataclass(frozen=True, slots=True)
class Row:
    """What a measurement came to.

    Attributes:
        measurement: What was measured.
        samples: The numbers, by the contender's name.
    """

    measurement: Measurement
    samples: dict[str, list[float]]

    def median(self, name: str) -> float:
        """The median of one contender's numbers."""
        return statistics.median(self.samples[name])

    def ratio(self, name: str, other: str) -> float:
        """The median of the ratios of two contenders in the same round: what disturbs a round disturbs both."""
        pairs = zip(self.samples[name], self.samples[other], strict=True)
        return statistics.median(one / two for one, two in pairs)


def take(measurement: Measurement, contenders: Sequence[Contender], *, quick: bool) -> Row:
    """Take a measurement: in each round every contender has its turn."""
    rounds = 3 if quick else measurement.rounds
    size = measurement.quick_size if quick else measurement.size
    samples: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for number in range(rounds + 1):
        for contender in contenders:
            result = measurement.measure(contender, size)
            if number > 0:
                samples[contender.name].append(result)
    return Row(measurement, samples)
