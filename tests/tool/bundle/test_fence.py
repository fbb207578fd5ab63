"""What the app and its packages reach of this machine while a bundle is made: nothing, and not for ever."""

import json
import os
import select
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.wheels import ask_only
from worker_py_tool.bundle import fence, snapshot, wheels
from worker_py_tool.bundle.app_source import read_app
from worker_py_tool.bundle.frozen import freeze
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import ROOT

pytestmark = pytest.mark.slow  # Pyodide starts for each

Write = Callable[[str, str], Path]
APP = "from worker_py import App\n\napp = App()\n"
MOUNT = """
def mounted(place):
    import js, os, pyodide_js
    from pyodide.ffi import to_js
    os.makedirs("/host", exist_ok=True)
    options = to_js({"root": place}, dict_converter=js.Object.fromEntries)
    pyodide_js.FS.mount(pyodide_js.FS.filesystems.NODEFS, options, "/host")
    try:
        return os.listdir("/host")
    finally:
        pyodide_js.FS.unmount("/host")
"""


@pytest.fixture(autouse=True)
def no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What earlier runs found out of the same app must not stand in for this one."""
    monkeypatch.setattr(snapshot, "CACHE", tmp_path / "cache")


def found(write: Write, *expressions: str) -> list[str]:
    """What expressions give while the app is imported: their text, or the name of the error's class."""
    source = (
        f"{APP}{MOUNT}\nimport json\n\ndef tried(expression):\n    try:\n        return str(eval(expression))\n"
        "    except BaseException as error:\n        return type(error).__name__\n\n"
        f"raise SystemError(json.dumps([tried(each) for each in {expressions!r}]))\n"
    )
    with pytest.raises(ToolError) as failed:
        snapshot.make(read_app(str(write("handlers.py", source))), [wheels.worker_py()])
    answers: list[str] = json.loads(failed.value.message.rpartition("SystemError: ")[2])
    return answers


