"""One long piece of work at a time on a thread of its own, its progress told while it goes on."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from whatsit.errors import DataError, WhatsitError
from whatsit.parallel import Progress

State: TypeAlias = Literal["idle", "running", "done", "failed"]
_TELL_SECONDS = 0.1
_log = logging.getLogger(__name__)


class StoppedError(Exception):
    """Raised out of ``progress`` in work that nobody waits for any more."""


class Background:
    """Imports, exports, maps and checks run in one of these each.

    Args:
        name: names the thread and the messages.
        tell: called with ``view()`` whenever it changes, from the working thread; ten times a second at most.
    """

    def __init__(self, name: str, tell: Callable[[dict[str, Any]], None]) -> None:
        self._name = name
        self._tell = tell
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._state: State = "idle"
        self._done, self._total = 0, 0
        self._error = ""
        self._told = 0.0
        self._stopping = threading.Event()

    @property
    def running(self) -> bool:
        """Whether work is under way."""
        return self._state == "running"

    def view(self) -> dict[str, Any]:
        """How far the work is, for the page; ``total`` is 0 while that is not known."""
        return {"state": self._state, "done": self._done, "total": self._total, "error": self._error}

    def begin(self, work: Callable[[Progress], None]) -> None:
        """Start ``work(progress)``; it keeps its own result.

        Raises:
            DataError: something is under way already.
        """
        with self._guard:
            if self.running:
                raise DataError(f"{self._name}: one is under way already; wait for it or stop it")
            self._state, self._done, self._total, self._error = "running", 0, 0, ""
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, args=(work,), name=self._name, daemon=True)
            self._thread.start()
        self._tell(self.view())

    def stop(self) -> None:
        """Have the work end at its next step; what it had finished stays."""
        self._stopping.set()

    @property
    def stopping(self) -> bool:
        """Whether the work was asked to end."""
        return self._stopping.is_set()

    def check_stopped(self) -> None:
        """Raise ``StoppedError`` where the work was asked to end; ``progress`` does the same."""
        if self.stopping:
            raise StoppedError

    def wait(self) -> None:
        """Until nothing is under way."""
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
            _log.exception("%s ended", self._name)
            state, self._error = "failed", f"{type(error).__name__}: {error}"
        self._state = state
        self._tell(self.view())

    def _progress(self, done: int, total: int) -> None:
        self.check_stopped()
        self._done, self._total = done, total
        now = time.monotonic()
        if now - self._told >= _TELL_SECONDS or not total:
            self._told = now
            self._tell(self.view())
