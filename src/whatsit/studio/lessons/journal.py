"""The lesson on disk: one SQLite file holds every shot's embedding, the lesson, and the ones before it."""

import contextlib
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import DataError
from whatsit.studio.lessons.lesson import Lesson, shot_ids

UNDO_STEPS = 50

_SCHEMA = """
CREATE TABLE IF NOT EXISTS shots (
    id INTEGER PRIMARY KEY AUTOINCREMENT, picture TEXT, embedding BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS lessons (
    id INTEGER PRIMARY KEY AUTOINCREMENT, burst TEXT, lesson TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A shot as it is kept: its picture's file name (None for features loaded without), its embedding."""

    id: int
    picture: str | None
    embedding: NDArray[np.float32]


class Journal:
    """Commits are atomic and survive a power cut (rollback journal, synchronous=FULL).

    One thread at a time may use it; the session that owns it holds a lock.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._database.execute("PRAGMA synchronous=FULL")
            self._database.executescript(_SCHEMA)
            rows = self._database.execute("SELECT lesson FROM lessons ORDER BY id").fetchall()
            self._lessons = tuple(Lesson.from_json(row[0]) for row in rows)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise _cannot_keep(error) from error
            raise DataError(
                f"{path}: not a readable teaching journal ({error}); move the file away to begin a new one"
            ) from error

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def setting(self, name: str) -> str | None:
        """A setting's value, None where it was never set."""
        row = self._database.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def keep(self, settings: Mapping[str, str]) -> None:
        """Keep settings."""
        with _Transaction(self._database):
            self._keep(settings)

    def lessons(self) -> tuple[Lesson, ...]:
        """The lessons, oldest first; the last is the present one, the others can be gone back to."""
        return self._lessons

    def shots(self) -> list[Recorded]:
        """Every shot that some lesson still refers to."""
        rows = self._database.execute("SELECT id, picture, embedding FROM shots ORDER BY id").fetchall()
        return [Recorded(row[0], row[1], np.frombuffer(row[2], "<f4").copy()) for row in rows]

    def last_burst(self) -> str | None:
        """The burst the present lesson belongs to."""
        row = self._database.execute("SELECT burst FROM lessons ORDER BY id DESC LIMIT 1").fetchone()
        return None if row is None else row[0]

    def next_shot_id(self) -> int:
        """The id the next shot gets; ids are never given twice."""
        row = self._database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'shots'").fetchone()
        return 1 if row is None else int(row[0]) + 1

    def commit(
        self,
        lesson: Lesson,
        added: Sequence[Recorded] = (),
        *,
        burst: str | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Make ``lesson`` the present one, with its new shots, in one transaction.

        Changes of one ``burst`` are one step of undo; ``settings`` are kept in the same transaction.
        """
        continues = burst is not None and burst == self.last_burst()
        before = self._lessons[:-1] if continues else self._lessons
        after = (*before, lesson)[-(UNDO_STEPS + 1) :]
        with _Transaction(self._database):
            self._add(added)
            self._keep(settings or {})
            if continues:
                self._drop_newest()
            self._database.execute("INSERT INTO lessons (burst, lesson) VALUES (?, ?)", (burst, lesson.to_json()))
            self._database.execute(
                "DELETE FROM lessons WHERE id NOT IN (SELECT id FROM lessons ORDER BY id DESC LIMIT ?)",
                (UNDO_STEPS + 1,),
            )
            self._forget_all_but(shot_ids(after))
        self._lessons = after

    def replace_embeddings(self, recorded: Iterable[Recorded]) -> None:
        """New embeddings for known shots, when the backbone changed."""
        with _Transaction(self._database):
            for shot in recorded:
                self._database.execute("UPDATE shots SET embedding = ? WHERE id = ?", (_blob(shot.embedding), shot.id))

    def step_back(self) -> None:
        """Drop the present lesson: the one before is present again."""
        after = self._lessons[:-1]
        with _Transaction(self._database):
            self._drop_newest()
            self._forget_all_but(shot_ids(after))
        self._lessons = after

    def _add(self, added: Sequence[Recorded]) -> None:
        for shot in added:
            self._database.execute("INSERT INTO shots VALUES (?, ?, ?)", (shot.id, shot.picture, _blob(shot.embedding)))

    def _keep(self, settings: Mapping[str, str]) -> None:
        self._database.executemany("INSERT OR REPLACE INTO settings VALUES (?, ?)", settings.items())

    def _drop_newest(self) -> None:
        self._database.execute("DELETE FROM lessons WHERE id = (SELECT MAX(id) FROM lessons)")

    def _forget_all_but(self, referenced: set[int]) -> None:
        known = {row[0] for row in self._database.execute("SELECT id FROM shots")}
        for orphan in known - referenced:
            self._database.execute("DELETE FROM shots WHERE id = ?", (orphan,))


def _blob(embedding: NDArray[np.float32]) -> bytes:
    return np.ascontiguousarray(embedding, "<f4").tobytes()


class _Transaction:
    """BEGIN … COMMIT, or ROLLBACK where anything went wrong; SQLite's errors become ours."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __enter__(self) -> None:
        try:
            self._database.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise _cannot_keep(error) from error

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        try:
            self._database.execute("COMMIT" if kind is None else "ROLLBACK")
        except sqlite3.Error as failed:
            with contextlib.suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")
            raise _cannot_keep(failed) from failed
        if isinstance(error, sqlite3.Error):
            raise _cannot_keep(error) from error


def _cannot_keep(error: sqlite3.Error) -> DataError:
    return DataError(f"the lesson cannot be kept ({error}): is the project's folder there, with space left?")
