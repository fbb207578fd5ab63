"""The set-up does what is missing, once; what it runs is recorded here, and nothing is installed."""

import json
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from worker_py_tool import locking
from worker_py_tool.errors import ToolError
from worker_py_tool.process import run_quietly
from worker_py_tool.setup import chromium, node_packages, python_packages


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment in a scratch directory, with two lock files."""
    directory = tmp_path / ".venv"
    locks = tmp_path / "requirements"
    locks.mkdir()
    for layer in ("build", "test"):
        (locks / f"{layer}.txt").write_text(f"{layer}==1")
    monkeypatch.setattr(python_packages, "VENV", directory)
    monkeypatch.setattr(python_packages, "STATE", directory / "worker-py.json")
    monkeypatch.setattr(python_packages, "PYTHON", directory / "bin" / "python")
    monkeypatch.setattr(python_packages, "REQUIREMENTS", locks)
    return directory


@pytest.fixture
def done(venv: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done: `make` for a new environment, and the lock files that pip got."""
    steps: list[str] = []

    def make(directory: Path, **_: object) -> None:
        (directory / "bin").mkdir()
        (directory / "bin" / "python").touch()
        steps.append("make")

    def run(command: Sequence[str | Path], *_: object, **__: object) -> str:
        steps.append(Path(command[-1]).name)
        return ""

    monkeypatch.setattr("venv.create", make)
    monkeypatch.setattr(python_packages, "run_quietly", run)
    return steps


def test_an_environment_is_made_and_filled_once(done: list[str]) -> None:
    for _ in range(2):
        python_packages.ensure(["build", "test"])
    assert done == ["make", "build.txt", "test.txt"]


def test_a_layer_is_added_to_what_is_there(done: list[str]) -> None:
    python_packages.ensure(["build"])
    python_packages.ensure(["build", "test"])
    assert done == ["make", "build.txt", "test.txt"]


def test_a_changed_lock_file_makes_it_anew(venv: Path, done: list[str]) -> None:
    python_packages.ensure(["build"])
    (venv.parent / "requirements" / "build.txt").write_text("build==2")
    python_packages.ensure(["build"])
    assert done == ["make", "build.txt"] * 2


def test_another_interpreter_makes_it_anew(done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    python_packages.ensure(["build"])
    monkeypatch.setattr("platform.machine", lambda: "another")
    python_packages.ensure(["build"])
    assert done == ["make", "build.txt"] * 2


def test_an_interrupted_installation_is_taken_up_again(done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> str:
        raise ToolError("no network")

    with monkeypatch.context() as broken:
        broken.setattr(python_packages, "run_quietly", fail)
        with pytest.raises(ToolError):
            python_packages.ensure(["build"])
    python_packages.ensure(["build"])
    assert done == ["make", "build.txt"]


def test_an_environment_of_somebody_else_is_left_alone(venv: Path, done: list[str]) -> None:
    venv.mkdir()
    (venv / "pyvenv.cfg").write_text("theirs")
    with pytest.raises(ToolError, match="was not made by these scripts"):
        python_packages.ensure(["build"])
    assert (venv / "pyvenv.cfg").read_text() == "theirs"
    assert done == []


def test_two_at_a_time_do_it_once(done: list[str]) -> None:
    threads = [threading.Thread(target=python_packages.ensure, args=(["build", "test"],)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == ["make", "build.txt", "test.txt"]


def test_npm_packages_for_development_serve_a_build_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[bool] = []

    def install(stage: Path, development: bool) -> None:
        (stage / "node_modules").mkdir()
        installed.append(development)

    monkeypatch.setattr(node_packages, "NODE_MODULES", tmp_path / "node_modules")
    monkeypatch.setattr(node_packages, "STATE", tmp_path / "node_modules" / ".worker-py.json")
    monkeypatch.setattr(node_packages, "CACHE", tmp_path)
    monkeypatch.setattr(node_packages, "_install_into", install)
    for development in (False, True, False, True):
        node_packages.ensure_packages(development=development)
    assert installed == [False, True]
    assert json.loads((tmp_path / "node_modules" / ".worker-py.json").read_text())["development"] is True
    assert [path.name for path in tmp_path.iterdir()] == ["node_modules"]


def test_a_lock_is_free_again_after_a_failure() -> None:
    for _ in range(2):
        with pytest.raises(RuntimeError), locking.exclusive("a test"):
            raise RuntimeError


def test_a_failing_program_is_shown_with_its_beginning_and_its_end() -> None:
    program = "import sys; print('first'); print('noise\\n' * 500); print('last', file=sys.stderr); sys.exit(3)"
    with pytest.raises(ToolError) as failed:
        run_quietly([sys.executable, "-c", program], "do a thing", remedy="Do another.")
    assert failed.value.message.startswith("could not do a thing: ")
    assert "status 3\nfirst\n" in failed.value.message
    assert failed.value.message.endswith("\nlast")
    assert failed.value.remedy == "Do another."
    assert len(failed.value.message.splitlines()) < 50


def test_a_browser_that_is_named_and_not_there_is_told_before_any_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKER_PY_CHROMIUM", "/nowhere/chromium")
    with pytest.raises(ToolError, match="WORKER_PY_CHROMIUM=/nowhere/chromium: there is no such program"):
        chromium.ensure()
