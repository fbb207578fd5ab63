"""What a person at the terminal sees of steps that take long: a bar or the seconds gone, else a line a step.

It is drawn by `rich`, on a terminal only, and not before it is installed: the set-up comes first.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from worker_py_tool.process import say


@contextmanager
def step(text: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show a step for the time of the block.

    Args:
        text: What is being done, as in "making a snapshot".
        total: How much there is to do, in any unit; None when that is not known.

    Yields:
        To be called with how much more of it is done.
    """
    if not sys.stderr.isatty():
        say(text)
        yield lambda done: None
        return
    try:
        from rich import progress
        from rich.console import Console
    except ImportError:
        say(text)
        yield lambda done: None
        return
    columns = (
        progress.SpinnerColumn(),
        progress.TextColumn("{task.description}"),
        *((progress.BarColumn(), progress.TaskProgressColumn()) if total is not None else ()),
        progress.TimeElapsedColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True)) as shown:
        task = shown.add_task(text, total=total)
        yield lambda done: shown.advance(task, done)
        if total is None:
            shown.update(task, total=1, completed=1)
