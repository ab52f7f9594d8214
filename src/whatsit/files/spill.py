"""Texts in order, and texts seen before, in bounded memory: what does not fit is in a temporary file without a name."""

import contextlib
import itertools
import sqlite3
from collections.abc import Iterable, Iterator
from hashlib import blake2b

from whatsit.errors import DataError

_IN_MEMORY = 20_000
"""Texts that are sorted without a file."""
_CACHE = "PRAGMA cache_size = -4096"  # KiB
_MARK = 16
"""Bytes of hash that stand for a text."""


def in_order(texts: Iterable[str]) -> Iterator[str]:
    """As ``sorted``, for any number of texts. They have all been read when this returns.

    Raises:
        DataError: the temporary file cannot be written; also when the iterator goes on.
    """
    reading = iter(texts)
    some = sorted(itertools.islice(reading, _IN_MEMORY))
    if len(some) < _IN_MEMORY:
        return iter(some)
    with _failing():
        database = _database("CREATE TABLE texts (text BLOB)")
        # By code point, as Python compares; a name that is not UTF-8 has surrogates.
        rows = ((text.encode("utf-8", "surrogatepass"),) for text in itertools.chain(some, reading))
        database.executemany("INSERT INTO texts VALUES (?)", rows)
    return _sorted(database)


def _sorted(database: sqlite3.Connection) -> Iterator[str]:
    with contextlib.closing(database), _failing():
        for (text,) in database.execute("SELECT text FROM texts ORDER BY text"):
            yield text.decode("utf-8", "surrogatepass")


class Seen:
    """Which texts have been there before, by a hash of each."""

    def __init__(self) -> None:
        self._database = _database("CREATE TABLE seen (mark BLOB PRIMARY KEY) WITHOUT ROWID")

    def __enter__(self) -> "Seen":
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def is_new(self, text: str) -> bool:
        """Whether this is the first of its kind.

        Raises:
            DataError: the temporary file cannot be written.
        """
        mark = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_MARK).digest()
        with _failing():
            return self._database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (mark,)).rowcount == 1


def _database(schema: str) -> sqlite3.Connection:
    with _failing():
        database = sqlite3.connect("", isolation_level=None)  # no name: a file that nobody sees, once memory is full
        for statement in (_CACHE, "PRAGMA temp_store = FILE", "PRAGMA journal_mode = OFF", schema, "BEGIN"):
            database.execute(statement)
    return database


@contextlib.contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise DataError(
            f"a temporary file cannot be written: {error}; set SQLITE_TMPDIR to a folder with more space"
        ) from error
