"""The SQLite index: what can be worked out again from the files, kept so that it need not be."""

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from whatsit.datasets.damage import set_aside
from whatsit.datasets.fingerprint import THUMB_BYTES, Fingerprint
from whatsit.datasets.places import checked_database, refuse_waiting_journals
from whatsit.datasets.split import DecidedBy, Split
from whatsit.datasets.splits_csv import SplitRecord
from whatsit.errors import DataError
from whatsit.files import beneath

VERSION = 1
"""Raised when the tables change; an index of another version is built again from the files."""

_SCHEMA = """
CREATE TABLE files (
    key TEXT PRIMARY KEY, label TEXT NOT NULL, hash TEXT NOT NULL, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX files_hash ON files (hash);
CREATE INDEX files_any_case ON files (key COLLATE NOCASE);
CREATE INDEX files_label ON files (label, key);
CREATE TABLE records (
    hash TEXT PRIMARY KEY, split TEXT NOT NULL, decided_by TEXT NOT NULL, burst TEXT NOT NULL,
    source TEXT NOT NULL, time REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX records_burst ON records (burst);
CREATE TABLE fingerprints (
    hash TEXT PRIMARY KEY, width INTEGER, height INTEGER, thumb BLOB, sharpness REAL, dark REAL, bright REAL,
    error TEXT NOT NULL
);
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
_OTHER_VERSION = "index of another version"
_CORRUPT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_SPLITS, _DECIDERS = (", ".join(f"'{one.value}'" for one in kind) for kind in (Split, DecidedBy))
_NONSENSE = {
    "files": "typeof(key) != 'text' OR typeof(label) != 'text' OR typeof(hash) != 'text' OR length(hash) != 64"
    " OR typeof(size) != 'integer' OR typeof(mtime_ns) != 'integer' OR key NOT LIKE '_%/_%' OR key LIKE '%/../%'"
    " OR key LIKE '../%' OR key LIKE '/%'",
    "records": f"split NOT IN ({_SPLITS}) OR decided_by NOT IN ({_DECIDERS}) OR typeof(hash) != 'text'"
    " OR typeof(burst) != 'text' OR typeof(source) != 'text' OR typeof(time) NOT IN ('real', 'integer')",
    "fingerprints": f"typeof(error) != 'text' OR (error = '' AND (length(thumb) != {THUMB_BYTES}"
    " OR typeof(width) != 'integer' OR typeof(height) != 'integer' OR typeof(sharpness) NOT IN ('real', 'integer')"
    " OR typeof(dark) NOT IN ('real', 'integer') OR typeof(bright) NOT IN ('real', 'integer')))",
    "settings": "typeof(name) != 'text' OR typeof(value) != 'text'",
}
"""What no row that we wrote is, by table."""


class Index:
    """One connection, shared by the threads of this process behind one lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._name = str(path)
        self._lock = threading.RLock()
        self._depth = 0
        self._corrupt = False
        self._connection = self._open()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def clear(self) -> None:
        """Forget everything; the next refresh works it out from the files again."""
        with self._lock:
            self._connection.close()
            self._remove()
            self._corrupt = False
            self._connection = self._open()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; a transaction inside another joins it.

        Raises:
            DataError: the disk is full or the index cannot be written; nothing of it is kept.
        """
        with self._lock:
            if self._depth:
                yield
                return
            self._depth = 1
            try:
                self._run("BEGIN IMMEDIATE")
                yield
                self._run("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.rollback()
                raise
            finally:
                self._depth = 0

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The answer to a query, whole."""
        with self._lock:
            return self._run(query, values).fetchall()

    def put_files(self, rows: Iterable[tuple[str, str, str, int, int]]) -> None:
        """Add or replace (key, label, hash, size, mtime_ns)."""
        with self.transaction():
            self._many("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", rows)

    def drop_files(self, keys: Iterable[str]) -> None:
        """Forget these files."""
        with self.transaction():
            self._many("DELETE FROM files WHERE key = ?", ((key,) for key in keys))

    def put_records(self, records: Iterable[SplitRecord], stamp: str, *, all_of_them: bool = False) -> None:
        """Mirror lines of the split record, whose file now has this ``stamp``."""
        with self.transaction():
            if all_of_them:
                self._run("DELETE FROM records")
            self._many(
                "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?)",
                ((r.hash, r.split.value, r.decided_by.value, r.burst, r.source, r.time) for r in records),
            )
            self.put_setting("records", stamp)

    def records(self, *, of_files: bool = False) -> list[SplitRecord]:
        """The mirrored lines; only those of contents that files have, where so asked."""
        where = "WHERE hash IN (SELECT hash FROM files)" if of_files else ""
        rows = self.rows(f"SELECT hash, split, decided_by, burst, source, time FROM records {where} ORDER BY hash")  # noqa: S608
        return [SplitRecord(h, Split(s), DecidedBy(d), b, o, t) for h, s, d, b, o, t in rows]

    def put_fingerprints(self, fingerprints: Iterable[tuple[str, Fingerprint]]) -> None:
        """Remember what decoding a picture found, by content."""
        with self.transaction():
            self._many(
                "INSERT OR REPLACE INTO fingerprints VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (hash_, f.width, f.height, f.thumb, f.sharpness, f.dark, f.bright, f.error)
                    for hash_, f in fingerprints
                ),
            )

    def setting(self, name: str) -> str:
        """A remembered word, or nothing."""
        rows = self.rows("SELECT value FROM settings WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else ""

    def put_setting(self, name: str, value: str) -> None:
        """Remember a word."""
        with self.transaction():
            self._run("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    def _run(self, query: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        if self.on_disk:
            refuse_waiting_journals(self._name)
        try:
            return self._connection.execute(query, values)
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def _many(self, query: str, rows: Iterable[tuple[Any, ...]]) -> None:
        try:
            self._connection.executemany(query, rows)
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def _failure(self, error: sqlite3.Error) -> DataError:
        self._corrupt = self._corrupt or getattr(error, "sqlite_errorcode", 0) & 0xFF in _CORRUPT
        return DataError(
            f"{self.path}: {error}; free some space, or delete the file: it is built again from the pictures"
        )

    def leave_disk(self) -> None:
        """Go on in memory, with what the file has: a full disk must not keep a person from their pictures."""
        with self._lock:
            if self._corrupt:  # not the disk's space, but the file
                self.clear()
                return
            memory = self._prepared(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False))
            try:
                refuse_waiting_journals(self._name)
                self._connection.backup(memory)
            except (sqlite3.Error, DataError):  # nothing to be had from the file: the pictures will tell
                memory.close()
                memory = self._prepared(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False))
            self._connection.close()
            self._connection = memory
            self.on_disk = False

    def _open(self) -> sqlite3.Connection:
        self.on_disk = True
        try:
            return self._connect()
        except sqlite3.DatabaseError as error:
            problem = error
        try:
            if getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _CORRUPT:
                # Damaged by a failing card: nothing in it is the only copy of anything.
                if str(problem) != _OTHER_VERSION and self.path.exists():
                    set_aside(self.path, str(problem), "a new one is made of the pictures", only_copy=False)
                self._remove()
            return self._connect()
        except (sqlite3.Error, OSError, DataError):
            self.on_disk = False
            return self._prepared(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False))

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            checked_database(self.path), timeout=30, isolation_level=None, check_same_thread=False
        )
        connection = self._prepared(connection)
        if os.access(self.path, os.W_OK):
            return connection
        self.on_disk = False  # a card that is locked, or somebody else's project: what it knows, and no more kept
        memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        connection.backup(memory)
        connection.close()
        return memory

    def _prepared(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        try:
            # A rollback journal: SQLite 3.40's write-ahead log can lose a checkpoint on power cuts.
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("PRAGMA synchronous = FULL")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, VERSION):
                raise sqlite3.DatabaseError(_OTHER_VERSION)
            if version == 0:
                connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
            for table, nonsense in _NONSENSE.items():
                if connection.execute(f"SELECT 1 FROM {table} WHERE {nonsense} LIMIT 1").fetchone():  # noqa: S608
                    raise sqlite3.DatabaseError(f"rows of {table} that make no sense")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _remove(self) -> None:
        for path in (self.path, self.path.with_name(self.path.name + "-journal")):
            beneath.unlink(path, missing_ok=True)
