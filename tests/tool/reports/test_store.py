"""The file of a sink: bounded, and never written half."""

import sqlite3
import stat
from pathlib import Path

import pytest

from tests.support.envelopes import boot, envelope, event
from worker_py_tool.errors import ToolError
from worker_py_tool.reports.entry import Entry, read
from worker_py_tool.reports.store import Bounds, Store, reading


def entries(*events: object) -> list[Entry]:
    return read(envelope(*events))


def count(path: Path) -> int:
    with reading(path) as connection:
        return int(connection.execute("SELECT count(*) FROM entries").fetchone()[0])


def test_what_was_added_can_be_read_while_the_sink_goes_on(tmp_path: Path) -> None:
    store = Store(tmp_path / "r.sqlite")
    assert store.add(entries(event(), boot(400))) == 2
    assert count(store.path) == 2
    with reading(store.path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    store.add(entries(event()))
    assert count(store.path) == 3
    store.close()
    assert count(store.path) == 3
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_the_same_entry_is_kept_once_however_often_it_comes(tmp_path: Path) -> None:
    store = Store(tmp_path / "r.sqlite")
    same = entries(event())
    store.add(same)
    store.add([*same, *same])
    assert count(store.path) == 1


def test_what_is_older_than_a_month_is_dropped(tmp_path: Path) -> None:
    now = [1_700_000_000.0]
    store = Store(tmp_path / "r.sqlite", clock=lambda: now[0])
    store.add(entries(event()))
    now[0] += 29 * 86400
    store.add(entries(event()))
    assert count(store.path) == 2
    now[0] += 2 * 86400
    store.add(entries(event()))
    assert count(store.path) == 2


def test_what_is_too_much_loses_its_oldest(tmp_path: Path) -> None:
    now = [1_700_000_000.0]
    store = Store(tmp_path / "r.sqlite", Bounds(size=300_000), clock=lambda: now[0])
    for number in range(40):
        now[0] += 61
        store.add(entries(*(event(tags={"handler": f"h{number}"}) for _ in range(50))))
        assert store.size < 400_000
    with reading(store.path) as connection:
        left = {row[0] for row in connection.execute("SELECT DISTINCT handler FROM entries")}
    assert "h39" in left
    assert "h0" not in left


def test_sql_in_what_is_reported_is_text(tmp_path: Path) -> None:
    store = Store(tmp_path / "r.sqlite")
    store.add(entries(event(tags={"handler": "'); DROP TABLE entries; --"})))
    with reading(store.path) as connection:
        assert connection.execute("SELECT handler FROM entries").fetchone()[0] == "'); DROP TABLE entries; --"


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("not a database, and long enough to be taken for a header of one" * 20)
    with pytest.raises(ToolError, match="cannot be used for reports"):
        Store(other)
    assert other.read_text().startswith("not a database")
    with pytest.raises(ToolError, match="cannot be read"), reading(other):
        pass
    with pytest.raises(ToolError, match="cannot be read"), reading(tmp_path / "nowhere.sqlite"):
        pass
    sqlite3.connect(tmp_path / "other.sqlite").close()
    with pytest.raises(ToolError, match="holds no reports"), reading(tmp_path / "other.sqlite"):
        pass
