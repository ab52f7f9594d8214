"""A file whose only use is its space: it is given up on a full disk, so that a person can still delete and undo."""

import contextlib
import errno
import logging
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from whatsit.errors import DataError
from whatsit.files import beneath, write_file

SIZE = 2**18
_ROOM = 2**24
"""Bytes free on the disk without which none is made: what is there belongs to the pictures."""
_log = logging.getLogger(__name__)
Result = TypeVar("Result")


class Reserve:
    """``.whatsit/reserve``, ``SIZE`` bytes that no file system can store in less."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self) -> None:
        """Make it where it is missing and the disk has room."""
        with contextlib.suppress(OSError, DataError):
            if not self._path.exists() and shutil.disk_usage(self._path.parent).free > _ROOM:
                write_file(self._path, os.urandom(SIZE))

    def spend(self, work: Callable[[], Result]) -> Result:
        """Do ``work``; where the disk is full, give the reserve up and do it once more.

        Raises:
            DataError: as ``work``, which leaves everything unchanged where it fails.
        """
        try:
            return work()
        except DataError as error:
            if not is_full(error) or not self._give_up():
                raise
            _log.warning(
                "%s: the disk is full; the space kept for this is used up: free some", self._path.parent.parent
            )
        return work()

    def _give_up(self) -> bool:
        try:
            beneath.unlink(self._path)
        except (OSError, DataError):
            return False
        return True


def is_full(error: BaseException) -> bool:
    """Whether an error comes from a full disk or a used-up quota."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if isinstance(cause, sqlite3.Error) and getattr(cause, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
            return True
        cause = cause.__cause__
    return False
