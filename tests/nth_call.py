"""A disk that does something at its n-th call: it fails, for once or from then on, or the process is killed there.

Counted are the calls that change a disk: those of ``os``, and the statements of SQLite that write.
"""

import errno
import json
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from whatsit.backbones.embedder import PixelEmbedder
from whatsit.datasets.formats.importing import import_path
from whatsit.datasets.project import Project
from whatsit.studio.lessons.session import TeachSession

WRITING = ("write", "fsync", "replace", "rename", "mkdir", "unlink", "rmdir", "ftruncate", "truncate", "link")
READING = ("SELECT", "PRAGMA")
ALWAYS = 10**6
"""A number of calls that nothing makes."""
NEEDS_SPACE = ("write", "fsync", "mkdir", "link", "sqlite")
"""What a full disk refuses; it renames, removes and cuts."""
Act = Callable[[str], None]


def kill(_: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail(number: int) -> Act:
    """An act that fails as the system does with this errno."""

    def act(name: str) -> None:
        if name == "sqlite":
            raise sqlite3.OperationalError("disk I/O error" if number == errno.EIO else "database or disk is full")
        raise OSError(number, os.strerror(number))

    return act


class NthCall:
    """Acts at the call after ``left`` calls; with ``on``, at every later one that needs space and at no other."""

    def __init__(self, left: int, act: Act, *, on: bool = False) -> None:
        self.calls = 0
        self._left = left
        self._act = act
        self._on = on

    def __call__(self, name: str) -> None:
        self.calls += 1
        due = self.calls > self._left and name in NEEDS_SPACE if self._on else self.calls == self._left + 1
        if due:
            self._act(name)

    def wrapped(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            self(name)
            return real(*arguments, **options)

        return call


class Database:
    """A connection whose writing statements count."""

    def __init__(self, real: Any, nth: NthCall) -> None:
        self._real = real
        self._nth = nth

    def execute(self, query: str, values: Any = ()) -> Any:
        if not query.lstrip().startswith((*READING, "ROLLBACK")):
            self._nth("sqlite")
        return self._real.execute(query, values)

    def executemany(self, query: str, values: Any) -> Any:
        self._nth("sqlite")
        return self._real.executemany(query, values)

    def backup(self, other: Any) -> None:
        self._real.backup(other)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@contextmanager
def installed(nth: NthCall, project: Project | None = None, session: TeachSession | None = None) -> Iterator[None]:
    """Count calls in this process, those of the project's databases too."""
    real = {name: getattr(os, name) for name in WRITING}
    for name, function in real.items():
        setattr(os, name, nth.wrapped(name, function))
    index = project.dataset.index if project is not None else None
    store = session._taught.store if session is not None else None
    connections = index and index._connection, store and store.database
    if index is not None:
        index._connection = Database(index._connection, nth)  # type: ignore[assignment]
    if store is not None:
        store.database = Database(store.database, nth)  # type: ignore[assignment]
    try:
        yield
    finally:
        for name, function in real.items():
            setattr(os, name, function)
        if index is not None and isinstance(index._connection, Database):  # it may have left the disk
            index._connection = connections[0]  # type: ignore[assignment]
        if store is not None:
            store.database = connections[1]  # type: ignore[assignment]


def live(folder: str, code: str, left: int, taught: bool) -> int:
    """Run code on a project and die after ``left`` calls; how many there were, where it does not."""
    from studio_pictures import jpeg, shade

    project = Project(folder)
    names = {"dataset": project.dataset, "Path": Path, "import_path": import_path, "jpeg": jpeg, "shade": shade}
    with closing(TeachSession(project.dataset, PixelEmbedder())) if taught else nullcontext() as session:
        nth = NthCall(left, kill)
        with installed(nth, project, session):
            exec(code, {**names, "session": session})
        return nth.calls


def main() -> None:
    """A line of JSON on stdin, [project, code, calls, taught], forks a child that lives; back come status and calls."""
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(writing, str(live(*json.loads(line))).encode())
            os._exit(0)
        os.close(writing)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(json.dumps([os.waitstatus_to_exitcode(status), int(os.read(reading, 20) or 0)]) + "\n")
        sys.stdout.flush()
        os.close(reading)


if __name__ == "__main__":
    main()
