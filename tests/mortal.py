"""Running code on a project in a process that is killed at a given call that changes the disk."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

RunAndKill: TypeAlias = Callable[[Path, str, int], int | None]
_TESTS = Path(__file__).parent


@contextmanager
def mortal(*, taught: bool) -> Iterator[RunAndKill]:
    """``run_and_kill(project, code, at)``: None where it was killed, else the number of its calls.

    A process that has whatsit loaded forks one for each; ``code`` has ``dataset`` and, with ``taught``, ``session``.
    """
    path = os.pathsep.join([str(_TESTS), str(_TESTS / "studio"), *sys.path])
    with subprocess.Popen(
        [sys.executable, _TESTS / "nth_call.py"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": path},
    ) as process:  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        to, back = process.stdin, process.stdout

        def call(project: Path, code: str, at: int) -> int | None:
            to.write(json.dumps([str(project), code, at, taught]).encode() + b"\n")
            to.flush()
            status, calls = json.loads(back.readline())
            assert status in (0, -signal.SIGKILL)
            return int(calls) if status == 0 else None

        yield call
        to.close()
