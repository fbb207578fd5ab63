"""What went wrong while a test runs an app: kept for the test, which expects it or gets it raised."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

Kinds = type[BaseException] | tuple[type[BaseException], ...]


@dataclass(slots=True)
class Expected:
    """What `Failures.expect` took: known when its block has ended."""

    exception: BaseException | None = None


class Failures:
    """The failures that nobody has taken yet.

    Args:
        strict: whether they are raised.
    """

    def __init__(self, *, strict: bool) -> None:
        self._strict = strict
        self._untaken: list[BaseException] = []
        self._expecting = 0

    def add(self, error: BaseException) -> None:
        """Something went wrong."""
        if self._strict or self._expecting:
            self._untaken.append(error)

    def check(self) -> None:
        """Raise the first one, with its own traceback; the others are told in its notes.

        While failures are expected they wait for the end of that block.
        """
        if self._expecting or not self._untaken:
            return
        first, *others = self._untaken
        self._untaken = []
        for other in others:
            first.add_note(f"After that, in the same call: {type(other).__name__}: {other}")
        if isinstance(first, KeyboardInterrupt):
            raise AssertionError("a handler raised KeyboardInterrupt") from first  # it would end all tests
        raise first

    def is_one(self, error: BaseException, kinds: Kinds) -> bool:
        """Whether a failure is of these kinds."""
        return isinstance(error, kinds)

    @contextmanager
    def expect(self, kinds: Kinds) -> Iterator[Expected]:
        """Take one failure of these kinds that comes in the block.

        Raises:
            AssertionError: there was none.
        """
        expected = Expected()
        began = len(self._untaken)
        self._expecting += 1
        try:
            yield expected
        finally:
            self._expecting -= 1
        came = self._untaken[began:]
        found = next((error for error in came if self.is_one(error, kinds)), None)
        if found is not None:
            expected.exception = found
            self._untaken = [error for error in self._untaken if error is not found]
        if self._strict:
            self.check()
        else:
            del self._untaken[began:]
        if found is None:
            raise AssertionError(f"expected a failure: {_named(kinds)}; there was none")


def _named(kinds: Kinds) -> str:
    return " or ".join(kind.__name__ for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))
