"""What stands behind `--` of scripts/test: tests, and arguments of pytest."""

from pathlib import Path

import pytest

from worker_py_tool.checks import selection
from worker_py_tool.checks.selection import Selection
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import ROOT

WIRE = "tests/unit/test_wire.py"
SHIM = "tests/static/page/shim.test.mjs"


def test_tests_are_told_from_arguments_and_values_of_options() -> None:
    chosen = selection.read(["-x", WIRE, "-k", "tests", "--maxfail", "3", f"{SHIM}::a :: b / c", "-p", "no:x.py"])
    assert chosen.tests == (WIRE, f"{SHIM}::a :: b / c")
    assert chosen.arguments == ("-x", "-k", "tests", "--maxfail", "3", "-p", "no:x.py")


def test_a_path_may_be_relative_to_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "tests" / "unit")
    assert selection.read(["test_wire.py::test_x[a/b]"]).tests == (f"{WIRE}::test_x[a/b]",)


def test_in_another_checkout_it_is_relative_to_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / WIRE).parent.mkdir(parents=True)
    (tmp_path / WIRE).touch()
    monkeypatch.chdir(tmp_path)
    assert selection.read([WIRE]).tests == (WIRE,)


def test_a_test_runs_in_the_first_tier_that_has_it_unless_another_is_named() -> None:
    chosen = Selection((SHIM, f"{WIRE}::test_x"))
    assert chosen.tiers == ["unit", "static"]
    assert chosen.of("pyodide") == [f"{WIRE}::test_x"]
    assert chosen.of("static") == [SHIM]
    assert chosen.of("lint") == chosen.of("browser") == []


@pytest.mark.parametrize("missing", ["tests/unit/test_nothing.py", "nowhere/x", "test_nothing.py::test_x"])
def test_a_path_that_does_not_exist_is_named(missing: str) -> None:
    with pytest.raises(ToolError, match="there is no") as refused:
        selection.read([missing])
    assert missing.partition("::")[0] in str(refused.value)


@pytest.mark.parametrize("place", ["scripts/test", "tests/support", "tests/golden/call.json"])
def test_what_holds_no_tests_is_refused_with_the_places_that_do(place: str) -> None:
    with pytest.raises(ToolError, match="there are no tests in") as refused:
        selection.read([place])
    assert "tests/unit, tests/tool, tests/static, tests/browser" in str(refused.value)


def test_what_lies_outside_of_the_repository_is_refused(tmp_path: Path) -> None:
    (tmp_path / "test_x.py").touch()
    with pytest.raises(ToolError, match="there are no tests in"):
        selection.read([str(tmp_path / "test_x.py")])


def test_tests_of_another_tier_are_refused_with_the_command_that_runs_them() -> None:
    with pytest.raises(ToolError, match="is none of unit lint's tests") as refused:
        Selection((SHIM,)).check(["unit", "lint"])
    assert refused.value.remedy == f"Run: scripts/test static -- {SHIM}"
