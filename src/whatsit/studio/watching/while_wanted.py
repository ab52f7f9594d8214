"""Work on its own thread that runs only while it is wanted."""

import logging
import threading
from collections.abc import Callable

from whatsit.errors import DataError
from whatsit.parallel import start_thread

_log = logging.getLogger(__name__)


class WhileWanted:
    """Runs ``work(wanted)`` on a thread from ``wake`` until ``wanted()`` is false or ``close`` is called.

    ``work`` must return soon after ``wanted`` becomes false. An error in it is logged and ends it.
    """

    def __init__(self, name: str, wanted: Callable[[], bool], work: Callable[[Callable[[], bool]], None]) -> None:
        self._name = name
        self._wanted = wanted
        self._work = work
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = False

    def wake(self) -> None:
        """Start the work if it is wanted and not running."""
        with self._guard:
            if self._thread is None and self._needed():
                try:
                    self._thread = start_thread(self._name, self._run)
                except DataError as error:
                    _log.warning("%s", error)  # the next one who wants it tries again

    def close(self) -> None:
        """Stop the work and wait until it has ended."""
        self._closing = True
        thread = self._thread
        if thread is not None:
            thread.join()

    def _needed(self) -> bool:
        return not self._closing and self._wanted()

    def _run(self) -> None:
        try:
            self._work(self._needed)
        except Exception:
            _log.exception("%s ended", self._name)
        finally:
            with self._guard:
                self._thread = None
