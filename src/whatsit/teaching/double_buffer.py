"""The double buffer: one item is being computed on a worker while the caller prepares the next."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class DoubleBuffer(Generic[Item, Answer]):
    """Hands in an item, hands out the answer for the one before.

    The worker thread starts with the first item and ends with ``close`` or with the last reference to this
    object; ``compute`` must therefore not refer to this object's owner.
    """

    def __init__(self, compute: Callable[[Item], Answer]) -> None:
        self._compute = compute
        self._lock = threading.Lock()
        self._worker: ThreadPoolExecutor | None = None
        self._pending: Future[Answer] | None = None

    def exchange(self, item: Item) -> Answer:
        """Start computing ``item``; wait for the previous item's answer. The first call waits for its own.

        Raises:
            Exception: whatever ``compute`` raised for the item whose answer is due; it is raised once, and
                the items after it are not affected.
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
        """Wait for the item under way, drop its answer, end the thread; the next ``exchange`` starts anew."""
        with self._lock:
            worker, self._worker, self._pending = self._worker, None, None
        if worker is not None:
            worker.shutdown(cancel_futures=True)

    def _forget(self, answered: "Future[Answer]") -> None:
        with self._lock:
            if self._pending is answered:
                self._pending = None