def test_an_app_reaches_nothing_of_this_machine_and_no_variable_of_it(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODE_OPTIONS", "--import=file:///nowhere.mjs")
    monkeypatch.setenv("PORTAL_TOKEN", "do-not-tell")
    expected = {
        "__import__('js').process.env": "AttributeError",
        "__import__('js').globalThis.process": "AttributeError",
        "__import__('js').require('fs')": "AttributeError",
        "__import__('js').eval('globalThis')": "JsException",
        "__import__('js').Function.new('return this')": "JsException",
        "__import__('js').fetch('https://portal.example')": "JsException",
        "__import__('js').WebSocket.new('wss://portal.example')": "JsException",
        "mounted('/')": "JsException",
        f"mounted({str(ROOT)!r})": "JsException",
        f"mounted({str(tmp_path)!r})": "JsException",
        "__import__('os').getuid() + __import__('os').umask(0o777)": "0",
        "len([bytearray(10**8) for _ in range(30)])": "MemoryError",
    }
    variables, *answers = found(write, "dict(__import__('os').environ)", *expected)
    assert dict(zip(expected, answers, strict=True)) == expected
    assert "do-not-tell" not in variables
    assert "'HOME': '/home/pyodide'" in variables


def test_a_variable_of_this_machine_hides_no_option_that_its_node_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    known = fence.known_flags()
    fence._known.cache_clear()
    monkeypatch.setenv("NODE_OPTIONS", "--import=file:///nowhere.mjs")
    assert fence.known_flags() == known == fence.FLAGS_OF_SOME


def test_javascript_takes_a_bounded_share_of_memory(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fence, "MOST_BYTES", 1_000_000_000)
    assert found(write, "[__import__('js').Uint8Array.new(10**8).fill(1) for _ in range(20)]") == ["JsException"]


def test_an_import_that_never_ends_is_interrupted_and_shown(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fence, "IMPORT_LIMIT_S", 1)
    app = read_app(str(write("spinning.py", f"{APP}\ndef spin():\n    while True:\n        pass\n\nspin()\n")))
    with pytest.raises(ToolError) as ended:
        snapshot.make(app, [wheels.worker_py()])
    first, *shown = ended.value.message.splitlines()
    assert first == "`import spinning` did not end within 1 s"
    assert shown[0] == '  File "/app/spinning.py", line 9, in <module>'
    assert any('"/app/spinning.py"' in line and line.endswith("in spin") for line in shown[1:])
    assert not list((tmp_path / "cache" / "snapshots").iterdir()), "the next build tries again"


@pytest.mark.parametrize(
    "endless",
    [
        pytest.param("sum(__import__('itertools').count())", id="c"),
        pytest.param(
            "__import__('worker_py.blocking').blocking.REAL_SLEEP(10**6)", marks=pytest.mark.campaign, id="sleep"
        ),  # which ends as the other does: Python hears nothing either way
    ],
)
def test_an_import_that_cannot_be_interrupted_is_ended_and_named(
    write: Write, monkeypatch: pytest.MonkeyPatch, endless: str
) -> None:
    snapshot.interpreter(wheels=[wheels.worker_py()])  # whose start may well take as much as these limits
    monkeypatch.setattr(fence, "IMPORT_LIMIT_S", 1)
    monkeypatch.setattr(fence, "FIRM_LIMIT_S", 4)
    app = read_app(str(write("spinning.py", f"{APP}{endless}\n")))
    with pytest.raises(ToolError, match=r"could not make the memory snapshot: `import spinning` did not end"):
        snapshot.make(app, [wheels.worker_py()])


WHEEL_FILES = {
    "nosy": "import js\njs.process.env\n",
    "writer": "import js\njs.require('fs').writeFileSync('/tmp/x', 'y')\n",
    "spinner": "while True:\n    pass\n",
}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nosy", "AttributeError: process"),
        pytest.param("writer", "AttributeError: require", marks=pytest.mark.campaign),  # as an app, above
        ("spinner", "`import spinner` did not end within 1 s"),
    ],
)
def test_a_package_reaches_nothing_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    path = tmp_path / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", WHEEL_FILES[name])
        archive.writestr(f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{name}-1.0.dist-info/RECORD", f"{name}.py,,\n")
    ask_only(tmp_path, monkeypatch)
    monkeypatch.setattr(fence, "IMPORT_LIMIT_S", 1)
    with pytest.raises(ToolError) as refused:
        freeze([name])
    assert f"--require {name}: " in refused.value.message and reason in refused.value.message


PARENT = """
import sys
from pathlib import Path
from worker_py_tool.bundle import snapshot, wheels
from worker_py_tool.bundle.app_source import read_app
snapshot.CACHE = Path(sys.argv[2])
snapshot.make(read_app(sys.argv[1]), [wheels.worker_py()])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell of the parent's end")
def test_the_interpreter_of_a_build_ends_with_the_build(write: Write, tmp_path: Path) -> None:
    app = write("spinning.py", f"{APP}while True:\n    pass\n")
    env = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    with subprocess.Popen([sys.executable, "-c", PARENT, app, tmp_path / "cache"], env=env) as build:
        interpreter = None
        while interpreter is None or spent_s(interpreter) < 3:  # past its boot, in the app's loop
            assert build.poll() is None
            interpreter = next(children_of(build.pid, b"snapshot.mjs"), None)
        handle = os.pidfd_open(interpreter)
        build.kill()
    ended, _, _ = select.select([handle], [], [], 30)
    os.close(handle)
    assert ended, "it still runs"


def children_of(parent: int, word: bytes) -> Iterator[int]:
    """The processes that another started and that have a word in their command line."""
    for child in map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split()):
        with suppress(OSError):
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            if word in command and b"leash.py" not in command:
                yield child


def spent_s(process: int) -> float:
    """How much of the processor a process took."""
    with suppress(OSError):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0
