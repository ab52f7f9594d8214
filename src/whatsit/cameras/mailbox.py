"""One slot between two threads: the newest item wins, and putting never waits."""

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Holds at most one item. Putting never blocks and replaces an item that was not taken in time."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._slot: T | None = None
        self._closed = False

    def put(self, item: T) -> None:
        """Put ``item`` into the slot, in place of what is there. Ignored once closed."""
        with self._changed:
            if not self._closed:
                self._slot = item
                self._changed.notify_all()

    def take(self, timeout: float | None = None) -> T | None:
        """Wait for an item and take it; None after ``timeout`` seconds, or at once when closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._slot is not None or self._closed, timeout)
            item, self._slot = self._slot, None
            self._changed.notify_all()
            return item

    def wait_taken(self, timeout: float) -> bool:
        """Wait until the slot is empty or closed, at most ``timeout`` seconds; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._slot is None or self._closed, timeout)

    def wait_closed(self, timeout: float) -> bool:
        """Wait until the mailbox is closed, at most ``timeout`` seconds; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed, timeout)

    @property
    def full(self) -> bool:
        """True while an item waits to be taken."""
        return self._slot is not None

    @property
    def closed(self) -> bool:
        """True when no further item will come; one in the slot can still be taken."""
        return self._closed

    def close(self) -> None:
        """Accept no further item and end all waiting."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
