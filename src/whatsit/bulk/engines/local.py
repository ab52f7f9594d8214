"""The local engine: one process a core, each killed and replaced without loss."""

import contextlib
import json
import signal
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from whatsit.bulk.dispatch import PICTURE_TIMEOUT, Tell, dispatched
from whatsit.bulk.engine import Event
from whatsit.bulk.job import Job
from whatsit.bulk.order import Order
from whatsit.errors import DataError
from whatsit.parallel import cores, start_thread
from whatsit.processes import environment, module_command
from whatsit.validation import seconds, whole_number

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

_UNKILLABLE = 10.0
"""Seconds to wait for a killed process to be gone."""


class LocalEngine:
    """An ``Engine`` of processes on this machine.

    One that dies, by ``kill -9`` or for lack of memory, costs the part it had in hand; see ``dispatched``.
    """

    def __init__(self, workers: int | None = None, timeout: float = PICTURE_TIMEOUT) -> None:
        """With this many processes.

        Args:
            workers: processes; None: one a core.
            timeout: seconds that one picture may take.
        """
        self._timeout = seconds(timeout, "timeout")
        self.workers = cores() if workers is None else whole_number(workers, "workers")

    def work(self, job: Job, parts: Sequence[int]) -> Iterator[Event]:
        return dispatched(parts, self.workers, lambda tell: _Process(job, tell), self._timeout)


class _Process:
    """One process, and the thread that reads its messages."""

    def __init__(self, job: Job, tell: Tell) -> None:
        try:
            # In a session of its own: Ctrl-C in the terminal reaches the run, which ends its processes.
            self._process = subprocess.Popen(  # noqa: S603 (our own interpreter, our own module)
                module_command("whatsit.bulk.worker_process"),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment() | ONE_THREAD, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise DataError(f"a process cannot start: {error.strerror}; take fewer workers") from error
        self._say(job.to_dict())
        try:
            start_thread("a process's messages", self._read, tell)
        except DataError:
            self.kill()
            assert self._process.stdout is not None
            self._process.stdout.close()
            raise

    def give(self, order: Order) -> None:
        self._say(asdict(order))

    def kill(self) -> str:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        try:
            status = self._process.wait(_UNKILLABLE)
        except subprocess.TimeoutExpired:  # it waits in the kernel, as for a network disk that is gone
            return "it cannot be ended"
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        return f"exit status {status}" if status >= 0 else signal.Signals(-status).name

    def _say(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it has just died, which its thread tells
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def _read(self, tell: Tell) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                with contextlib.suppress(ValueError):  # cut off by its death
                    tell(json.loads(line))
        tell(None)
