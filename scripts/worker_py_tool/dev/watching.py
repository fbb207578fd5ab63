"""Notices that something was saved; which file, and whether it matters, others find out by reading."""

import threading
from collections.abc import Callable, Iterator, Set
from pathlib import Path

import watchfiles

QUIET_MS = 50
"""Without another change for as long, a save has ended."""
TOGETHER_MS = 400
"""Changes that never pause are told of after this."""
AGAIN_MS = 1000
"""How often it is looked whether other directories are to be watched, and whether to stop."""


def changes(directories: Callable[[], Set[Path]], stop: threading.Event) -> Iterator[None]:
    """Tell of changes in directories, without those below them, until `stop` is set.

    What happens while the caller is busy is told of afterwards.

    Args:
        directories: Which; asked again after each change, and once a second.
        stop: When to end.
    """
    while not stop.is_set():
        try:
            yield from _changes(directories, stop)
        except FileNotFoundError:
            stop.wait(QUIET_MS / 1000)  # a directory went before it was watched


def _changes(directories: Callable[[], Set[Path]], stop: threading.Event) -> Iterator[None]:
    """The same, until other directories are to be watched."""
    watched, begins = directories(), True
    for batch in watchfiles.watch(
        *sorted(watched),
        watch_filter=_matters,
        debounce=TOGETHER_MS,
        step=QUIET_MS,
        stop_event=stop,
        rust_timeout=AGAIN_MS,
        yield_on_timeout=True,
        raise_interrupt=False,
        recursive=False,
    ):
        if batch or begins:
            yield  # what came before it was watched has not been told of
        begins = False
        if directories() != watched:
            return


def _matters(_: watchfiles.Change, path: str) -> bool:
    return "__pycache__" not in path
