"""A double buffer: a worker computes one item while the caller prepares the next."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class DoubleBuffer(Generic[Item, Answer]):
    """Takes an item and returns the answer for the previous one.

    The worker thread starts with the first item and ends with ``close``, or when the last reference to this object is
    gone; ``compute`` must therefore not refer to this object's owner.
    """

    def __init__(self, compute: Callable[[Item], Answer]) -> None:
        self._compute = compute
        self._lock = threading.Lock()
        self._worker: ThreadPoolExecutor | None = None
        self._pending: Future[Answer] | None = None

    def exchange(self, item: Item) -> Answer:
        """Start computing ``item`` and wait for the previous item's answer; the first call waits for its own.

        Raises:
            Exception: what ``compute`` raised for the item whose answer is due; it is raised once, and later items are
                not affected.
        """
        with self._lock:
            if self._worker is None:
                self._worker = ThreadPoolExecutor(1, thread_name_prefix="whatsit-embed")
            previous, current = self._pending, self._worker.submit(self._compute, item)
            self._pending = current
        if previous is not None:
            return previous.result()
        try:
            return current.result()
        except BaseException:
            self._forget(current)
            raise

    def close(self) -> None:
        """Wait for the item being computed, drop its answer and end the thread; ``exchange`` starts another."""
        with self._lock:
            worker, self._worker, self._pending = self._worker, None, None
        if worker is not None:
            worker.shutdown(cancel_futures=True)

    def _forget(self, answered: "Future[Answer]") -> None:
        with self._lock:
            if self._pending is answered:
                self._pending = None
