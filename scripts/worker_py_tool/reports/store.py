"""The file of a report sink: SQLite with a write-ahead log, bounded in time and size."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from worker_py_tool.errors import ToolError
from worker_py_tool.reports.entry import Entry

KEPT_DAYS = 30
KEPT_BYTES = 200 * 1024 * 1024
TIDY_EVERY_S = 60
_COLUMNS = tuple(field.name for field in fields(Entry))
_SCHEMA = f"""
    PRAGMA auto_vacuum = INCREMENTAL;
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS entries (
        at REAL NOT NULL, {", ".join(_COLUMNS).replace("id,", "id TEXT PRIMARY KEY,", 1)}
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS entries_at ON entries (at);
    PRAGMA user_version = 1;
"""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is kept: of days, and of bytes."""

    days: float = KEPT_DAYS
    size: int = KEPT_BYTES


KEPT = Bounds()


class Store:
    """The entries of a sink; one thread at a time writes.

    Args:
        path: The file; made where there is none, readable for its owner alone.
        bounds: How much is kept.
        clock: Seconds since the epoch.

    Raises:
        ToolError: It is something else, or cannot be written.
    """

    def __init__(self, path: Path, bounds: Bounds = KEPT, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._bounds = bounds
        self._clock = clock
        self._tidied = 0.0
        try:
            path.touch(mode=0o600)
            self._connection = sqlite3.connect(path, check_same_thread=False, timeout=10)
            self._connection.executescript(_SCHEMA)
            self._connection.execute("PRAGMA synchronous = NORMAL")
        except (sqlite3.Error, OSError) as problem:
            raise ToolError(
                f"{path}: cannot be used for reports: {problem}", "Name a file of its own, such as reports.sqlite."
            ) from problem

    def add(self, entries: Sequence[Entry]) -> int:
        """Write entries, all or none of them; those that came before are not written again.

        Returns:
            How many were new.

        Raises:
            sqlite3.Error: They could not be written.
        """
        now = self._clock()
        marks = ", ".join("?" * (len(_COLUMNS) + 1))
        with self._connection:
            cursor = self._connection.executemany(
                f"INSERT OR IGNORE INTO entries (at, {', '.join(_COLUMNS)}) VALUES ({marks})",
                [(now, *astuple(entry)) for entry in entries],
            )
        if now - self._tidied >= TIDY_EVERY_S:
            self._tidied = now
            self.tidy()
        return cursor.rowcount

    def tidy(self) -> None:
        """Drop what is too old, and the oldest of what is too much."""
        with self._connection:
            self._connection.execute("DELETE FROM entries WHERE at < ?", (self._clock() - self._bounds.days * 86400,))
        while self.size > self._bounds.size:
            with self._connection:
                dropped = self._connection.execute(
                    "DELETE FROM entries WHERE id IN "
                    "(SELECT id FROM entries ORDER BY at LIMIT 1 + (SELECT count(*) FROM entries) / 10)"
                )
            if dropped.rowcount == 0:
                break
        self._connection.execute("PRAGMA incremental_vacuum")
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    @property
    def size(self) -> int:
        """Bytes that entries take."""
        pages, free, size = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def close(self) -> None:
        """Write all that is left into the file itself."""
        self._connection.close()


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that only reads; also while the sink writes.

    Raises:
        ToolError: There is no such file, or it is no sink's.
    """
    address = f"{path.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=10)) as connection:
            connection.row_factory = sqlite3.Row
            if connection.execute("PRAGMA user_version").fetchone()[0] != 1:
                raise ToolError(f"{path}: holds no reports", "It should be a file of serve --reports.")
            yield connection
    except sqlite3.Error as problem:
        raise ToolError(f"{path}: cannot be read: {problem}", "It should be a file of serve --reports.") from problem
