"""``.whatsit/teach.db``: the versions of the lesson, features without a picture, and the lesson's settings."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.datasets.damage import set_aside
from whatsit.datasets.places import checked_database, refuse_waiting_journals
from whatsit.datasets.reserve import is_full
from whatsit.errors import DataError
from whatsit.studio.lessons.lesson import Lesson

UNDO_STEPS = 100
"""Versions kept behind the present one; undoing an older edit moves its pictures and leaves the lesson."""
NOTHING = 0
"""The id of the lesson in which nothing is taught."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, edits INTEGER NOT NULL, lesson TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS features (
    shot INTEGER PRIMARY KEY, embedder TEXT NOT NULL, embedding BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
Vector = NDArray[np.float32]


class LessonStore:
    """Commits are atomic and survive a power cut (rollback journal, synchronous=FULL).

    Which version counts is not written here: the dataset's edits say so. A version is written before the edit that
    makes it count, so one that no edit names is of an edit that never happened.

    One thread at a time may use it.

    Raises:
        DataError: the file cannot be read or written.
    """

    began_anew = False
    """Whether the file was damaged and is set aside."""
    in_memory = False
    """Whether the disk is too full for it: what it has is a copy."""
    held = False
    """Whether it can be shown and not changed: in memory, until there is space and it is opened again."""

    def __init__(self, path: Path) -> None:
        self._name = str(path)
        try:
            self.database = self._opened(path)
        except (sqlite3.Error, OSError) as error:
            # What we found ourselves has no code.
            if is_full(error):  # an earlier version's file, that gets its new tables when there is space
                self.database = self._copied(path)
                return
            code = None if isinstance(error, OSError) else getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
            if code is None or code & 0xFF not in _DAMAGED:
                raise _cannot_keep(error) from error
            for name in (path.name, f"{path.name}-journal"):
                if path.with_name(name).exists():
                    set_aside(path.with_name(name), str(error), "a new lesson begins; its pictures are in the dataset")
            self.began_anew = True
            try:
                self.database = self._opened(path)
            except (sqlite3.Error, OSError) as again:
                raise _cannot_keep(again) from again

    def _opened(self, path: Path) -> sqlite3.Connection:
        database = sqlite3.connect(checked_database(path), check_same_thread=False, isolation_level=None)
        try:
            database.execute("PRAGMA synchronous=FULL")
            database.executescript(_SCHEMA)
            self._check(database)
        except BaseException:
            database.close()
            raise
        return database

    def _copied(self, path: Path) -> sqlite3.Connection:
        self.in_memory = True
        memory = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        try:
            with contextlib.closing(sqlite3.connect(checked_database(path))) as file:
                file.backup(memory)
            memory.executescript(_SCHEMA)
            self._check(memory)
        except (sqlite3.Error, OSError) as error:
            memory.close()
            raise _cannot_keep(error) from error
        return memory

    def leave_disk(self, path: Path) -> None:
        """Go on in memory with what the file has."""
        memory = self._copied(path)
        self.database.close()
        self.database = memory

    def hold(self, version: int) -> None:
        """This version counts, and nothing can be changed from now on."""
        self.keep({"counted": str(version)})
        self.held = True

    @staticmethod
    def _check(database: sqlite3.Connection) -> None:
        """Refuse what a failing card or another hand has changed."""
        found = database.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(" ".join(str(found).split())[:80])
        try:
            for (text,) in database.execute("SELECT lesson FROM versions"):
                Lesson.from_json(text)
            for shot, embedder, blob in database.execute("SELECT shot, embedder, embedding FROM features"):
                if not (isinstance(shot, int) and isinstance(embedder, str) and np.isfinite(_vector(blob)).all()):
                    raise ValueError("features")
            for name, value in database.execute("SELECT name, value FROM settings"):
                if name in ("highest_id", "counted") and not 0 <= int(value) < 2**62:
                    raise ValueError(name)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
            raise sqlite3.DatabaseError("rows that make no sense") from error

    def close(self) -> None:
        """Let go of the file."""
        self.database.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing.

        Raises:
            DataError: the disk is full or read-only; nothing is changed.
        """
        if self.held:
            raise DataError("the disk is full: the lesson can be shown, not changed; free some space, then start again")
        refuse_waiting_journals(self._name)
        try:
            self.database.execute("BEGIN IMMEDIATE")
            yield
            self.database.execute("COMMIT")
        except BaseException as error:
            with contextlib.suppress(sqlite3.Error):
                self.database.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise _cannot_keep(error) from error
            raise

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        refuse_waiting_journals(self._name)
        try:
            return self.database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise DataError(f"{self._name}: cannot be read ({error}): is the project's folder there?") from error

    def setting(self, name: str) -> str | None:
        """A setting's value, None where it was never set."""
        rows = self._rows("SELECT value FROM settings WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else None

    def keep(self, settings: Mapping[str, str]) -> None:
        """Keep settings.

        Raises:
            DataError: as ``transaction``.
        """
        with self.transaction():
            self._keep(settings)

    def newest(self) -> int:
        """The id of the version written last."""
        return int(self._rows("SELECT coalesce(max(id), ?) FROM versions", (NOTHING,))[0][0])

    def lesson(self, version: int) -> tuple[Lesson, int]:
        """A version, and the number of the dataset's latest edit when it was written.

        Of one that is too old to be kept, the version after it.
        """
        if version == NOTHING:
            return Lesson(), 0
        query = "SELECT lesson, edits FROM versions WHERE id >= ? ORDER BY id LIMIT 1"
        rows = self._rows(query, (version,))
        return (Lesson.from_json(rows[0][0]), int(rows[0][1])) if rows else (Lesson(), 0)

    def counted(self) -> int:
        """The version that counted when ``remember`` was last called."""
        return int(self.setting("counted") or NOTHING)

    def remember(self, version: int) -> None:
        """Keep which version counts, for the case that the dataset's history is lost."""
        if self.counted() != version:
            self.keep({"counted": str(version)})

    def settle(self, version: int) -> None:
        """This version counts: settings that were to come into force with it do so.

        Raises:
            DataError: as ``transaction``.
        """
        pending = self.setting("pending")
        if pending is not None:
            waits = json.loads(pending)
            with self.transaction():
                self._keep(waits["settings"] if waits["version"] == version else {})
                self.database.execute("DELETE FROM settings WHERE name = 'pending'")

    def sweep(self) -> None:
        """Forget features of shots that no version holds any more."""
        known = {shot for (shot,) in self._rows("SELECT shot FROM features")}
        if known:
            for (text,) in self._rows("SELECT lesson FROM versions"):
                known -= {shot[0] for shot in json.loads(text)["shots"]}
        if known:
            with self.transaction():
                self.database.executemany("DELETE FROM features WHERE shot = ?", [(shot,) for shot in known])

    def start_after(self, version: int) -> None:
        """Give no version an id up to this one: other edits may name them."""
        if version > self.newest():
            with self.transaction():
                self.database.execute("DELETE FROM sqlite_sequence WHERE name = 'versions'")
                self.database.execute("INSERT INTO sqlite_sequence VALUES ('versions', ?)", (version,))

    def add(
        self,
        lesson: Lesson,
        *,
        before: int,
        edits: int,
        highest_id: int,
        features: Mapping[int, Vector] | None = None,
        embedder: str = "",
        pending: Mapping[str, str] | None = None,
        drop: int | None = None,
    ) -> int:
        """Write a version and return its id; it counts once an edit names it.

        Args:
            lesson: what is taught in it.
            before: the version that counts now; later ones were undone and are dropped.
            edits: the number of the dataset's latest edit.
            highest_id: the highest id that any class or shot was ever given.
            features: of its shots without a picture that are new.
            embedder: the backbone they are of.
            pending: settings that come into force when it counts.
            drop: an earlier version that nothing refers to any more.

        Raises:
            DataError: the disk is full or read-only; nothing is changed.
        """
        with self.transaction():
            self.database.execute("DELETE FROM versions WHERE id > ? OR id IS ?", (before, drop))
            values = (edits, lesson.to_json())
            version = self.database.execute("INSERT INTO versions (edits, lesson) VALUES (?, ?)", values).lastrowid
            assert version is not None
            self.database.execute(
                "DELETE FROM versions WHERE id NOT IN (SELECT id FROM versions ORDER BY id DESC LIMIT ?)",
                (UNDO_STEPS + 1,),
            )
            for shot, vector in (features or {}).items():
                self.put_features(shot, embedder, vector)
            self._keep({"highest_id": str(highest_id)})
            if pending:
                self._keep({"pending": json.dumps({"version": version, "settings": dict(pending)})})
        return version

    def put_features(self, shot: int, embedder: str, vector: Vector) -> None:
        """Keep the features of a shot without a picture; within ``transaction``."""
        blob = np.ascontiguousarray(vector, "<f4").tobytes()
        self.database.execute("INSERT OR REPLACE INTO features VALUES (?, ?, ?)", (shot, embedder, blob))

    def features(self) -> dict[int, tuple[str, Vector]]:
        """Of every shot without a picture: the backbone its features are of, and they themselves."""
        rows = self._rows("SELECT shot, embedder, embedding FROM features")
        return {shot: (embedder, _vector(blob)) for shot, embedder, blob in rows}

    def highest_id(self) -> int:
        """The highest id that any class or shot was given in a version that was written."""
        return int(self.setting("highest_id") or 0)

    def _keep(self, settings: Mapping[str, str]) -> None:
        self.database.executemany("INSERT OR REPLACE INTO settings VALUES (?, ?)", settings.items())


def _vector(blob: bytes) -> Vector:
    return np.frombuffer(blob, "<f4").copy()


def _cannot_keep(error: sqlite3.Error | OSError) -> DataError:
    return DataError(f"the lesson cannot be kept ({error}): is the project's folder there, with space left?")
