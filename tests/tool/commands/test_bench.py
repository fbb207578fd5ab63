"""The command line of the benchmark: what does not go together."""

from __future__ import annotations

import pytest

from worker_py_tool import cli
from worker_py_tool.commands import bench
from worker_py_tool.errors import ToolError


@pytest.mark.parametrize(
    "line", [["events", "--against", "bundle"], ["--against", "bundle"], ["boot", "link", "--engine", "firefox"]]
)
def test_what_is_for_the_boot_alone_is_refused_elsewhere(line: list[str]) -> None:
    with pytest.raises(ToolError, match="is for the section boot"):
        bench.needs(cli.parse("bench", line))
