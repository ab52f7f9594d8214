"""Long work on its own thread, one piece at a time, with its progress reported while it runs."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Literal, TypeAlias

from typing_extensions import TypedDict

from whatsit.errors import DataError, WhatsitError
from whatsit.parallel import Progress, start_thread

State: TypeAlias = Literal["idle", "running", "done", "failed"]
_REPORT_SECONDS = 0.1
_log = logging.getLogger(__name__)


class BackgroundView(TypedDict):
    """How far some work is, for the page."""

    state: State
    done: int
    total: int
    """0 while that is not known."""
    error: str
    """Why it failed; empty where it did not."""


class StoppedError(Exception):
    """Raised by ``progress`` in work that was asked to stop."""


class Background:
    """Runs imports, exports, maps or checks, one of these objects for each.

    Args:
        name: used for the thread and in messages.
        report: called with ``view()`` whenever it changes, at most ten times per second, mostly from the worker thread.
    """

    def __init__(self, name: str, report: Callable[[BackgroundView], None]) -> None:
        self._name = name
        self._report = report
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._state: State = "idle"
        self._done, self._total = 0, 0
        self._error = ""
        self._reported = 0.0
        self._stopping = threading.Event()

    @property
    def running(self) -> bool:
        """Whether work is running."""
        return self._state == "running"

    def view(self) -> BackgroundView:
        """How far the work is, for the page."""
        return {"state": self._state, "done": self._done, "total": self._total, "error": self._error}

    def begin(self, work: Callable[[Progress], None]) -> None:
        """Start ``work(progress)``; the work stores its own result.

        Raises:
            DataError: some is running already, or it cannot start.
        """
        with self._guard:
            if self.running:
                raise DataError(f"{self._name}: is running already; wait for it or stop it")
            self._stopping.clear()
            before = self._state, self._done, self._total, self._error
            self._state, self._done, self._total, self._error = "running", 0, 0, ""
            try:
                self._thread = start_thread(self._name, self._run, work)
            except DataError:
                self._state, self._done, self._total, self._error = before
                raise
        self._report(self.view())

    def stop(self) -> None:
        """Ask the work to end at its next step; what it has finished stays."""
        self._stopping.set()

    @property
    def stopping(self) -> bool:
        """Whether the work was asked to end."""
        return self._stopping.is_set()

    def check_stopped(self) -> None:
        """Raise ``StoppedError`` if the work was asked to end; ``progress`` does the same."""
        if self.stopping:
            raise StoppedError

    def wait(self) -> None:
        """Wait until nothing is running."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def close(self) -> None:
        """Stop the work and wait until it has ended."""
        self.stop()
        self.wait()

    def _run(self, work: Callable[[Progress], None]) -> None:
        state: State = "done"
        try:
            work(self._progress)
        except StoppedError:
            state = "idle"
        except WhatsitError as error:
            state, self._error = "failed", str(error)
        except Exception as error:
            _log.exception("%s failed", self._name)
            state, self._error = "failed", f"{type(error).__name__}: {error}"
        self._state = state
        self._report(self.view())

    def _progress(self, done: int, total: int) -> None:
        self.check_stopped()
        self._done, self._total = done, total
        now = time.monotonic()
        if now - self._reported >= _REPORT_SECONDS or not total:
            self._reported = now
            self._report(self.view())
