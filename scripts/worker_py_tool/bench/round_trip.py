"""The round trip: an event at the portal, its handler, and the handler's command at the portal."""

from playwright.sync_api import Page

TRIPS = """async ({ event, command, size }) => {
  const GROUP = 5; // a browser's clock has steps of a tenth of a millisecond
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


def take(page: Page, size: int, event: str = "dialpadButtonClick", command: str = "CallCardSetCardTitle") -> float:
    """The median, in milliseconds, of so many trips one after the other, five of which are timed together.

    Args:
        page: The portal's.
        size: How many.
        event: What is raised.
        command: What its handler answers by.
    """
    return float(page.evaluate(TRIPS, {"event": event, "command": command, "size": size}))
