"""A long job in its own process: its messages arrive as they are sent, and it can be ended at any time.

``python -m whatsit.studio.jobs.worker_process`` is that process: one JSON document on standard input says what to do,
a line ``stop`` asks it to end early, and the end of the input, as when the studio has ended, ends it at once. Each line
of standard output is one JSON message. ``job_messages`` has their types.
"""

import contextlib
import json
import logging
import os
import signal
import subprocess
import threading
from collections.abc import Callable

from whatsit.errors import DataError
from whatsit.parallel import start_thread
from whatsit.processes import environment, module_command
from whatsit.studio.jobs.job_messages import EndedMessage, Job, Message

STOP = "stop"
_log = logging.getLogger(__name__)


class Worker:
    """One job at a time.

    Args:
        name: used for the thread and in errors.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._guard = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._busy = False

    @property
    def running(self) -> bool:
        """Whether a job is running; False by the time ``on_end`` is called."""
        return self._busy

    def begin(self, job: Job, on_message: Callable[[Message], None], on_end: Callable[[str | None], None]) -> None:
        """Start a job.

        Args:
            on_message: called with each message but the last, from the worker's thread.
            on_end: called with the reason of a failure in one line, or None, from the worker's thread.

        Raises:
            DataError: a job is running already, or the process or its thread cannot start.
        """
        with self._guard:
            if self.running:
                raise DataError(f"{self._name}: is running already; wait for it or stop it")
            # In a new session: Ctrl-C in the terminal ends the studio, which then ends its worker.
            try:
                process = subprocess.Popen(  # noqa: S603 (our own interpreter, our own module)
                    module_command("whatsit.studio.jobs.worker_process"),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    encoding="utf-8",
                    errors="replace",
                    env=environment(),
                    start_new_session=True,
                )
            except OSError as error:
                raise DataError(
                    f"{self._name}: its process cannot start: {error.strerror}; close other programs and try again"
                ) from error
            self._process, self._busy = process, True
            try:
                self._thread = start_thread(self._name, self._attend, process, job, on_message, on_end)
            except DataError:
                self.kill()
                process.communicate()
                self._busy = False
                raise

    def stop(self) -> None:
        """Ask the job to end early and keep what it has."""
        process = self._process
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):  # it has just ended
                process.stdin.write(f"{STOP}\n")
                process.stdin.flush()

    def kill(self) -> None:
        """End the job and the processes it started at once."""
        process = self._process
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def wait(self) -> None:
        """Wait until nothing is running."""
        if self._thread is not None:
            self._thread.join()

    def close(self) -> None:
        """End the job and wait until its process is gone."""
        self.kill()
        self.wait()

    def _attend(
        self,
        process: subprocess.Popen[str],
        job: Job,
        on_message: Callable[[Message], None],
        on_end: Callable[[str | None], None],
    ) -> None:
        assert process.stdin is not None and process.stdout is not None
        ended: EndedMessage | None = None
        with process:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(json.dumps(job) + "\n")
                process.stdin.flush()
            for line in process.stdout:
                try:
                    message: Message = json.loads(line)
                except ValueError:
                    _log.warning("%s: a line that is no message: %.80r", self._name, line)
                    continue
                if message["kind"] == "ended":
                    ended = message
                else:
                    on_message(message)
            with contextlib.suppress(OSError):  # what it did not read, where it could not start
                process.stdin.close()
        self._busy = False
        if ended is None and process.returncode > 0:
            on_end(f"the process could not start (exit status {process.returncode}); the terminal says why")
        elif ended is None:
            on_end("the process ended early, perhaps for lack of memory: try a smaller size, or fewer views")
        else:
            on_end(ended["error"])
