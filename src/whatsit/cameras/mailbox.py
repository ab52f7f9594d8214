"""One slot between two threads: the newest thing wins, nobody waits to put."""

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Holds at most one thing. Putting never blocks and replaces what was not taken in time."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._slot: T | None = None
        self._closed = False

    def put(self, thing: T) -> None:
        """Leave ``thing`` for the taker; what was still there is gone. Ignored once closed."""
        with self._changed:
            if not self._closed:
                self._slot = thing
                self._changed.notify_all()

    def take(self, timeout: float | None = None) -> T | None:
        """Wait for a thing and take it; None after ``timeout`` seconds, or at once when closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._slot is not None or self._closed, timeout)
            thing, self._slot = self._slot, None
            self._changed.notify_all()
            return thing

    def wait_taken(self, timeout: float) -> bool:
        """Wait until the slot is empty, at most ``timeout`` seconds; whether it is, or all is closed."""
        with self._changed:
            return self._changed.wait_for(lambda: self._slot is None or self._closed, timeout)

    def wait_closed(self, timeout: float) -> bool:
        """Wait until the mailbox is closed, at most ``timeout`` seconds; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed, timeout)

    @property
    def closed(self) -> bool:
        """True when nothing will come any more; what is in the slot can still be taken."""
        return self._closed

    def close(self) -> None:
        """Let the waiting taker go."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
