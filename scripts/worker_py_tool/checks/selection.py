"""What stands behind `--` of scripts/test: tests by file and name, and arguments for pytest."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from worker_py_tool.errors import ToolError
from worker_py_tool.paths import ROOT

PLACES = {
    "unit": ("tests/unit", "tests/tool"),
    "pyodide": ("tests/unit",),
    "static": ("tests/static",),
    "browser": ("tests/browser",),
    "firefox": ("tests/browser",),
    "webkit": ("tests/browser",),
}
"""Where each tier's tests are. A test belongs to the first tier that has it, unless another is named."""
WITH_VALUE = frozenset({"-k", "-m", "-p", "-c", "-n", "-o", "-W", "--ignore", "--deselect"})
"""Options of pytest whose value, an argument of its own, might be taken for a path."""
PATH_LIKE = re.compile(r"::|/|\.py$|\.mjs$")


@dataclass(frozen=True, slots=True)
class Selection:
    """What is to run instead of whole tiers.

    Attributes:
        tests: Files and directories of tests, relative to the repository, each perhaps with `::` and a test's name.
        arguments: All the rest, which is pytest's.
    """

    tests: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()

    @property
    def tiers(self) -> list[str]:
        """The tiers that these tests belong to."""
        return [name for name in PLACES if any(_owner(test) == name for test in self.tests)]

    def of(self, tier: str) -> list[str]:
        """The tests among them that a tier has."""
        return [test for test in self.tests if _is_in(test, tier)]

    def check(self, tiers: Sequence[str]) -> None:
        """Refuse tests that none of these tiers has.

        Raises:
            ToolError: There is one.
        """
        for test in self.tests:
            if not any(_is_in(test, tier) for tier in tiers):
                named = " ".join(tiers)
                raise ToolError(f"{test} is none of {named}'s tests", f"Run: scripts/test {_owner(test)} -- {test}")


def read(arguments: Sequence[str]) -> Selection:
    """Tell tests from pytest's arguments; paths may be relative to here or to the repository.

    Raises:
        ToolError: A path does not exist, or is no place of tests.
    """
    tests, others, before = [], [], ""
    for argument in arguments:
        test = None if argument.startswith("-") or before in WITH_VALUE else _test(argument, before)
        if test is None:
            others.append(argument)
        else:
            tests.append(test)
        before = argument
    return Selection(tuple(tests), tuple(others))


def file_of(test: str) -> str:
    """Its path, without the name behind it."""
    return test.partition("::")[0]


def name_of(test: str) -> str:
    """The name behind its path, or an empty string."""
    return test.partition("::")[2]


def _test(argument: str, before: str) -> str | None:
    path, colons, name = argument.partition("::")
    there = [found.resolve() for base in (Path.cwd(), ROOT) if (found := base / path).exists()]
    if not there:
        if before.startswith("--") or not PATH_LIKE.search(argument):
            return None
        raise ToolError(f"there is no {path}", "Behind `--` come pytest's arguments, and tests as PATH or PATH::NAME.")
    ours = [found.relative_to(ROOT).as_posix() for found in there if found.is_relative_to(ROOT)]
    test = next((one for one in ours if _owner(one)), None)
    if test is None:
        places = ", ".join(dict.fromkeys(path for paths in PLACES.values() for path in paths))
        raise ToolError(f"there are no tests in {path}", f"Tests are in {places}.")
    return f"{test}{colons}{name}"


def _owner(test: str) -> str | None:
    return next((tier for tier in PLACES if _is_in(test, tier)), None)


def _is_in(test: str, tier: str) -> bool:
    return any(Path(file_of(test)).is_relative_to(place) for place in PLACES.get(tier, ()))
