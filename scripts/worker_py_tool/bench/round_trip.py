"""The round trip: an event at the portal, its handler, and the handler's command at the portal."""

from playwright.sync_api import Page

TRIPS = """async ({ event, command, size }) => {
  const times = [];
  for (let number = 0; number < size; number++) {
    const done = commandFrom(command);
    const began = performance.now();
    portal.raise(event, "5");
    await done;
    times.push(performance.now() - began);
  }
  return times.sort((one, two) => one - two)[size >> 1];
}"""


def take(page: Page, size: int, event: str = "dialpadButtonClick", command: str = "CallCardSetCardTitle") -> float:
    """The median, in milliseconds, of so many trips one after the other.

    Args:
        page: The portal's.
        size: How many.
        event: What is raised.
        command: What its handler answers by.
    """
    return float(page.evaluate(TRIPS, {"event": event, "command": command, "size": size}))
