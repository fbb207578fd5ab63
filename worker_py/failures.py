"""What went wrong while a test runs an app: kept for the test, which expects it or gets it raised."""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any

Kinds = type[BaseException] | tuple[type[BaseException], ...]

_NEVER_AWAITED = r"coroutine .* was never awaited"


class ForgottenAwait(AssertionError):
    """A coroutine was made and thrown away: what it was to do has not been done."""


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
        found = next((error for error in came if isinstance(error, kinds)), None)
        if found is not None:
            expected.exception = found
            self._untaken = [error for error in self._untaken if error is not found]
        if self._strict:
            self.check()
        else:
            del self._untaken[began:]
        if found is None:
            raise AssertionError(f"expected a failure: {_named(kinds)}; there was none")

    def watching(self, inside: AbstractContextManager[Any]) -> AbstractContextManager[Any]:
        """A context in which a forgotten ``await`` is one; it may be entered again inside.

        Args:
            inside: what is entered with it.
        """
        return _Watching(self, inside) if self._strict else inside

    def forgotten(self, coroutine: Any) -> None:
        """A coroutine was never awaited."""
        origin = getattr(coroutine, "cr_origin", None) or ()
        where = f" ({origin[0][0]}, line {origin[0][1]}, in {origin[0][2]})" if origin else ""
        name = getattr(coroutine, "__qualname__", type(coroutine).__name__)
        self.add(ForgottenAwait(f"{name}() was called without await{where}: it has done nothing"))


def _named(kinds: Kinds) -> str:
    return " or ".join(kind.__name__ for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))


class _Watching:
    """Sees coroutines being freed that nobody awaited: Python warns of them."""

    def __init__(self, failures: Failures, inside: AbstractContextManager[Any]) -> None:
        self._failures = failures
        self._inside = inside
        self._depth = 0
        self._entered: list[tuple[warnings.catch_warnings[Any], Any]] = []

    def __enter__(self) -> None:
        caught = warnings.catch_warnings(record=True)
        self._entered.append((caught, caught.__enter__()))
        warnings.filterwarnings("always", _NEVER_AWAITED, RuntimeWarning)
        if len(self._entered) == 1:
            self._depth = sys.get_coroutine_origin_tracking_depth()
            sys.set_coroutine_origin_tracking_depth(1)
        self._inside.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inside.__exit__(kind, error, trace)
        caught, told = self._entered.pop()
        if not self._entered:
            sys.set_coroutine_origin_tracking_depth(self._depth)
        caught.__exit__(kind, error, trace)
        for each in told:
            if inspect.iscoroutine(each.source):
                self._failures.forgotten(each.source)
            else:  # shown as it would have been
                warnings.warn_explicit(each.message, each.category, each.filename, each.lineno, source=each.source)
