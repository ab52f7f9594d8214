"""Carries out one change of a lesson and is killed at a given call that changes the disk.

A line of JSON on stdin, [project, code, calls], forks a child that runs the code with ``session`` and ``dataset``; it
kills itself at the call after so many. What comes back is its status and the number of calls it made.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from studio_pictures import jpeg, shade

from whatsit.backbones.embedder import PixelEmbedder
from whatsit.datasets.project import Project
from whatsit.studio.lessons.session import TeachSession

WRITING = ("write", "fsync", "replace", "rename", "mkdir", "unlink", "rmdir", "ftruncate", "truncate", "link")


class DyingDatabase:
    """A connection whose every statement may be the last."""

    def __init__(self, database: Any, dying: Callable[[Any], Any]) -> None:
        self._database = database
        self.execute = dying(database.execute)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


def live(folder: str, code: str, left: int) -> int:
    calls = 0

    def dying(real: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls > left:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **options)

        return call

    dataset = Project(folder).dataset
    session = TeachSession(dataset, PixelEmbedder())
    for name in WRITING:
        setattr(os, name, dying(getattr(os, name)))
    dataset.index._run = dying(dataset.index._run)  # type: ignore[method-assign]
    store = session._taught.store
    store.database = DyingDatabase(store.database, dying)  # type: ignore[assignment]

    exec(code, {"session": session, "dataset": dataset, "jpeg": jpeg, "shade": shade})
    return calls


def main() -> None:
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            write, leave = os.write, os._exit
            write(writing, str(live(*json.loads(line))).encode())
            leave(0)
        os.close(writing)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(json.dumps([os.waitstatus_to_exitcode(status), int(os.read(reading, 20) or 0)]) + "\n")
        sys.stdout.flush()
        os.close(reading)


if __name__ == "__main__":
    main()
