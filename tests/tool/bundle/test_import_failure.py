"""An app whose import fails ends the build, with what Python said and what to do about it."""

import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.wheels import ask_only
from worker_py_tool.bundle import fence, snapshot, wheels
from worker_py_tool.bundle.app_source import read_app
from worker_py_tool.bundle.build import BuildOptions, build
from worker_py_tool.bundle.import_failure import Failure
from worker_py_tool.errors import ToolError

pytestmark = pytest.mark.slow  # Pyodide starts for each

Write = Callable[[str, str], Path]
APP = "from worker_py import App\n\napp = App()\n"


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What earlier runs found out does not stand in, and no index is asked but one that is a directory."""
    monkeypatch.setattr(snapshot, "CACHE", tmp_path / "cache")
    (tmp_path / "index").mkdir()
    ask_only(tmp_path / "index", monkeypatch)


def failure(path: Path) -> ToolError:
    with pytest.raises(ToolError) as failed:
        snapshot.make(read_app(str(path)), [wheels.worker_py()])
    return failed.value


TRIED = """
import json, sys, traceback

def tried(line):
    try:
        exec(compile(line, "/app/handlers.py", "exec"), {"__name__": "handlers", "__package__": ""})
    except BaseException as error:
        sys.last_exc = error  # where Pyodide puts it
        return describe()

