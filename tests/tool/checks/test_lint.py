"""Which checks run; the tools themselves are not started."""

import pytest

from worker_py_tool.checks import lint
from worker_py_tool.errors import ToolError


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the checks that were run; `mypy` fails."""
    names: list[str] = []

    def passes(name: str, *_: object) -> bool:
        names.append(name)
        return name != "mypy"

    monkeypatch.setattr(lint, "_passes", passes)
    monkeypatch.setattr(lint, "_node_tool", lambda script: [script])
    return names


def test_every_check_runs_also_when_one_before_it_failed(ran: list[str]) -> None:
    results = lint.check()
    assert list(results) == ran
    assert ran[:4] == ["ruff check", "ruff format", "mypy", "biome"]
    assert [name for name, passed in results.items() if not passed] == ["mypy"]


def test_checks_are_named_by_how_they_begin(ran: list[str]) -> None:
    lint.check(["ruff", "tsc tsconfig.w"])
    assert ran == ["ruff check", "ruff format", "tsc tsconfig.worker.json"]


def test_a_check_that_there_is_not_is_named_before_any_runs(ran: list[str]) -> None:
    with pytest.raises(ToolError, match="there is no check flake8") as refused:
        lint.check(["mypy", "flake8"])
    assert "ruff check, ruff format, mypy, biome" in refused.value.remedy
    assert ran == []
