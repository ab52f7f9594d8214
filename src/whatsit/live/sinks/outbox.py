"""What was not delivered yet, on disk: in order, bounded, and still there after a crash or a power cut."""

import sqlite3
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path

from whatsit.datasets.damage import set_aside
from whatsit.errors import DataError


@dataclass(frozen=True, slots=True)
class Event:
    """One thing to deliver."""

    sequence: int
    """Counts up, also across restarts."""
    id: str
    """The same for every attempt, so that the receiver can see what it got twice."""
    body: bytes


_ADD = "INSERT INTO event (id, body) VALUES (?, ?)"
_DROP = "DELETE FROM event WHERE sequence IN (SELECT sequence FROM event ORDER BY sequence LIMIT ?)"


class Outbox:
    """A queue in an SQLite file. What ``add`` returned from is on disk (fsync). One process uses it at a time.

    Args:
        path: the file, made where it is missing, with its folder.
        keep: how many events are kept; the oldest are dropped first.

    Raises:
        DataError: it cannot be written, or another process uses it.
    """

    def __init__(self, path: Path, keep: int) -> None:
        self._path = path
        self._keep = keep
        self._guard = threading.Lock()
        self.dropped = 0
        """How many were dropped because there were too many, or were taken out undelivered."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._database = self._opened()
        except OSError as error:
            raise DataError(f"{path}: cannot be written: {error.strerror}; name another file by outbox=") from error
        self._waiting = int(self._database.execute("SELECT count(*) FROM event").fetchone()[0])

    @property
    def waiting(self) -> int:
        """How many events there are."""
        return self._waiting

    def add(self, body: bytes) -> None:
        """Append an event.

        Raises:
            DataError: the disk is full or gone; the event is not there then.
        """
        with self._guard:
            try:
                with self._database:
                    self._database.execute(
                        "INSERT INTO event (id, body) VALUES (?, ?)", (f"msg_{uuid.uuid4().hex}", body)
                    )
                    over = max(0, self._waiting + 1 - self._keep)
                    self._database.execute(
                        "DELETE FROM event WHERE sequence IN (SELECT sequence FROM event ORDER BY sequence LIMIT ?)",
                        (over,),
                    )
            except sqlite3.Error as error:
                raise DataError(f"{self._path}: cannot be written: {error}") from error
            self._waiting += 1 - over
            self.dropped += over

    def oldest(self) -> Event | None:
        """The event to deliver next; None where there is none."""
        with self._guard:
            row = self._database.execute("SELECT sequence, id, body FROM event ORDER BY sequence LIMIT 1").fetchone()
        return Event(*row) if row is not None else None

    def remove(self, event: Event, *, delivered: bool = True) -> None:
        """Take an event out.

        Raises:
            DataError: the disk is full or gone.
        """
        with self._guard:
            try:
                with self._database:
                    gone = self._database.execute("DELETE FROM event WHERE sequence = ?", (event.sequence,)).rowcount
            except sqlite3.Error as error:
                raise DataError(f"{self._path}: cannot be written: {error}") from error
            self._waiting -= gone
            self.dropped += 0 if delivered else gone

    def close(self) -> None:
        """Let another process use it."""
        with self._guard:
            self._database.close()

    def _opened(self) -> sqlite3.Connection:
        try:
            return self._connected()
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise DataError(
                    f"{self._path}: another program delivers from it; stop that one, or name another file by outbox="
                ) from error
            raise DataError(f"{self._path}: cannot be written: {error}; name another file by outbox=") from error
        except sqlite3.DatabaseError as error:
            set_aside(self._path, str(error), "deliveries start with an empty outbox")
            return self._connected()

    def _connected(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=0, check_same_thread=False)
        try:
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
            database.execute("PRAGMA synchronous = FULL")
            database.execute("BEGIN EXCLUSIVE")
            database.execute(
                "CREATE TABLE IF NOT EXISTS event (sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, body BLOB)"
            )
            database.commit()
        except BaseException:
            database.close()
            raise
        self._path.chmod(0o600)
        return database
