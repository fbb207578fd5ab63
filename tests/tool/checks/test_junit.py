"""What is read from reports: each test with its place, and the command that runs it alone."""

from collections.abc import Callable
from pathlib import Path

from worker_py_tool.checks import junit
from worker_py_tool.checks.junit import Case
from worker_py_tool.paths import ROOT

Write = Callable[[str, str], Path]
WIRE = "tests/unit/test_wire.py"


def read(write: Write, cases: str, tier: str = "unit") -> list[Case]:
    return junit.read(write("report.xml", f"<testsuites><testsuite>{cases}</testsuite></testsuites>"), tier)


def test_each_test_has_its_place_its_time_and_its_verdict(write: Write) -> None:
    place = f'classname="tests.unit.test_wire" file="{WIRE}"'
    cases = read(
        write,
        f'<testcase {place} name="test_a[x]" time="1.5"/>'
        f'<testcase {place} name="test_b" time="0"><failure/></testcase>'
        f'<testcase {place} name="test_c" time="0"><error/></testcase>'
        f'<testcase {place} name="test_d" time="0"><skipped/></testcase>',
    )
    assert cases[0] == Case("unit", WIRE, "test_a[x]", 1.5, "passed")
    assert [case.verdict for case in cases] == ["passed", "failed", "failed", "skipped"]


def test_a_test_in_a_class_is_named_with_it(write: Write) -> None:
    (case,) = read(write, f'<testcase classname="tests.unit.test_wire.TestA" file="{WIRE}" name="test_b" time="0"/>')
    assert case.command() == f"scripts/test unit -- {WIRE}::TestA::test_b"


def test_a_module_that_cannot_be_imported_is_named_as_a_whole(write: Write) -> None:
    (case,) = read(write, '<testcase classname="" name="tests.unit.test_wire" time="0"><error/></testcase>')
    assert case.command() == f"scripts/test unit -- {WIRE}"


def test_nodes_files_are_absolute_and_its_names_are_sentences(write: Write) -> None:
    file = ROOT / "tests" / "static" / "page" / "shim.test.mjs"
    cases = read(
        write,
        f'<testcase classname="test" file="{file}" name="it doesn\'t stop" time="0"/>'
        f'<testcase classname="test" file="{file}" name="{file}" time="0"><failure/></testcase>',
        "static",
    )
    command = "scripts/test static -- "
    assert cases[0].command() == command + "'tests/static/page/shim.test.mjs::it doesn'\"'\"'t stop'"
    assert cases[1].command() == command + "tests/static/page/shim.test.mjs"


def test_a_campaigns_command_says_all() -> None:
    case = Case("browser", "tests/browser/x.py", "test_x[a b]", 0, "failed")
    assert case.command("--all") == "scripts/test browser --all -- 'tests/browser/x.py::test_x[a b]'"


def test_a_test_of_no_file_is_run_with_its_tier() -> None:
    assert Case("static", "", "x", 0, "failed").command() == "scripts/test static"


def test_a_check_is_run_by_its_name() -> None:
    assert Case("lint", "", "ruff check", 0, "failed").command() == "scripts/lint 'ruff check'"
