"""A bundle replaces a bundle, and nothing else."""

import ctypes
import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from worker_py_tool import cli
from worker_py_tool.bundle import manifest, publish
from worker_py_tool.bundle.exchange import exchange
from worker_py_tool.bundle.manifest import Manifest
from worker_py_tool.bundle.publish import check_target, put_back, staged
from worker_py_tool.commands import build as build_command
from worker_py_tool.commands import serve as serve_command
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import ROOT

KILLED = """
import os, signal, sys
from pathlib import Path
from worker_py_tool.bundle import publish

def end():
    os.kill(os.getpid(), signal.SIGKILL)

def exchange(one, other):
    return False

moved, when = os.rename, sys.argv[2]

def rename(source, target):
    moved(source, target)
    end()

with publish.staged(Path(sys.argv[1])) as fresh:
    (fresh / "a.txt").write_text("new")
    if when == "writing":
        end()
    publish.exchange, os.rename = exchange, rename
"""


def put_bundle(directory: Path, content: str = "x") -> None:
    (directory / "a.txt").write_text(content)
    Manifest("0" * 12, "0", "0", "bx24", [], "", manifest.list_files(directory)).write(directory)


def test_a_new_directory_appears_with_the_parents_it_lacks(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "out"
    with staged(target) as fresh:
        put_bundle(fresh)
        assert not target.exists()
    assert sorted(path.name for path in target.iterdir()) == ["a.txt", "manifest.json"]
    assert [path.name for path in target.parent.iterdir()] == ["out"]


def test_a_bundle_is_replaced_as_a_whole(tmp_path: Path) -> None:
    for content in ("old", "new"):
        with staged(tmp_path / "out") as fresh:
            put_bundle(fresh, content)
    assert (tmp_path / "out" / "a.txt").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_failure_leaves_the_old_bundle(tmp_path: Path) -> None:
    with staged(tmp_path / "out") as fresh:
        put_bundle(fresh, "old")
    with pytest.raises(RuntimeError), staged(tmp_path / "out"):
        raise RuntimeError
    assert (tmp_path / "out" / "a.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_directory_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(ToolError, match="no bundle: nothing was deleted"), staged(tmp_path):
        pass
    assert (tmp_path / "thesis.txt").read_text() == "precious"


def test_a_bundle_with_a_foreign_file_in_it_is_left_alone(tmp_path: Path) -> None:
    with staged(tmp_path / "out") as fresh:
        put_bundle(fresh)
    (tmp_path / "out" / "notes.txt").write_text("precious")
    with pytest.raises(ToolError, match=r"holds notes\.txt"):
        check_target(tmp_path / "out")


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")
    with pytest.raises(ToolError, match="is a file"):
        check_target(tmp_path / "out")


def kill(target: Path, when: str) -> None:
    """A build of the target that is killed while it writes, or between two renames."""
    env = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    done = subprocess.run([sys.executable, "-c", KILLED, target, when], env=env, check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A bundle whose content is `old`, with the directory of somebody else beside it."""
    with staged(tmp_path / "out") as fresh:
        put_bundle(fresh, "old")
    (tmp_path / ".out-backup").mkdir()
    return tmp_path / "out"


def test_what_killed_builds_left_is_removed_by_the_next_and_nothing_else(out: Path) -> None:
    for _ in range(2):
        kill(out, "writing")
    assert len(list(out.parent.iterdir())) == 3, "the second has cleared away what the first left"
    with staged(out) as fresh:
        put_bundle(fresh, "new")
    assert sorted(path.name for path in out.parent.iterdir()) == [".out-backup", "out"]
    assert (out / "a.txt").read_text() == "new"


def test_a_build_that_runs_is_left_alone_by_one_of_another_directory(out: Path) -> None:
    with staged(out) as fresh, staged(out.parent / "out-worker-py-2") as other:
        put_bundle(fresh, "new")
        put_bundle(other, "other")
    assert (out / "a.txt").read_text() == "new"
    assert (out.parent / "out-worker-py-2" / "a.txt").read_text() == "other"


def test_a_bundle_is_there_at_every_moment(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def watched(one: Path, other: Path) -> bool:
        seen.append((out / "a.txt").read_text())
        done = exchange(one, other)
        seen.append((out / "a.txt").read_text())
        return done

    monkeypatch.setattr(publish, "exchange", watched)
    monkeypatch.setattr(os, "rename", None)  # a name that is gone for a moment
    with staged(out) as fresh:
        put_bundle(fresh, "new")
    assert seen == ["old", "new"]


@pytest.mark.parametrize("command", ["build", "check", "serve"])
def test_a_bundle_that_a_killed_build_had_moved_aside_is_put_back_by_the_next_command(
    out: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kill(out, "renaming")
    assert not out.exists()
    if command == "check":
        build_command.needs(cli.parse("build", ["--check", str(out)]))
    elif command == "serve":
        serve_command.needs(cli.parse("serve", [str(out)]))
    else:
        with pytest.raises(RuntimeError), staged(out):
            raise RuntimeError
    assert (out / "a.txt").read_text() == "old"
    assert f"the bundle of before is there again: {out}" in capsys.readouterr().err


def test_a_file_system_that_cannot_exchange_is_told_of(
    out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(publish, "exchange", lambda one, other: False)
    with staged(out) as fresh:
        put_bundle(fresh, "new")
    assert (out / "a.txt").read_text() == "new"
    assert "this file system cannot exchange directories" in capsys.readouterr().err


def test_a_failure_between_two_renames_leaves_the_old_bundle(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = os.rename

    def fails_for_the_new(source: Path, target: Path) -> None:
        if source.name == "new":
            raise OSError(errno.EIO, "Input/output error")
        rename(source, target)

    monkeypatch.setattr(publish, "exchange", lambda one, other: False)
    monkeypatch.setattr(os, "rename", fails_for_the_new)
    with pytest.raises(ToolError, match="cannot be replaced: Input/output error"), staged(out) as fresh:
        put_bundle(fresh, "new")
    assert (out / "a.txt").read_text() == "old"


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOSYS])
def test_a_system_that_cannot_exchange_changes_nothing_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    class Library:
        def renameat2(self, *_: object) -> int:
            ctypes.set_errno(code)
            return -1

        renamex_np = renameat2

    with monkeypatch.context() as old_system:
        old_system.setattr(ctypes, "CDLL", lambda name, use_errno: Library())
        assert not exchange(tmp_path / "one", tmp_path / "other")
        old_system.setattr(ctypes, "CDLL", lambda name, use_errno: object())
        assert not exchange(tmp_path / "one", tmp_path / "other")
    with pytest.raises(OSError, match="No such file"):
        exchange(tmp_path / "one", tmp_path / "other")


def test_a_bundle_that_was_never_there_is_not_put_back(tmp_path: Path) -> None:
    put_back(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
