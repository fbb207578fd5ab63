"""The round trip: an event at the portal, its handler, and the handler's command at the portal."""

from playwright.sync_api import Page

REST_MS = 5.0
"""How long everything rests before an event: an operator clicks less often than this by far."""

ONE_AT_A_TIME = """async ({ event, command, size, rest }) => {
  const times = [];
  for (let trip = 0; trip < size; trip++) {
    await new Promise((resolve) => setTimeout(resolve, rest));
    const done = commandFrom(command);
    const began = performance.now();
    portal.raise(event, "5");
    await done;
    times.push(performance.now() - began);
  }
  times.sort((one, two) => one - two);
  const middle = times.slice(size >> 2, size - (size >> 2));
  return middle.reduce((sum, time) => sum + time) / middle.length;
}"""
BACK_TO_BACK = """async ({ event, command, size }) => {
  const GROUP = 5;
  const times = [];
  for (let number = 0; number < size / GROUP; number++) {
    const began = performance.now();
    for (let trip = 0; trip < GROUP; trip++) {
      const done = commandFrom(command);
      portal.raise(event, "5");
      await done;
    }
    times.push((performance.now() - began) / GROUP);
  }
  return times.sort((one, two) => one - two)[times.length >> 1];
}"""

EVENT, COMMAND = "dialpadButtonClick", "CallCardSetCardTitle"


def one_at_a_time(page: Page, size: int, event: str = EVENT, command: str = COMMAND) -> float:
    """How long it takes from an event until the command that its handler answers by is at the portal.

    A browser's clock has steps of a tenth of a millisecond, so a median would be one of few values; a mean is finer. It
    leaves out the shortest and the longest quarter, so that it is as little disturbed by single long trips.

    Args:
        page: The portal's.
        size: How many trips.
        event: What is raised.
        command: What its handler answers by.

    Returns:
        The mean of the middle half, in milliseconds.
    """
    what = {"event": event, "command": command, "size": size, "rest": REST_MS}
    return float(page.evaluate(ONE_AT_A_TIME, what))


def back_to_back(page: Page, size: int) -> float:
    """The same for events that come as soon as the command of the one before is there.

    Such a trip is longer: what the portal answers to the command before has to be handled too.

    Args:
        page: The portal's.
        size: How many trips; five are timed together, as the clock is coarse.

    Returns:
        The median, in milliseconds for one trip.
    """
    return float(page.evaluate(BACK_TO_BACK, {"event": EVENT, "command": COMMAND, "size": size}))