raise SystemError(json.dumps([tried(line) for line in %r]))
"""
"""Makes an app that raises each failure in one interpreter, and what `describe.py` tells of it."""
FAILURES = [
    ("import yaml", "ModuleNotFoundError: No module named 'yaml'", "Name the package: --require pyyaml"),
    ("import lamps.shades", "ModuleNotFoundError: No module named 'lamps'", "Name the package: --require lamps"),
    ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'", "--require PACKAGE"),
    ("import beside", "ModuleNotFoundError: No module named 'beside'", "beside.py lies beside handlers.py"),
    ("import tkinter", "ModuleNotFoundError: ", "does not have this part of the standard library"),
    ("from . import beside", "ImportError: attempted relative import with no known parent package", "--app"),
    ("from worker_py import Nothing", "ImportError: cannot import name 'Nothing' from 'worker_py'", ""),
    ("from js import document", "ImportError: cannot import name 'document' from 'js'", "page function"),
    ("import js; js.document.body", "AttributeError: document", "page function"),
    ("open('prices.csv')", "FileNotFoundError: [Errno 44] No such file or directory: 'prices.csv'", ""),
    ("raise ExceptionGroup('all', [KeyError('a')])", "KeyError: 'a'", ""),
    ("import threading; threading.Thread(target=print).start()", "RuntimeError: can't start new thread", "Started"),
    ("import socket; socket.create_connection(('127.0.0.1', 9))", "a browser has no sockets", "Started"),
    ("import time; time.sleep(20)", "RuntimeError: time.sleep(20) would hold all cards", "Started"),
    ("def deep(n): return deep(n + 1)\ndeep(0)", "RecursionError: ", ""),
]
UNTRIED = {
    "from js import XMLHttpRequest": "cannot import name 'XMLHttpRequest'",
    "import js; js.indexedDB.open('x')": "indexedDB",
    "import js; js.fetch('x')": "there is no fetch while the bundle is made",
}


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Failure]:
    """What is told of each line."""
    lines = [*(line for line, _, _ in FAILURES), *UNTRIED]
    path = tmp_path_factory.mktemp("tried") / "handlers.py"
    path.write_text(f"{APP}{snapshot.DESCRIBE.read_text(encoding='utf-8')}{TRIED % lines}", encoding="utf-8")
    told = json.loads(failure(path).message.rpartition("SystemError: ")[2])
    return {line: Failure(**json.loads(one)) for line, one in zip(lines, told, strict=True)}


@pytest.mark.parametrize(("line", "raised", "remedy"), FAILURES)
def test_a_failure_is_told_with_its_place_and_what_to_do(
    write: Write, described: dict[str, Failure], line: str, raised: str, remedy: str
) -> None:
    write("beside.py", "")
    write("index/lamps-1.0-py3-none-any.whl", "")
    assert not described[line].untried
    judge(described[line].as_error(read_app(str(write("handlers.py", f"{APP}{line}\n")))), raised, remedy)


@pytest.mark.parametrize(
    ("line", "raised", "remedy"),
    [
        ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'", "--require PACKAGE"),
        ("import sys; sys.exit(3)", "SystemExit: 3", ""),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", ""),
    ],
)
def test_an_import_that_fails_ends_the_build(write: Write, line: str, raised: str, remedy: str) -> None:
    judge(failure(write("handlers.py", f"{APP}{line}\n")), raised, remedy)


@pytest.mark.parametrize(("line", "reason"), UNTRIED.items())
def test_what_only_a_browser_can_tell_is_known_as_such(described: dict[str, Failure], line: str, reason: str) -> None:
    assert described[line].untried
    assert reason in described[line].text


def judge(failed: ToolError, raised: str, remedy: str) -> None:
    first, *shown = failed.message.splitlines()
    assert first == "`import handlers` fails in the browser's Python"
    assert shown[0].lstrip(" |").startswith('File "/app/handlers.py", line ')
    assert raised in (failed.message if raised == "KeyError: 'a'" else shown[-1])
    assert remedy in failed.remedy and bool(remedy) == bool(failed.remedy)


def test_a_failure_deep_inside_is_shown_from_the_app_down_to_its_cause(write: Write, tmp_path: Path) -> None:
    write("bells/__init__.py", "from .inner import app\n")
    write("bells/inner.py", "from worker_py import App\nimport bells.later\napp = App()\n")
    write("bells/later.py", "try:\n    {}['key']\nexcept KeyError as error:\n    raise OSError('no bell') from error\n")
    write("bells/__init__.py", "from .inner import app\n")
    shown = failure(tmp_path / "bells").message.splitlines()[1:]
    files = [match[1] for line in shown if (match := re.match(r'  File "/app/bells/(\w+)\.py"', line))]
    assert files == ["later", "__init__", "inner", "later"]
    assert "KeyError: 'key'" in shown
    assert shown[-1] == "OSError: no bell"


def test_a_syntax_error_of_a_module_names_its_file_and_line(write: Write, tmp_path: Path) -> None:
    write("bells/__init__.py", f"from . import broken\n{APP}")
    write("bells/broken.py", "ring = (\n")
    shown = failure(tmp_path / "bells").message
    assert 'File "/app/bells/broken.py", line 1' in shown
    assert shown.endswith("SyntaxError: '(' was never closed")


def test_a_module_of_the_package_that_is_imported_as_if_it_were_none(write: Write, tmp_path: Path) -> None:
    write("bells/__init__.py", f"import tones\n{APP}")
    write("bells/tones.py", "")
    assert failure(tmp_path / "bells").remedy == "tones.py is in the package: write `from . import tones`"


def test_a_file_that_was_left_out_is_named_with_the_option_that_packs_it(write: Write, tmp_path: Path) -> None:
    write("bells/__init__.py", f"import pathlib\npathlib.Path(__file__).with_name('.env').read_text()\n{APP}")
    write("bells/.env", "")
    remedy = failure(tmp_path / "bells").remedy
    assert remedy == "It was left out of the bundle, name it to have it there: --include bells/.env"


def test_what_raises_our_own_errors_is_told_without_a_traceback(write: Write) -> None:
    failed = failure(write("handlers.py", "app = 5\n"))
    assert failed.message.startswith("handlers.app should be a worker_py.App, not int; write")
    assert "Traceback" not in str(failed)


@pytest.mark.parametrize(("end", "said"), [("abort()", ""), ("_exit(0)", "it ends the interpreter (os._exit)")])
def test_an_interpreter_that_dies_of_the_app_ends_the_build(write: Write, end: str, said: str) -> None:
    failed = failure(write("handlers.py", f"{APP}import os\nos.{end}\n"))
    assert failed.message.startswith(f"`import handlers` fails in the browser's Python\n{said}")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("from js import XMLHttpRequest", "the import needs a browser, ImportError: cannot import name"),
        ("held = open('/app/handlers.py')", "the app keeps a file open when it is imported: /app/handlers.py"),
        ("import asyncio; held = asyncio.ensure_future(asyncio.sleep(0))", "handlers starts a task when it is"),
        ("import js; held = js.Object.new()", "Can't serialize object"),
    ],
)
def test_what_works_in_a_browser_and_cannot_be_frozen_is_a_warning(
    write: Write, capsys: pytest.CaptureFixture[str], line: str, reason: str
) -> None:
    made = snapshot.make(read_app(str(write("handlers.py", f"{APP}{line}\n"))), [wheels.worker_py()])
    assert made.content is None
    assert reason in made.reason
    assert f"warning: no snapshot, so the interpreter boots slower: {made.reason}\n" in capsys.readouterr().err


def test_neither_metadata_that_is_asked_for_nor_a_sleep_at_import_costs_the_snapshot(write: Write) -> None:
    source = (
        "import importlib.metadata\nversion = importlib.metadata.version('worker-py')\n"
        f"import time\nfor _ in range(40):\n    time.sleep(0.1)\n{APP}"
    )
    assert snapshot.make(read_app(str(write("handlers.py", source))), [wheels.worker_py()]).content


def test_an_import_that_takes_long_is_told_of_each_time(
    write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(snapshot, "SLOW_S", 0)
    app = read_app(str(write("handlers.py", APP)))
    for _ in range(2):
        assert snapshot.make(app, [wheels.worker_py()]).content
        assert re.search(r"warning: `import handlers` takes \d+ s: ", capsys.readouterr().err)


def test_python_is_started_once_for_all_apps_and_has_imported_worker_py(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, started = fence.run, []
    ours, live = wheels.worker_py(), wheels.worker_py(live=True)
    known = snapshot.interpreter(wheels=[ours])  # which has started once: its memory stands for another start of it

    def run(script: Path, config: Mapping[str, Any], purpose: str, **options: Any) -> dict[str, Any]:
        started.append((purpose, config["wheels"]))
        if purpose == "start Python":
            [out] = options["arguments"]
            out.parent.mkdir()  # as the fence does
            shutil.copyfile(known["memory"], out)
            return {name: known[name] for name in ("zone", "filled")}
        return real(script, config, purpose, **options)

    monkeypatch.setattr(snapshot, "INTERPRETERS", tmp_path / "interpreters")
    monkeypatch.setattr(fence, "run", run)
    made = [snapshot.make(read_app(str(write(f"{name}.py", APP))), [ours]).content for name in ("one", "other")]
    purposes = ["start Python", "make the memory snapshot", "make the memory snapshot"]
    assert started == [(purpose, [str(ours)]) for purpose in purposes]
    assert made[0] and made[1] and made[0] != made[1]
    assert b"/worker_py/_pyodide/runtime.py" in Path(snapshot.interpreter(wheels=[ours])["memory"]).read_bytes()
    monkeypatch.setattr(snapshot, "_start", lambda *_: pytest.fail("another one, for another wheel"))
    with pytest.raises(pytest.fail.Exception, match="for another wheel"):
        snapshot.make(read_app(str(tmp_path / "one.py")), [live])


def test_a_build_without_a_snapshot_tries_the_app_too_and_leaves_nothing(write: Write, tmp_path: Path) -> None:
    app = write("handlers.py", f"{APP}raise ValueError('by the app')\n")
    with pytest.raises(ToolError, match=r"ValueError: by the app"):
        build(BuildOptions(app=str(app), out=tmp_path / "out", snapshot=False, compress="none", hard_link=True))
    assert not (tmp_path / "out").exists()
