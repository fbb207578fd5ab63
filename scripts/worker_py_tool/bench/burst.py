"""A burst of comments that are counted; the last one is answered by a command."""

from playwright.sync_api import Page

BURST = """async (size) => {
  const done = commandFrom("CallCardSetStatusText");
  const began = performance.now();
  for (let number = 1; number < size; number++) portal.raise("addCommentButtonClick", `${number}`);
  portal.raise("addCommentButtonClick", "last");
  await done;
  return performance.now() - began;
}"""


def take(page: Page, size: int) -> float:
    """From the first of so many events at the portal until the command is back there, in milliseconds."""
    return float(page.evaluate(BURST, size))


def rate(page: Page, size: int) -> float:
    """The same as events per second."""
    return size * 1000 / take(page, size)
