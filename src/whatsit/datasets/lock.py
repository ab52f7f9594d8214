"""One process writes to a project at a time; a second one is refused, with the number of the first."""

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from whatsit.errors import DataError, ProjectInUseError
from whatsit.files import beneath

_MUTEX = threading.Lock()
_HELD: dict[str, "_Holding"] = {}
_WRITERS: dict[str, threading.RLock] = {}
"""One thread of this process writes to a project at a time."""


class _Holding:
    """This process's hold on one lock file, shared by every project object and thread on it."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self.count = 1


class ProjectLock:
    """``.whatsit/lock``: an advisory lock (flock) that ends with its process; the file holds the process's number."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Once: what lies there can change while it is held.
        self._name = os.path.realpath(path)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock for one piece of work; other threads of this process wait their turn.

        Raises:
            ProjectInUseError: another process has the project.
            DataError: the lock file cannot be written.
        """
        with _MUTEX:
            writer = _WRITERS.setdefault(self._name, threading.RLock())
        with writer:
            self.acquire()
            try:
                yield
            finally:
                self.release()

    def is_elsewhere(self) -> bool:
        """True while this process cannot write: another one holds the lock, or the folder is read-only."""
        try:
            self.acquire()
        except DataError:
            return True
        self.release()
        return False

    def acquire(self) -> None:
        """Take the lock; where this process has it already, count one more hold on it.

        Raises:
            ProjectInUseError: another process has the project.
            DataError: the lock file cannot be written.
        """
        name = self._name
        with _MUTEX:
            holding = _HELD.get(name)
            if holding is not None:
                holding.count += 1
                return
            _HELD[name] = _Holding(self._take())

    def release(self) -> None:
        """Give back one ``acquire``."""
        name = self._name
        with _MUTEX:
            holding = _HELD.get(name)
            if holding is None:
                return
            holding.count -= 1
            if holding.count == 0:
                del _HELD[name]
                with contextlib.suppress(OSError):
                    os.ftruncate(holding.handle, 0)
                os.close(holding.handle)

    def _take(self) -> int:
        try:
            handle = beneath.opened(self.path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise DataError(f"cannot write {self.path}: {error.strerror}; check the folder's permissions") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(handle, 20, 0).strip()
            os.close(handle)
            pid = int(owner) if owner.isdigit() else None
            project = self.path.parent.parent
            raise ProjectInUseError(
                f"{project}: in use by process {pid or 'unknown'}; close that studio or command first, or work in it",
                pid,
            ) from error
        # The number is a courtesy: on a full disk the lock must work without it, or nothing could free space.
        with contextlib.suppress(OSError):
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        return handle
