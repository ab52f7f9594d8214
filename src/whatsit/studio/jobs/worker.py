"""A long job in a process of its own: what it tells arrives as it happens, and it can be ended at any moment.

``python -m whatsit.studio.jobs.worker_process`` is that process: one JSON document on standard input says what to do,
a line ``stop`` asks it to end early, and the end of the input, as when the studio is gone, ends it at once. Each line
of standard output is one JSON message.
"""

import contextlib
import json
import logging
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from typing import Any, TypeAlias

from whatsit.errors import DataError
from whatsit.processes import environment, module_command

Message: TypeAlias = dict[str, Any]
STOP = "stop"
_log = logging.getLogger(__name__)


class Worker:
    """One job at a time. ``on_message`` and ``on_end`` are called from a thread of the worker's own.

    Args:
        name: names the thread and the errors.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._guard = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._busy = False

    @property
    def running(self) -> bool:
        """Whether a job is under way; no longer so when ``on_end`` is called."""
        return self._busy

    def begin(self, job: Message, on_message: Callable[[Message], None], on_end: Callable[[str | None], None]) -> None:
        """Start ``jobs.JOBS[job["job"]]``.

        Args:
            on_end: told why the job failed, in one line, or None where it did not.

        Raises:
            DataError: a job is under way already.
        """
        with self._guard:
            if self.running:
                raise DataError(f"{self._name}: one is under way already; wait for it or stop it")
            # A session of its own: Ctrl-C in the terminal ends the studio, which ends its worker in order.
            process = subprocess.Popen(  # noqa: S603 (our own interpreter, our own module)
                module_command("whatsit.studio.jobs.worker_process"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                env=environment(),
                start_new_session=True,
            )
            self._process, self._busy = process, True
            self._thread = threading.Thread(
                target=self._attend, args=(process, job, on_message, on_end), name=self._name, daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Ask the job to end early, keeping what it has."""
        process = self._process
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):  # it has ended meanwhile
                process.stdin.write(f"{STOP}\n")
                process.stdin.flush()

    def kill(self) -> None:
        """End the job, and what it started, where it stands."""
        process = self._process
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def wait(self) -> None:
        """Until nothing is under way."""
        if self._thread is not None:
            self._thread.join()

    def close(self) -> None:
        """End the job and wait until it is gone."""
        self.kill()
        self.wait()

    def _attend(
        self,
        process: subprocess.Popen[str],
        job: Message,
        on_message: Callable[[Message], None],
        on_end: Callable[[str | None], None],
    ) -> None:
        assert process.stdin is not None and process.stdout is not None
        ended: Message | None = None
        with process:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(json.dumps(job) + "\n")
                process.stdin.flush()
            for line in process.stdout:
                message = json.loads(line)
                if "ended" in message:
                    ended = message
                else:
                    on_message(message)
        self._busy = False
        if ended is None:
            on_end("the process ended early; memory may be short: try a smaller size, or fewer views")
        else:
            on_end(ended["ended"])
