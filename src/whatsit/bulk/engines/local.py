"""The local engine: one process a core, each killed and replaced without loss."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from whatsit.bulk.engine import Event
from whatsit.bulk.job import Job
from whatsit.bulk.progress import Tally
from whatsit.errors import DataError
from whatsit.processes import environment, module_command
from whatsit.validation import whole_number

_STARTS = 3
"""Processes in a row that end before they are ready: then none will ever be."""
_BLAMED = 2
"""Times that a process must end at one picture for the picture to be left out."""
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_Message = tuple["_Worker", dict[str, Any] | None]


class LocalEngine:
    """An ``Engine`` of processes on this machine.

    A process that dies, by ``kill -9`` or for lack of memory, costs the part it had in hand: another one makes it
    again, and says before each picture which one it is. A picture at which processes die twice is a row with that
    error.
    """

    def __init__(self, workers: int | None = None) -> None:
        """With so many processes; None: one a core."""
        self.workers = len(os.sched_getaffinity(0)) if workers is None else whole_number(workers, "workers")

    def work(self, job: Job, parts: Sequence[int]) -> Iterator[Event]:
        run = _Run(job, deque(parts))
        try:
            for _ in range(min(self.workers, len(parts))):
                run.start()
            while run.pool:
                yield from run.handle(*run.messages.get())
        finally:
            for worker in run.pool:
                worker.kill()


@dataclass
class _Run:
    """The parts of one call of ``work``, and the processes at them."""

    job: Job
    waiting: deque[int]
    pool: "list[_Worker]" = field(default_factory=list)
    messages: "queue.SimpleQueue[_Message]" = field(default_factory=queue.SimpleQueue)
    careful: set[int] = field(default_factory=set)
    """Parts at which a process died."""
    blamed: Counter[tuple[int, int]] = field(default_factory=Counter)
    """How often a process died at a picture: part and place."""
    never_ready: int = 0

    def start(self) -> None:
        self.pool.append(_Worker(self.job, self.messages))

    def handle(self, worker: "_Worker", message: dict[str, Any] | None) -> Iterator[Event]:
        if worker not in self.pool:  # it was sent away, and its end is no news
            return
        if message is None:
            yield from self._died(worker)
        elif "failed" in message:
            raise DataError(message["failed"])
        elif "ready" in message:
            self.never_ready, worker.ready = 0, True
            self._next(worker)
        elif "at" in message:
            worker.at = message["at"]
        else:
            tally = Tally(*message["tally"])
            worker.done += tally
            assert worker.part is not None
            yield Event(worker.part, tally, message["whole"])
            if message["whole"]:
                self._next(worker)

    def _next(self, worker: "_Worker") -> None:
        if not self.waiting:
            self.pool.remove(worker)
            worker.kill()
            return
        part = self.waiting.popleft()
        left_out = {
            at: f"left out: the process reading it ended {count} times, perhaps for lack of memory"
            for (where, at), count in self.blamed.items()
            if where == part and count >= _BLAMED
        }
        worker.give(part, part in self.careful, left_out)

    def _died(self, worker: "_Worker") -> Iterator[Event]:
        self.pool.remove(worker)
        status = worker.kill()
        if not worker.ready:
            self.never_ready += 1
            if self.never_ready >= _STARTS:
                raise DataError(f"the processes that classify end at once ({status}); the terminal may say why")
        if worker.part is not None:
            yield Event(worker.part, Tally() - worker.done)
            if worker.at is not None:
                self.blamed[worker.part, worker.at] += 1
            self.careful.add(worker.part)
            self.waiting.appendleft(worker.part)
        if self.waiting:
            self.start()


class _Worker:
    """One process, and the thread that reads its messages."""

    def __init__(self, job: Job, messages: "queue.SimpleQueue[_Message]") -> None:
        self.part: int | None = None
        self.at: int | None = None
        self.done = Tally()
        self.ready = False
        try:
            # In a session of its own: Ctrl-C in the terminal reaches the run, which ends its processes.
            self._process = subprocess.Popen(  # noqa: S603 (our own interpreter, our own module)
                module_command("whatsit.bulk.worker_process"),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment() | _ONE_THREAD, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise DataError(f"a process cannot start: {error.strerror}; take fewer workers") from error
        self._say(job.to_dict())
        threading.Thread(target=self._read, args=(messages,), daemon=True).start()

    def give(self, part: int, careful: bool, left_out: dict[int, str]) -> None:
        """Tell the process to make a part."""
        self.part, self.at, self.done = part, None, Tally()
        self._say({"part": part, "careful": careful, "left_out": left_out})

    def kill(self) -> str:
        """End it and wait until it is gone; how it ended."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        status = self._process.wait()
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        return f"exit status {status}" if status >= 0 else signal.Signals(-status).name

    def _say(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it has just died, which its thread tells
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def _read(self, messages: "queue.SimpleQueue[_Message]") -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                with contextlib.suppress(ValueError):  # cut off by its death
                    messages.put((self, json.loads(line)))
        messages.put((self, None))
