"""Events per second: a burst of comments that are counted; the last one is answered by a command."""

from worker_py_tool.bench.contenders import Contender
from worker_py_tool.bench.measurement import Measurement

BURST = """async (size) => {
  const done = commandFrom("CallCardSetStatusText");
  const began = performance.now();
  for (let number = 1; number < size; number++) portal.raise("addCommentButtonClick", `${number}`);
  portal.raise("addCommentButtonClick", "last");
  await done;
  return size / ((performance.now() - began) / 1000);
}"""


def measure(contender: Contender, size: int) -> float:
    """Events per second of one burst, from the first at the portal until the command is back there."""
    return float(contender.page.evaluate(BURST, size))


THROUGHPUT = Measurement("events handled", "per s", rounds=7, size=3000, quick_size=500, measure=measure)
