"""One process writes a project at a time; the second is told which one holds it."""

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from whatsit.errors import DataError

_MUTEX = threading.Lock()
_HELD: dict[str, "_Holding"] = {}
_WRITERS: dict[str, threading.RLock] = {}
"""One thread of this process writes a project at a time."""


class _Holding:
    """This process's hold on one lock file, shared by every project object and thread on it."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self.count = 1


class ProjectLock:
    """``.whatsit/lock``: an advisory lock that ends with its process, holding the owner's number as text."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock for one piece of work, other threads of this process waiting their turn.

        Raises:
            DataError: another process has the project, which is named.
        """
        with _MUTEX:
            writer = _WRITERS.setdefault(os.path.realpath(self.path), threading.RLock())
        with writer:
            self.acquire()
            try:
                yield
            finally:
                self.release()

    def is_elsewhere(self) -> bool:
        """True while another process holds the lock."""
        try:
            self.acquire()
        except DataError:
            return True
        self.release()
        return False

    def acquire(self) -> None:
        """Take the lock, once more if this process has it.

        Raises:
            DataError: another process has the project, which is named.
        """
        name = os.path.realpath(self.path)
        with _MUTEX:
            holding = _HELD.get(name)
            if holding is not None:
                holding.count += 1
                return
            _HELD[name] = _Holding(self._take())

    def release(self) -> None:
        """Give back one ``acquire``."""
        name = os.path.realpath(self.path)
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
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise DataError(f"cannot write {self.path}: {error.strerror}; check the folder's permissions") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(handle, 20, 0).decode("ascii", errors="replace").strip() or "unknown"
            os.close(handle)
            project = self.path.parent.parent
            raise DataError(
                f"{project}: in use by process {owner}; close that studio or command first, or work inside it"
            ) from error
        # A full disk must not stop the work that would free it: the number is a courtesy.
        with contextlib.suppress(OSError):
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        return handle
