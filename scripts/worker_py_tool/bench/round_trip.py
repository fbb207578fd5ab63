"""The round trip: an event at the portal, its handler, and the handler's command at the portal."""

from worker_py_tool.bench.contenders import Contender
from worker_py_tool.bench.measurement import Measurement

TRIPS = """async (size) => {
  const times = [];
  for (let number = 0; number < size; number++) {
    const done = commandFrom("CallCardSetCardTitle");
    const began = performance.now();
    portal.raise("dialpadButtonClick", "5");
    await done;
    times.push(performance.now() - began);
  }
  return times.sort((one, two) => one - two)[size >> 1];
}"""


def measure(contender: Contender, size: int) -> float:
    """The median, in milliseconds, of so many trips one after the other."""
    return float(contender.page.evaluate(TRIPS, size))


ROUND_TRIP = Measurement("event → handler → command", "ms", rounds=7, size=100, quick_size=20, measure=measure)
