"""Each module has a test file of its name, so that a new one without tests is noticed."""

from pathlib import Path

import pytest

from worker_py_tool.paths import ROOT, TOOL

PYTHON = {
    "__init__": "re-exports alone",
    "_pyodide/__init__": "re-exports alone",
    "_pyodide/runtime": "joins a worker to Python: test_pyodide_cases plays one, inside Pyodide",
    "_pyodide/snapshot": "makes a snapshot and starts from it: tests/tool/test_fence and tests/browser/hosting",
    "commands": "names and no rule: test_protocol_parity and test_card hold them",
    "settings": "test_app holds what is refused, where apps give it",
}
JAVASCRIPT = {
    "install/elements": "makes elements: tests/browser/install and the portal's pages show them",
    "install/install": "a page for people: tests/browser/install drives it",
    "install/outside": "a page for people: tests/browser/hosting shows it",
    "install/steps": "words on a page: tests/browser/install shows them",
    "install/view": "a page for people: tests/browser/install drives it",
    "page/client/client": "what both clients share: tests/static/page/client/bx24 and b24jssdk hold it",
    "phone/exchange_socket": "tests/static/phone/registration.test.mjs and sip_leg.test.mjs talk through it",
    "phone/jssip_library": "fetches that library: tests/browser/phone/test_phone_sip",
    "phone/line": "tests/static/phone/station.test.mjs makes calls over it",
    "phone/reinvite": "tests/static/phone/sip_leg.test.mjs holds calls by it",
    "phone/sound_worker": "needs a browser's sound: tests/browser/phone",
    "phone/voice": "tests/static/phone/tones.test.mjs hears it",
    "phone/start": "wires the others: tests/browser/phone",
    "protocol": "names and no rule: tests/unit/test_protocol_parity holds it against worker_py.wire",
    "worker/bundle": "the build writes it anew: tests/tool/test_build holds what is in it",
}


def modules(folder: Path, ending: str) -> set[str]:
    """The modules below a folder: the simulated portal's views are for eyes, and tests/browser has them."""
    paths = [path.relative_to(folder) for path in folder.rglob(f"*{ending}")]
    return {path.with_suffix("").as_posix() for path in paths if path.parts[0] != "portal"}


def untested(names: set[str], files: set[str]) -> set[str]:
    """The modules without a test file: that of ``a/_b`` is ``a/b`` or ``a_b``, or such a name, ``_`` and a rule."""

    def is_tested(name: str) -> bool:
        parts = [part.strip("_") for part in name.split("/")]
        own = ("/".join(parts), "_".join(parts))  # the unit tests of Python lie in one folder
        return any(file in own or file.startswith(tuple(f"{each}_" for each in own)) for file in files)

    return {name for name in names if not is_tested(name)}


def python_tests() -> set[str]:
    """The names of the unit tests' files, without what is alike in all."""
    return {path.stem.removeprefix("test_") for path in (ROOT / "tests" / "unit").glob("test_*.py")}


def javascript_tests() -> set[str]:
    """The same of Node's, by their paths: they lie in folders as the modules do."""
    folder = ROOT / "tests" / "static"
    return {path.relative_to(folder).as_posix().removesuffix(".test.mjs") for path in folder.rglob("*.test.mjs")}


def test_every_module_of_worker_py_has_a_unit_test_of_its_name() -> None:
    assert untested(modules(ROOT / "worker_py", ".py"), python_tests()) == set(PYTHON)


def test_every_module_of_the_page_and_the_worker_has_a_node_test_of_its_name() -> None:
    assert untested(modules(ROOT / "static", ".js"), javascript_tests()) == set(JAVASCRIPT)


def test_every_test_in_a_room_of_the_tool_is_named_after_a_module_there() -> None:
    folder = ROOT / "tests" / "tool"
    files = {path.relative_to(folder).as_posix().replace("/test_", "/")[:-3] for path in folder.glob("*/test_*.py")}
    tested = {file for name in modules(TOOL, ".py") for file in files if file == name or file.startswith(f"{name}_")}
    assert files - tested == set()
    assert len(files) > 20


@pytest.mark.parametrize(
    ("name", "files", "found"),
    [
        ("calls", {"calls"}, True),
        ("calls", {"calls_closing"}, True),
        ("calls", {"callsign", "recalls", "call"}, False),
        ("_pyodide", {"pyodide_loop"}, True),
        ("_pyodide/loop", {"pyodide_loop"}, True),
        ("page/link", {"page/link_hangs"}, True),
        ("page/link", {"worker/link", "link", "page/links"}, False),
        ("guard", set(), False),
    ],
)
def test_a_test_file_is_named_after_its_module_and_then_perhaps_after_a_rule(
    name: str, files: set[str], found: bool
) -> None:
    assert (untested({name}, files) == set()) is found
