"""Fixtures for the tests of the host-side tools."""

from collections.abc import Callable
from pathlib import Path

import pytest

LIMIT_S = 600
"""Most of these tests start programs, several at once and beside other tests: what takes ten seconds on a quiet machine
with all in its caches took five minutes on one that was not. The limit is there to name a test that never ends."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests of the tool more time than `pyproject.toml` gives all, where they do not say themselves how much."""
    for item in items:
        if Path(__file__).parent in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LIMIT_S))


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes a file below the test's directory and gives its path."""

    def write_file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_file
