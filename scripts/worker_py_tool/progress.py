"""What a person at the terminal sees of steps that take long: a bar or the seconds gone, else a line a step.

It is drawn by `rich`, on a terminal only, and not before it is installed: the set-up comes first.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from worker_py_tool.process import say


class Advance(Protocol):
    """What a step is told of its progress by."""

    def __call__(self, done: int, what: str = "") -> None:
        """So much more is done; `what` has been done or is now being done, in words."""


@contextmanager
def step(text: str, total: int | None = None) -> Iterator[Advance]:
    """Show a step for the time of the block.

    Args:
        text: What is being done, as in "making a snapshot".
        total: How much there is to do, in any unit; None when that is not known.

    Yields:
        To be called with how much more of it is done.
    """
    if not sys.stderr.isatty():
        say(text)
        yield _said
        return
    try:
        from rich import progress
        from rich.console import Console
    except ImportError:
        say(text)
        yield _said
        return
    columns = (
        progress.SpinnerColumn(),
        progress.TextColumn("{task.description}"),
        *((progress.BarColumn(), progress.TaskProgressColumn()) if total is not None else ()),
        progress.TimeElapsedColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True)) as shown:
        task = shown.add_task(text, total=total)

        def advance(done: int, what: str = "") -> None:
            shown.advance(task, done)
            if what:
                shown.console.print(f"  {what}", highlight=False)

        yield advance
        if total is None:
            shown.update(task, total=1, completed=1)


def _said(done: int, what: str = "") -> None:
    if what:
        say(f"  {what}")
