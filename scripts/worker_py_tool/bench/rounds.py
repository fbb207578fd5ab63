"""Taking turns: in each round every contender is measured once, so that a noisy machine is noisy for all."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often each contender is measured; what comes of the warm-ups is thrown away."""

    counted: int
    warm_ups: int = 0


def by_turns(takes: Mapping[Key, Callable[[], float]], rounds: Rounds) -> dict[Key, list[float]]:
    """Measure all contenders, round by round.

    Args:
        takes: What measures a contender once, in the order of the turns.
        rounds: How often.

    Returns:
        The samples of each.
    """
    samples: dict[Key, list[float]] = {key: [] for key in takes}
    for number in range(rounds.warm_ups + rounds.counted):
        for key, take in takes.items():
            result = take()
            if number >= rounds.warm_ups:
                samples[key].append(result)
    return samples
