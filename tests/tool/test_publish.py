"""A bundle replaces a bundle, and nothing else."""

from pathlib import Path

import pytest

from worker_py_tool import manifest
from worker_py_tool.errors import ToolError
from worker_py_tool.manifest import Manifest
from worker_py_tool.publish import check_target, staged


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
