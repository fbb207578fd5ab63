"""What is saved is noticed, however an editor does it."""

import queue
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from worker_py_tool.dev import watching

WAIT_S = 30.0


class Watch:
    """Changes in a directory and those in it, as they are told of."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.stop = threading.Event()
        self.looks: queue.SimpleQueue[set[str]] = queue.SimpleQueue()
        self.asked: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        for _ in watching.changes(self.directories, self.stop):
            self.looks.put({path.name: 0 for path in self.top.rglob("*")}.keys() | set())

    def directories(self) -> set[Path]:
        self.asked.put(None)
        return {self.top, *(path for path in self.top.iterdir() if path.is_dir())}

    def until(self, seen: Callable[[set[str]], bool]) -> None:
        """Wait until a change was told of after which this holds."""
        while not seen(self.looks.get(timeout=WAIT_S)):
            pass


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    made = Watch(tmp_path)
    made.thread.start()
    for _ in range(2):
        made.asked.get(timeout=WAIT_S)  # once before it watches, and once when it has
    yield made
    made.stop.set()
    made.thread.join(WAIT_S)
    assert not made.thread.is_alive()


def test_a_file_is_written_replaced_deleted_and_comes_back(watch: Watch) -> None:
    file = watch.top / "app.py"
    file.write_text("1", encoding="utf-8")
    watch.until(lambda names: "app.py" in names)
    fresh = watch.top / "fresh"
    fresh.write_text("2", encoding="utf-8")
    fresh.rename(file)
    watch.until(lambda names: names == {"app.py"})
    file.unlink()
    watch.until(lambda names: not names)
    file.write_text("3", encoding="utf-8")
    watch.until(lambda names: "app.py" in names)


def test_a_directory_that_goes_before_it_is_watched_is_no_end(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    there = watch.directories
    gone = iter([watch.top / "gone"])
    watch.directories = lambda: {*there(), *list(gone)}  # type: ignore[method-assign]
    (watch.top / "app.py").write_text("1", encoding="utf-8")
    watch.until(lambda names: "app.py" in names)
    (watch.top / "texts.py").write_text("1", encoding="utf-8")
    watch.until(lambda names: "texts.py" in names)


def test_a_directory_that_comes_is_watched_and_one_that_goes_does_not_end_it(watch: Watch) -> None:
    folder = watch.top / "texts"
    folder.mkdir()
    watch.until(lambda names: "texts" in names)
    (folder / "german.py").write_text("1", encoding="utf-8")
    watch.until(lambda names: "german.py" in names)
    shutil.rmtree(folder)
    watch.until(lambda names: not names)
    (watch.top / "app.py").write_text("1", encoding="utf-8")
    watch.until(lambda names: "app.py" in names)
